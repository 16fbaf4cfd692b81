"""The figures of a window: sums, and one maximum, so those of several shards or windows can be merged."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from services.insights.domain.happening import Happening, Kind


@dataclass(frozen=True, slots=True)
class Figures:
    """Names as in the contract (proto/pushward/api/insights/v1)."""

    created: int = 0
    approved: int = 0
    denied: int = 0
    expired: int = 0
    answered: int = 0
    time_to_answer_ms_sum: int = 0
    time_to_answer_ms_max: int = 0
    suspected_push_bombing: int = 0

    def with_event(self, event: Happening, *, suspicious: bool) -> "Figures":
        """These and one event more, which has made its window ``suspicious``, or not."""
        match event.kind:
            case Kind.CREATED:
                return replace(
                    self,
                    created=self.created + 1,
                    suspected_push_bombing=self.suspected_push_bombing + suspicious,
                )
            case Kind.APPROVED:
                return replace(self._answered(event), approved=self.approved + 1)
            case Kind.DENIED:
                return replace(self._answered(event), denied=self.denied + 1)
            case Kind.EXPIRED:
                return replace(self, expired=self.expired + 1)

    def merged(self, other: "Figures") -> "Figures":
        """These and those of another shard, factor or window."""
        return Figures(
            created=self.created + other.created,
            approved=self.approved + other.approved,
            denied=self.denied + other.denied,
            expired=self.expired + other.expired,
            answered=self.answered + other.answered,
            time_to_answer_ms_sum=self.time_to_answer_ms_sum + other.time_to_answer_ms_sum,
            time_to_answer_ms_max=max(self.time_to_answer_ms_max, other.time_to_answer_ms_max),
            suspected_push_bombing=self.suspected_push_bombing + other.suspected_push_bombing,
        )

    def _answered(self, event: Happening) -> "Figures":
        return replace(
            self,
            answered=self.answered + 1,
            time_to_answer_ms_sum=self.time_to_answer_ms_sum + event.answer_ms,
            time_to_answer_ms_max=max(self.time_to_answer_ms_max, event.answer_ms),
        )


NOTHING = Figures()


def total(parts: Iterable[Figures]) -> Figures:
    """All parts merged."""
    whole = NOTHING
    for part in parts:
        whole = whole.merged(part)
    return whole
