"""What the application asks of its store. Every read says the database's clock with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from pushward.database.paging import Scan
from services.challenge.domain.state import Challenge, ChallengeState, Status
from services.challenge.domain.totp_usage import TotpUsageState


@dataclass(frozen=True, slots=True)
class Loaded:
    """A stream's state, and when it was so."""

    state: ChallengeState
    now: datetime


@dataclass(frozen=True, slots=True)
class Filter:
    """Which challenges a list holds: an identity's, perhaps of one factor, perhaps of one status."""

    account_sid: str
    service_sid: str
    identity: str
    factor_sid: str | None
    status: Status | None


class ChallengeStore(Protocol):
    """The state tables. Every method raises UnavailableError when the database is away."""

    async def load(self, stream_id: UUID) -> Loaded:
        """A challenge, or the initial state."""
        ...

    async def totp_usage(self, stream_id: UUID) -> TotpUsageState:
        """How often a TOTP factor was challenged, or the initial state."""
        ...

    async def list(self, which: Filter, scan: Scan) -> Sequence[Loaded]:
        """Challenges that aren't closed, in the scan's order. One past its date counts as expired."""
        ...

    async def due(self, limit: int) -> Sequence[Challenge]:
        """Pending challenges past their date, the oldest date first."""
        ...

    async def open_of_factor(self, factor_sid: str, limit: int) -> Sequence[UUID]:
        """Challenges of a factor that aren't closed."""
        ...


def key_of(challenge: Challenge) -> tuple[datetime, str]:
    """What lists are ordered by."""
    return challenge.date_created, challenge.sid
