"""Loads what commands decide on, and lists: one indexed query each.

Whole rows come as composite values (``s AS service``), so a joined row that isn't there is None and no column list is
written twice. Statements are prepared once a connection.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from pushward.database.paging import Key, Scan
from pushward.database.pool import Database
from services.registry.adapters import tables
from services.registry.app.ports import LoadedAccount, LoadedEntity, LoadedService, LoadedStream
from services.registry.domain.state import (
    AccessTokenRecord,
    AccessTokenState,
    AccountRecord,
    AccountState,
    EntityRecord,
    EntityState,
    ServiceRecord,
    ServiceState,
)

_SHARD_COUNT: Final = "SELECT count(*)::int AS shards FROM log.shard"
_NOW: Final = "SELECT clock_timestamp() AS now"

_ACCOUNT: Final = """
    SELECT clock.now, a AS account, k AS api_key
      FROM (SELECT clock_timestamp() AS now) AS clock
      LEFT JOIN registry.account AS a ON a.sid = $1
      LEFT JOIN registry.api_key AS k ON k.account_sid = $1 AND NOT k.revoked
     ORDER BY k.date_created, k.sid"""

_ACCOUNTS_UP: Final = """
    SELECT * FROM registry.account
     WHERE (date_created, sid) > ($1, $2)
     ORDER BY date_created, sid LIMIT $3"""

_SERVICE: Final = """
    SELECT clock.now, s AS service
      FROM (SELECT clock_timestamp() AS now) AS clock
      LEFT JOIN registry.service AS s ON s.sid = $2 AND s.account_sid = $1"""

_SERVICE_OF_ANYBODY: Final = "SELECT * FROM registry.service WHERE sid = $1"

_SERVICES_UP: Final = """
    SELECT * FROM registry.service
     WHERE account_sid = $1 AND NOT deleted AND (date_created, sid) > ($2, $3)
     ORDER BY date_created, sid LIMIT $4"""

_SERVICES_DOWN: Final = """
    SELECT * FROM registry.service
     WHERE account_sid = $1 AND NOT deleted AND (date_created, sid) < ($2, $3)
     ORDER BY date_created DESC, sid DESC LIMIT $4"""

_ENTITY: Final = """
    SELECT clock.now, s AS service, e AS entity, f AS factor, t AS token
      FROM (SELECT clock_timestamp() AS now) AS clock
      LEFT JOIN registry.service AS s ON s.sid = $2 AND s.account_sid = $1 AND NOT s.deleted
      LEFT JOIN registry.entity AS e ON e.stream_id = $3
      LEFT JOIN registry.factor AS f ON f.stream_id = $3 AND NOT f.deleted
      LEFT JOIN registry.access_token AS t ON t.sid = $4
     ORDER BY f.date_created, f.sid"""

_ENTITY_STREAM: Final = """
    SELECT clock.now, e AS entity, f AS factor
      FROM (SELECT clock_timestamp() AS now) AS clock
      LEFT JOIN registry.entity AS e ON e.stream_id = $1
      LEFT JOIN registry.factor AS f ON f.stream_id = $1 AND NOT f.deleted
     ORDER BY f.date_created, f.sid"""

_ENTITIES_UP: Final = """
    SELECT e.entity
      FROM registry.service AS s
      LEFT JOIN LATERAL (
           SELECT x AS entity, date_created, sid FROM registry.entity AS x
            WHERE service_sid = s.sid AND sid IS NOT NULL AND (date_created, sid) > ($3, $4)
            ORDER BY date_created, sid LIMIT $5) AS e ON true
     WHERE s.sid = $2 AND s.account_sid = $1 AND NOT s.deleted
     ORDER BY e.date_created, e.sid"""

_ENTITIES_DOWN: Final = """
    SELECT e.entity
      FROM registry.service AS s
      LEFT JOIN LATERAL (
           SELECT x AS entity, date_created, sid FROM registry.entity AS x
            WHERE service_sid = s.sid AND sid IS NOT NULL AND (date_created, sid) < ($3, $4)
            ORDER BY date_created DESC, sid DESC LIMIT $5) AS e ON true
     WHERE s.sid = $2 AND s.account_sid = $1 AND NOT s.deleted
     ORDER BY e.date_created DESC, e.sid DESC"""

_ISSUED: Final = """
    SELECT t.*
      FROM registry.access_token AS t
      JOIN registry.service AS s ON s.sid = t.service_sid AND NOT s.deleted
     WHERE t.sid = $3 AND t.service_sid = $2 AND t.account_sid = $1"""

_TO_REAP: Final = """
    SELECT stream_id FROM registry.entity
     WHERE service_sid = $1 AND sid IS NOT NULL
     ORDER BY date_created, sid LIMIT $2"""


class PostgresRegistryStore:
    """The state tables in PostgreSQL, for commands and lists."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._shard_count: int | None = None

    async def shard_count(self) -> int:
        """The number of shards; asked once, it never changes."""
        if self._shard_count is None:
            row = await self._database.fetchrow(_SHARD_COUNT)
            assert row is not None
            self._shard_count = row["shards"] or None
        return self._shard_count or 0

    async def now(self) -> datetime:
        """The database's clock."""
        row = await self._database.fetchrow(_NOW)
        assert row is not None
        now: datetime = row["now"]
        return now

    async def service(self, account_sid: str, service_sid: str) -> LoadedService:
        """A service of the account, deleted or not."""
        row = await self._database.fetchrow(_SERVICE, account_sid, service_sid)
        assert row is not None
        service = row["service"]
        return LoadedService(row["now"], ServiceState(None if service is None else tables.SERVICE.load(service)))

    async def account(self, account_sid: str) -> LoadedAccount:
        """An account's stream with its live API keys, disabled or not."""
        rows = await self._database.fetch(_ACCOUNT, account_sid)
        first = rows[0]
        if first["account"] is None:
            return LoadedAccount(first["now"], AccountState())
        api_keys = [tables.API_KEY.load(row["api_key"]) for row in rows if row["api_key"] is not None]
        state = AccountState(tables.ACCOUNT.load(first["account"]), {api_key.sid: api_key for api_key in api_keys})
        return LoadedAccount(first["now"], state)

    async def accounts(self, after: Key, limit: int) -> Sequence[AccountRecord]:
        """All accounts, disabled or not, by their creation."""
        rows = await self._database.fetch(_ACCOUNTS_UP, *after, limit)
        return [tables.ACCOUNT.load(dict(row)) for row in rows]

    async def service_of_anybody(self, service_sid: str) -> ServiceRecord | None:
        """A service, whosever it is, deleted or not."""
        row = await self._database.fetchrow(_SERVICE_OF_ANYBODY, service_sid)
        return None if row is None else tables.SERVICE.load(dict(row))

    async def services(self, account_sid: str, scan: Scan) -> Sequence[ServiceRecord]:
        """The account's live services."""
        query = _SERVICES_UP if scan.ascending else _SERVICES_DOWN
        rows = await self._database.fetch(query, account_sid, *scan.key, scan.limit)
        return [tables.SERVICE.load(dict(row)) for row in rows]

    async def entity(
        self, account_sid: str, service_sid: str, stream_id: UUID, *, access_token_sid: str | None = None
    ) -> LoadedEntity:
        """An entity's stream with its live factors, below a live service of the account."""
        rows = await self._database.fetch(_ENTITY, account_sid, service_sid, stream_id, access_token_sid)
        first = rows[0]
        service, token = first["service"], first["token"]
        return LoadedEntity(
            now=first["now"],
            service=None if service is None else tables.SERVICE.load(service),
            state=_entity_state(rows),
            token=AccessTokenState(None if token is None else tables.ACCESS_TOKEN.load(token)),
        )

    async def entity_stream(self, stream_id: UUID) -> LoadedStream:
        """An entity's stream with its live factors, wherever it lies."""
        rows = await self._database.fetch(_ENTITY_STREAM, stream_id)
        return LoadedStream(rows[0]["now"], _entity_state(rows))

    async def entities(self, account_sid: str, service_sid: str, scan: Scan) -> Sequence[EntityRecord] | None:
        """The live entities of a live service of the account; None if there is no such service."""
        query = _ENTITIES_UP if scan.ascending else _ENTITIES_DOWN
        rows = await self._database.fetch(query, account_sid, service_sid, *scan.key, scan.limit)
        if not rows:
            return None
        return [tables.ENTITY.load(row["entity"]) for row in rows if row["entity"] is not None]

    async def access_token(self, account_sid: str, service_sid: str, sid: str) -> AccessTokenRecord | None:
        """An access token of a live service of the account."""
        row = await self._database.fetchrow(_ISSUED, account_sid, service_sid, sid)
        return None if row is None else tables.ACCESS_TOKEN.load(dict(row))

    async def entities_to_reap(self, connection: Any, service_sid: str, limit: int) -> Sequence[UUID]:
        """Streams of entities that still live below a service; read through a subscriber's own connection."""
        # Any: asyncpg's connection, handed through by the application, which doesn't know it.
        return [row["stream_id"] for row in await connection.fetch(_TO_REAP, service_sid, limit)]


def _entity_state(rows: Sequence[Any]) -> EntityState:  # Any: asyncpg's rows, one a factor
    entity = rows[0]["entity"]
    if entity is None:
        return EntityState()
    factors = [tables.FACTOR.load(row["factor"]) for row in rows if row["factor"] is not None]
    return EntityState(tables.ENTITY.load(entity), {factor.sid: factor for factor in factors})
