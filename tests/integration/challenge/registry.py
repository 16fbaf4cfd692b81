"""Registry as challenge sees it through its stub: one entity with two factors, its stream in the real log."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from google.protobuf.message import Message
from grpc import aio

from pushward import ids
from pushward.api.common.v1 import common_pb2
from pushward.api.events.v1 import registry_pb2 as registry_events
from pushward.api.events.v1 import types_pb2
from pushward.api.registry.v1 import registry_pb2
from pushward.api.registry.v1.registry_pb2_grpc import RegistryServicer
from pushward.database.pool import Database
from pushward.errors import NotFoundError
from pushward.eventlog.codec import timestamp_of
from pushward.eventlog.event import NewEvent
from pushward.eventlog.port import Append, Appended, EventLog, StreamWrite
from pushward.ids import Sid
from pushward.rpc.context import account_sid_of

Context = aio.ServicerContext[Any, Any]  # Any: as grpc declares it

SHARD = 2
ACCOUNT = ids.new_sid(ids.ACCOUNT, 1, 1, 1)
STRANGER = ids.new_sid(ids.ACCOUNT, 1, 1, 2)
SERVICE = ids.new_sid(ids.SERVICE, 1, 1, 3)
IDENTITY = "ff483d1f-f591"

NOW_AND_VERSION = """
SELECT clock_timestamp() AS now, (SELECT coalesce(max(version), 0) FROM log.stream WHERE stream_id = $1) AS version"""


def _on_shard(kind: str) -> Sid:
    return ids.new_sid(kind, SHARD, 1, secrets.randbits(ids.RANDOM_BITS))


@dataclass
class Factor:
    """A device's key and what registry knows of it."""

    sid: Sid = field(default_factory=lambda: _on_shard(ids.FACTOR))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    verified: bool = True
    deleted: bool = False
    code_length: int = 0  # of a TOTP factor's codes
    codes: set[str] = field(default_factory=set)  # that are right, until one is spent

    @property
    def status(self) -> common_pb2.FactorStatus.ValueType:
        """As messages say it."""
        return common_pb2.FACTOR_STATUS_VERIFIED if self.verified else common_pb2.FACTOR_STATUS_UNVERIFIED

    @property
    def type(self) -> common_pb2.FactorType.ValueType:
        """As messages say it."""
        return common_pb2.FACTOR_TYPE_TOTP if self.code_length else common_pb2.FACTOR_TYPE_PUSH

    @property
    def public_key(self) -> bytes:
        """SubjectPublicKeyInfo, DER."""
        return self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


class Registry(RegistryServicer):
    """Answers as registry would. Its entity's events are appended to the log by ``log``."""

    def __init__(self, log: EventLog, database: Database, key_id: UUID) -> None:
        self.factors = [Factor(), Factor()]
        self.entity_sid = _on_shard(ids.ENTITY)
        self.entity_stream = ids.stream_of_sid(self.entity_sid)
        self.version = 0
        self.key_id = key_id
        self.push_include_date = False
        self.platform = common_pb2.NOTIFICATION_PLATFORM_NONE
        self.asked = 0  # how often for a live factor
        self.stale_answers = 0  # so many live factors are told with a version that has passed
        self.on_check: Callable[[], Awaitable[object]] | None = None  # happens while a code is looked at
        self.checked: list[str] = []  # the codes that were looked at
        self._log = log
        self._database = database
        self._turn = asyncio.Lock()

    async def move_entity(self) -> None:
        """Something happens to the entity that is no matter to its challenges."""
        await self._happen(types_pb2.EVENT_TYPE_FACTOR_UPDATED, registry_events.FactorUpdated())

    async def delete_factor(self, factor: Factor) -> Appended:
        """From its commit on, the factor is gone."""
        factor.deleted = True
        event = registry_events.FactorDeleted(
            factor_sid=factor.sid, account_sid=ACCOUNT, service_sid=SERVICE, identity=IDENTITY
        )
        return await self._happen(types_pb2.EVENT_TYPE_FACTOR_DELETED, event)

    def device(self, factor: Factor) -> common_pb2.Principal:
        """Who a device is, as of now."""
        principal = common_pb2.DevicePrincipal(
            account_sid=ACCOUNT,
            service_sid=SERVICE,
            entity_sid=self.entity_sid,
            identity=IDENTITY,
            factor_sid=factor.sid,
            factor_status=factor.status,
            public_key=factor.public_key,
            entity_stream=self.entity_stream.bytes,
            entity_version=self.version,
            key_id=self.key_id.bytes,
        )
        return common_pb2.Principal(device=principal)

    async def CheckService(
        self, request: registry_pb2.CheckServiceRequest, context: Context
    ) -> registry_pb2.CheckServiceReply:
        self._require_service(request.context, request.service_sid)
        return registry_pb2.CheckServiceReply(account_key_id=self.key_id.bytes)

    async def GetLiveFactor(
        self, request: registry_pb2.GetLiveFactorRequest, context: Context
    ) -> registry_pb2.LiveFactor:
        self._require_service(request.context, request.service_sid)
        factor = self._factor(request.factor_sid)
        self.asked += 1
        row = await self._database.fetchrow(NOW_AND_VERSION, self.entity_stream)
        assert row is not None
        stale = self.stale_answers > 0
        self.stale_answers -= stale
        return registry_pb2.LiveFactor(
            account_sid=ACCOUNT,
            service_sid=SERVICE,
            entity_sid=self.entity_sid,
            identity=IDENTITY,
            factor_sid=factor.sid,
            factor_type=factor.type,
            factor_status=factor.status,
            public_key=factor.public_key,
            notification_platform=self.platform,
            entity_stream=self.entity_stream.bytes,
            entity_version=row["version"] - stale,
            key_id=self.key_id.bytes,
            push_include_date=self.push_include_date,
            now=timestamp_of(row["now"]),
            totp_code_length=factor.code_length,
        )

    async def CheckTotp(self, request: registry_pb2.CheckTotpRequest, context: Context) -> registry_pb2.CheckTotpReply:
        factor = self._factor(request.factor_sid)
        self.checked.append(request.code)
        accepted = request.code in factor.codes
        if accepted:
            factor.codes.remove(request.code)
            await self._happen(types_pb2.EVENT_TYPE_TOTP_STEP_SPENT, registry_events.TotpStepSpent())
        if self.on_check is not None:
            await self.on_check()
        return registry_pb2.CheckTotpReply(accepted=accepted)

    async def GetFactor(self, request: registry_pb2.GetFactorRequest, context: Context) -> registry_pb2.Factor:
        self._require_service(request.context, request.service_sid)
        factor = self._factor(request.factor_sid)
        return registry_pb2.Factor(sid=factor.sid, public_key=factor.public_key)

    def _require_service(self, context: common_pb2.RequestContext, service_sid: str) -> None:
        if service_sid != SERVICE or account_sid_of(context) != ACCOUNT:
            raise NotFoundError("There is no such service.")

    def _factor(self, factor_sid: str) -> Factor:
        for factor in self.factors:
            if factor.sid == factor_sid and not factor.deleted:
                return factor
        raise NotFoundError("There is no such factor.", code=60390)

    async def _happen(self, event_type: int, message: Message) -> Appended:
        async with self._turn:
            now, version = await clock(self._database), self.version
            event = NewEvent(
                self.entity_stream, version + 1, uuid4(), event_type, 1, now, b"", message.SerializeToString()
            )
            appended = await self._log.append(Append(SHARD, (StreamWrite(self.entity_stream, version, (event,)),)))
            self.version += 1
        return appended


async def clock(database: Database) -> datetime:
    """The database's clock."""
    row = await database.fetchrow("SELECT clock_timestamp() AS now")
    assert row is not None
    now: datetime = row["now"]
    return now
