"""How many deliveries may be under way at once: in all, for a webhook, and for one that failed last time.

A webhook whose receiver failed gets a single place until it answers again, so a dead receiver holds one place for as
long as its calls take, whatever waits for it, and the others never notice.
"""

from collections import Counter, OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

PLACES_PER_WEBHOOK: Final = 32
PLACES_PER_SUSPECT: Final = 1
SUSPECTS_MAX: Final = 1_000


@dataclass(frozen=True, slots=True)
class Room:
    """What may be taken now: ``total``, of each webhook ``per_webhook``, or less where ``exceptions`` says so."""

    total: int
    per_webhook: int
    exceptions: Mapping[str, int]


NO_ROOM: Final = Room(0, 0, {})


class Places:
    """Who holds how many places. In this process's memory only: it is about fairness, not about truth."""

    def __init__(self, total: int) -> None:
        self._free = total
        self._held: Counter[str] = Counter()
        self._suspects: OrderedDict[str, None] = OrderedDict()

    @property
    def free(self) -> int:
        """How many are left in all."""
        return self._free

    def room(self) -> Room:
        """What may be taken now."""
        exceptions = {sid: self._free_for(sid) for sid in {*self._held, *self._suspects}}
        return Room(self._free, PLACES_PER_WEBHOOK, exceptions)

    def has_room(self, webhook_sid: str) -> bool:
        """Whether a delivery for this webhook could begin now."""
        return self._free > 0 and self._free_for(webhook_sid) > 0

    def take(self, webhook_sid: str) -> bool:
        """Takes a place, if there is one."""
        if not self.has_room(webhook_sid):
            return False
        self._free -= 1
        self._held[webhook_sid] += 1
        return True

    def give_back(self, webhook_sid: str, *, failed: bool) -> None:
        """Gives a place back. ``failed`` says that it was the receiver that failed."""
        assert self._held[webhook_sid] > 0
        self._free += 1
        self._held[webhook_sid] -= 1
        if not self._held[webhook_sid]:
            del self._held[webhook_sid]
        if not failed:
            self._suspects.pop(webhook_sid, None)
            return
        self._suspects[webhook_sid] = None
        self._suspects.move_to_end(webhook_sid)
        if len(self._suspects) > SUSPECTS_MAX:
            self._suspects.popitem(last=False)

    def _free_for(self, webhook_sid: str) -> int:
        places = PLACES_PER_SUSPECT if webhook_sid in self._suspects else PLACES_PER_WEBHOOK
        return max(places - self._held[webhook_sid], 0)
