"""Reads of the state tables: one indexed query each, or for many at once."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from pushward.database.gathering import Gathering
from pushward.database.paging import Scan
from pushward.database.pool import Database
from services.challenge.adapters.tables import CHALLENGE, TOTP_USAGE
from services.challenge.app.ports import Filter, Loaded
from services.challenge.domain.state import INITIAL, Challenge, ChallengeState
from services.challenge.domain.totp_usage import INITIAL_USAGE, TotpUsageState

_COLUMNS: Final = ", ".join(f"c.{name}" for name in CHALLENGE.columns)

_LOAD: Final = f"""
SELECT k.asked, clock_timestamp() AS now, {_COLUMNS}
  FROM unnest($1::uuid[]) WITH ORDINALITY AS k(stream_id, asked)
  LEFT JOIN challenge.challenge AS c ON c.stream_id = k.stream_id"""  # noqa: S608 - names from our own code, here and below

_DUE: Final = f"""
SELECT {_COLUMNS} FROM challenge.challenge AS c
 WHERE c.status = 'pending' AND c.expiration_date <= (SELECT clock_timestamp())
 ORDER BY c.expiration_date LIMIT $1"""  # noqa: S608

_OPEN_OF_FACTOR: Final = """
SELECT stream_id FROM challenge.challenge
 WHERE factor_sid = $1 AND status <> 'closed'
 ORDER BY date_created, sid LIMIT $2"""

_USAGE: Final = "SELECT * FROM challenge.totp_usage WHERE stream_id = $1"


def _list(of_factor: bool, ascending: bool) -> str:
    """A list's query; $1 … are account, service, identity, status, date, sid, limit and, of a factor, its SID."""
    beyond, order = (">", "ASC") if ascending else ("<", "DESC")
    return f"""
WITH clock AS MATERIALIZED (SELECT clock_timestamp() AS now)
SELECT clock.now, {_COLUMNS}
  FROM clock, challenge.challenge AS c
 WHERE c.account_sid = $1 AND c.service_sid = $2 AND c.identity = $3 AND c.status <> 'closed'
   {"AND c.factor_sid = $8" if of_factor else ""}
   AND (c.date_created, c.sid) {beyond} ($5, $6)
   AND ($4::text IS NULL OR $4 = CASE
           WHEN c.status = 'pending' AND c.expiration_date <= clock.now THEN 'expired' ELSE c.status END)
 ORDER BY c.date_created {order}, c.sid {order}
 LIMIT $7"""  # noqa: S608


_LISTS: Final = {
    (of_factor, ascending): _list(of_factor, ascending) for of_factor in (False, True) for ascending in (False, True)
}


class PostgresChallengeStore:
    """The state tables in PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._challenges = Gathering(database, _LOAD)

    async def load(self, stream_id: UUID) -> Loaded:
        """A challenge, or the initial state."""
        row = await self._challenges.row(stream_id)
        assert row is not None
        return _loaded(row)

    async def totp_usage(self, stream_id: UUID) -> TotpUsageState:
        """How often a TOTP factor was challenged, or the initial state."""
        row = await self._database.fetchrow(_USAGE, stream_id)
        return INITIAL_USAGE if row is None else TotpUsageState(TOTP_USAGE.load(dict(row)))

    async def list(self, which: Filter, scan: Scan) -> Sequence[Loaded]:
        """Challenges that aren't closed, in the scan's order. One past its date counts as expired."""
        arguments: list[Any] = [  # Any: query arguments
            which.account_sid,
            which.service_sid,
            which.identity,
            None if which.status is None else which.status.value,
            *scan.key,
            scan.limit,
        ]
        if which.factor_sid is not None:
            arguments.append(which.factor_sid)
        query = _LISTS[which.factor_sid is not None, scan.ascending]
        return [_loaded(row) for row in await self._database.fetch(query, *arguments)]

    async def due(self, limit: int) -> Sequence[Challenge]:
        """Pending challenges past their date, the oldest date first."""
        return [_challenge(row) for row in await self._database.fetch(_DUE, limit)]

    async def open_of_factor(self, factor_sid: str, limit: int) -> Sequence[UUID]:
        """Challenges of a factor that aren't closed."""
        return [row["stream_id"] for row in await self._database.fetch(_OPEN_OF_FACTOR, factor_sid, limit)]


def _loaded(row: Any) -> Loaded:  # Any: asyncpg's record
    state = INITIAL if row["stream_id"] is None else ChallengeState(_challenge(row))
    return Loaded(state, row["now"])


def _challenge(row: Any) -> Challenge:  # Any: asyncpg's record
    return CHALLENGE.load(row)
