"""What happened to a challenge, as far as figures care."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What of a challenge is counted. One that was closed, because its factor is gone, is not."""

    CREATED = "created"
    APPROVED = "approved"
    DENIED = "denied"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Happening:
    """An event of the log. Times are Unix milliseconds; a shard's positions are in order, times nearly."""

    kind: Kind
    shard: int
    position: int
    at_ms: int
    created_ms: int  # when the challenge was created: its SID says so
    service_sid: str
    factor_sid: str
    pushed: bool  # to a push factor, so somebody's phone rang

    @property
    def answered(self) -> bool:
        """Whether somebody answered."""
        return self.kind in (Kind.APPROVED, Kind.DENIED)

    @property
    def answer_ms(self) -> int:
        """How long the answer took. Clocks of several machines are not compared: both times are the database's."""
        return max(0, self.at_ms - self.created_ms)
