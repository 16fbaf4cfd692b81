"""Answers what is asked with each request: by primary keys, only the columns that are needed.

What many requests ask at once is gathered into one query (pushward/database/gathering.py).
"""

from typing import Any, Final
from uuid import UUID

from pushward import ids
from pushward.database.gathering import Gathering
from pushward.database.pool import Database
from pushward.values import FactorStatus, FactorType, NotificationPlatform
from services.registry.adapters import tables
from services.registry.app.ports import Bearer, ChallengeableFactor, Credential, FoundFactor, LiveDevice, PushAddressee
from services.registry.domain.state import AccountRecord

_AUTH_TOKENS: Final = """
    SELECT sid, sid AS account_sid, NOT disabled AS usable,
           array_remove(ARRAY[auth_token_digest, secondary_auth_token_digest], NULL) AS digests
      FROM registry.account
     WHERE sid = $1"""

_API_KEY: Final = """
    SELECT k.sid, k.account_sid, NOT (k.revoked OR a.disabled) AS usable, ARRAY[k.secret_digest] AS digests
      FROM registry.api_key AS k
      JOIN registry.account AS a ON a.sid = k.account_sid
     WHERE k.sid = $1"""

# Each join is a condition of its own: the device is authenticated only while all four live. Of a TOTP
# factor there is none.
_DEVICE: Final = """
    SELECT k.asked, clock_timestamp() AS now, f.account_sid, f.service_sid, f.entity_sid, f.identity, f.status,
           f.public_key, e.stream_id, e.version, e.key_id
      FROM unnest($1::text[]) WITH ORDINALITY AS k(sid, asked)
      JOIN registry.factor AS f ON f.sid = k.sid AND NOT f.deleted AND f.factor_type = 'push'
      JOIN registry.entity AS e ON e.stream_id = f.stream_id AND e.sid = f.entity_sid
      JOIN registry.service AS s ON s.sid = f.service_sid AND NOT s.deleted
      JOIN registry.account AS a ON a.sid = f.account_sid AND NOT a.disabled"""

_BEARER: Final = """
    SELECT clock_timestamp() AS now, t AS token
      FROM registry.access_token AS t
      JOIN registry.service AS s ON s.sid = t.service_sid AND NOT s.deleted
      JOIN registry.account AS a ON a.sid = t.account_sid AND NOT a.disabled
     WHERE t.sid = $1"""

_ACCOUNT_KEY_OF_SERVICE: Final = """
    SELECT k.asked, a.key_id
      FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS k(account_sid, service_sid, asked)
      JOIN registry.service AS s ON s.sid = k.service_sid AND s.account_sid = k.account_sid AND NOT s.deleted
      JOIN registry.account AS a ON a.sid = s.account_sid"""

_ACCOUNT_OF_SERVICE: Final = """
    SELECT k.asked, a.*
      FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS k(account_sid, service_sid, asked)
      JOIN registry.service AS s ON s.sid = k.service_sid AND s.account_sid = k.account_sid AND NOT s.deleted
      JOIN registry.account AS a ON a.sid = s.account_sid"""

_FACTOR: Final = """
    SELECT k.asked, clock_timestamp() AS now, (s.settings ->> 'push_include_date')::boolean AS push_include_date,
           e.sid AS entity_sid, e.version, e.key_id,
           f.factor_type, f.status, f.public_key, f.notification_platform,
           (f.totp_config ->> 'code_length')::int AS totp_code_length
      FROM unnest($1::text[], $2::text[], $3::uuid[], $4::text[])
           WITH ORDINALITY AS k(account_sid, service_sid, stream_id, factor_sid, asked)
      JOIN registry.service AS s ON s.sid = k.service_sid AND s.account_sid = k.account_sid AND NOT s.deleted
      LEFT JOIN registry.entity AS e ON e.stream_id = k.stream_id AND e.sid IS NOT NULL
      LEFT JOIN registry.factor AS f ON f.sid = k.factor_sid AND f.entity_sid = e.sid AND NOT f.deleted"""

_PUSH_ADDRESSEE: Final = """
    SELECT f AS factor, s AS service
      FROM registry.factor AS f
      JOIN registry.service AS s ON s.sid = f.service_sid AND NOT s.deleted
      JOIN registry.account AS a ON a.sid = s.account_sid AND NOT a.disabled
     WHERE f.sid = $1 AND NOT f.deleted"""


class PostgresLookups:
    """The state tables in PostgreSQL, for who waits on each request."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._devices = Gathering(database, _DEVICE)
        self._account_keys = Gathering(database, _ACCOUNT_KEY_OF_SERVICE)
        self._accounts = Gathering(database, _ACCOUNT_OF_SERVICE)
        self._factors = Gathering(database, _FACTOR)

    async def credential(self, sid: str) -> Credential | None:
        """The credential of an account's SID or an API key's, usable or not."""
        query = _API_KEY if ids.is_sid(sid, ids.API_KEY) else _AUTH_TOKENS
        row = await self._database.fetchrow(query, sid)
        return None if row is None else Credential(**row)

    async def device(self, factor_sid: str) -> LiveDevice | None:
        """A live factor with all that it lies below."""
        row = await self._devices.row(factor_sid)
        if row is None:
            return None
        return LiveDevice(
            now=row["now"],
            account_sid=row["account_sid"],
            service_sid=row["service_sid"],
            entity_sid=row["entity_sid"],
            identity=row["identity"],
            factor_sid=factor_sid,
            status=FactorStatus(row["status"]),
            public_key=row["public_key"],
            entity_stream=row["stream_id"],
            entity_version=row["version"],
            key_id=row["key_id"],
        )

    async def bearer(self, access_token_sid: str) -> Bearer | None:
        """An access token, spent or not, expired or not."""
        row = await self._database.fetchrow(_BEARER, access_token_sid)
        return None if row is None else Bearer(row["now"], tables.ACCESS_TOKEN.load(row["token"]))

    async def account_key_of_service(self, account_sid: str, service_sid: str) -> UUID | None:
        """The account's data key, if the service lives and is the account's."""
        row = await self._account_keys.row(account_sid, service_sid)
        return None if row is None else row["key_id"]

    async def account_of_service(self, account_sid: str, service_sid: str) -> AccountRecord | None:
        """The account, if the service lives and is the account's."""
        row = await self._accounts.row(account_sid, service_sid)
        return None if row is None else tables.ACCOUNT.load(dict(row))

    async def factor(self, account_sid: str, service_sid: str, entity_stream: UUID, factor_sid: str) -> FoundFactor:
        """A factor below a service and an entity, or what of it was found."""
        row = await self._factors.row(account_sid, service_sid, entity_stream, factor_sid)
        if row is None:
            return FoundFactor()
        return FoundFactor(
            now=row["now"],
            push_include_date=row["push_include_date"],
            entity_sid=row["entity_sid"],
            entity_version=row["version"],
            key_id=row["key_id"],
            factor=None if row["status"] is None else _challengeable(row),
        )

    async def push_addressee(self, factor_sid: str) -> PushAddressee | None:
        """A live factor and its live service."""
        row = await self._database.fetchrow(_PUSH_ADDRESSEE, factor_sid)
        if row is None:
            return None
        return PushAddressee(tables.FACTOR.load(row["factor"]), tables.SERVICE.load(row["service"]))


def _challengeable(row: Any) -> ChallengeableFactor:  # Any: asyncpg's row
    return ChallengeableFactor(
        factor_type=FactorType(row["factor_type"]),
        status=FactorStatus(row["status"]),
        public_key=row["public_key"],
        notification_platform=NotificationPlatform(row["notification_platform"]),
        totp_code_length=row["totp_code_length"] or 0,
    )
