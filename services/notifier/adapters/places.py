"""Places of device streams in ``notifier.device_stream``: a lease each, shared by all processes."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from pushward.database.pool import Database
from services.notifier.domain.places import LEASE_SECONDS, STREAMS_PER_FACTOR_MAX

_OPEN: Final = "SELECT notifier.open_device_stream($1, $2, $3, $4) AS taken"
_KEEP: Final = """
    UPDATE notifier.device_stream SET expires_at = clock_timestamp() + make_interval(secs => $2)
     WHERE id = ANY($1::uuid[])"""
_CLOSE: Final = "DELETE FROM notifier.device_stream WHERE id = $1"


class PostgresStreamPlaces:
    """Places in PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def open(self, stream_id: UUID, factor_sid: str) -> bool:
        """Takes a place; False if all of the factor's are taken."""
        row = await self._database.fetchrow(_OPEN, stream_id, factor_sid, float(LEASE_SECONDS), STREAMS_PER_FACTOR_MAX)
        assert row is not None
        taken: bool = row["taken"]
        return taken

    async def keep(self, stream_ids: Sequence[UUID]) -> None:
        """Prolongs the leases."""
        await self._database.execute(_KEEP, list(stream_ids), float(LEASE_SECONDS))

    async def close(self, stream_id: UUID) -> None:
        """Gives a place back."""
        await self._database.execute(_CLOSE, stream_id)
