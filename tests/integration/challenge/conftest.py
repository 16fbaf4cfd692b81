"""Challenge on a real PostgreSQL, with registry's contract beside it in the same process."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import uuid4

import pytest
from grpc import aio
from pydantic import SecretStr

from pushward import ids
from pushward.api.challenge.v1 import challenge_pb2
from pushward.api.challenge.v1.challenge_pb2_grpc import ChallengesStub
from pushward.api.common.v1 import common_pb2
from pushward.api.registry.v1.registry_pb2_grpc import add_RegistryServicer_to_server
from pushward.challenge_view import SIGNATURE_FIELDS, signed_view
from pushward.config.settings import Settings
from pushward.database.pool import Database
from pushward.eventlog.heads import HeadWatch
from pushward.eventlog.module import LOG_MODULE
from pushward.eventlog.postgres import PostgresLogReader
from pushward.rpc.channel import open_inprocess
from pushward.rpc.context import request_context
from pushward.rpc.inprocess import InProcessServer
from pushward.security.kek import KEK_BYTES, FileKeyEncryption
from pushward.security.key_store_memory import MemoryKeyStore
from pushward.security.keys import DATA_KEY_BYTES, KeyRing
from pushward.service import Runtime
from services.challenge.adapters.log import MODULE, ROLE
from services.challenge.wiring import build
from tests.integration.challenge.registry import ACCOUNT, IDENTITY, SERVICE, Factor, Registry, clock
from tests.support.databases import Databases
from tests.support.probe.counter import PROBE_MODULE, open_probe_log
from tests.unit.challenge.signing import jws

ACCOUNT_PRINCIPAL = common_pb2.Principal(
    account=common_pb2.AccountPrincipal(account_sid=ACCOUNT, credential_sid=ACCOUNT)
)


class Peers:
    """The one peer that challenge has."""

    def __init__(self, registry: InProcessServer) -> None:
        self._registry = open_inprocess(registry)

    def channel(self, service: str) -> aio.Channel:
        """The channel to registry."""
        assert service == "registry"
        return self._registry


@dataclass
class World:
    """A database, registry, and processes of challenge."""

    url: str
    registry: Registry
    keys: KeyRing
    heads: HeadWatch
    database: Database
    reader: PostgresLogReader

    @property
    def factor(self) -> Factor:
        """The factor that is challenged, unless another is meant."""
        return self.registry.factors[0]

    @asynccontextmanager
    async def process(self, *, background: bool = True) -> AsyncIterator["Caller"]:
        """A process of the service; without its ``background`` nothing is swept or closed."""
        registry_server, server = InProcessServer(), InProcessServer()
        add_RegistryServicer_to_server(self.registry, cast(aio.Server, registry_server))
        settings = Settings(database_url=SecretStr(self.url))
        service = build(settings, Runtime(Peers(registry_server), self.heads, self.keys))
        service.register(server)
        if background:
            await service.start()
        try:
            yield Caller(self, ChallengesStub(open_inprocess(server)))
        finally:
            await service.stop()

    async def types_of(self, challenge_sid: str) -> list[int]:
        """The types of a challenge's events, in order."""
        return [event.type for event in await self.reader.read_stream(ids.stream_of_sid(challenge_sid))]

    async def now(self) -> datetime:
        """The database's clock."""
        return await clock(self.database)

    async def in_seconds(self, seconds: int) -> str:
        """An ExpirationDate at least so far ahead: a date has no fractions, so up to a second more."""
        moment = (await self.now()).replace(microsecond=0) + timedelta(seconds=seconds + 1)
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")

    async def has_passed(self, challenge: challenge_pb2.Challenge) -> bool:
        """Whether a challenge's date has passed by the database's clock."""
        return (await self.now()).timestamp() >= challenge.expiration_date.seconds


@dataclass
class Caller:
    """A tenant's backend and its users' devices, in front of one process."""

    world: World
    stub: ChallengesStub

    def asked_by(self, principal: common_pb2.Principal | None) -> common_pb2.RequestContext:
        """A new request's context: the account's, unless another principal asks."""
        return request_context(principal or ACCOUNT_PRINCIPAL, uuid4(), uuid4())

    async def create(self, by: common_pb2.Principal | None = None, **members: Any) -> challenge_pb2.Challenge:
        """A new challenge. Any: the request's fields."""
        request: dict[str, Any] = {
            "service_sid": SERVICE,
            "identity": IDENTITY,
            "factor_sid": self.world.factor.sid,
            "details_message": "Log in?",
            "details_fields": ['{"label":"IP","value":"1.2.3.4"}'],
            "hidden_details": '{"session":"s-1"}',
        } | members
        return await self.stub.CreateChallenge(
            challenge_pb2.CreateChallengeRequest(context=self.asked_by(by), **request)
        )

    async def get(self, challenge_sid: str, by: common_pb2.Principal | None = None) -> challenge_pb2.Challenge:
        """One challenge."""
        return await self.stub.GetChallenge(
            challenge_pb2.GetChallengeRequest(
                context=self.asked_by(by), service_sid=SERVICE, identity=IDENTITY, challenge_sid=challenge_sid
            )
        )

    async def page(self, by: common_pb2.Principal | None = None, **members: Any) -> challenge_pb2.ListChallengesReply:
        """A page. Any: the request's fields."""
        return await self.stub.ListChallenges(
            challenge_pb2.ListChallengesRequest(
                context=self.asked_by(by), **{"service_sid": SERVICE, "identity": IDENTITY} | members
            )
        )

    async def sids(self, by: common_pb2.Principal | None = None, **members: Any) -> list[str]:
        """The SIDs of a page. Any: as above."""
        return [challenge.sid for challenge in (await self.page(by, **members)).challenges]

    def signed(
        self, challenge: challenge_pb2.Challenge, status: str = "approved", changes: Mapping[str, object] | None = None
    ) -> str:
        """What the challenged factor's device signs after it has shown ``challenge``."""
        view: Mapping[str, object] = signed_view(challenge)
        claims = {**{name: view[name] for name in SIGNATURE_FIELDS}, "status": status, **(changes or {})}
        return jws(json.dumps(claims), key=self.world.factor.key)

    async def answer(
        self,
        challenge: challenge_pb2.Challenge,
        auth_payload: str | None = None,
        by: common_pb2.Principal | None = None,
        metadata: str | None = None,
    ) -> challenge_pb2.Challenge:
        """The device's answer: approval, unless it says otherwise."""
        return await self.stub.AnswerChallenge(
            challenge_pb2.AnswerChallengeRequest(
                context=self.asked_by(by or self.world.registry.device(self.world.factor)),
                service_sid=SERVICE,
                identity=IDENTITY,
                challenge_sid=challenge.sid,
                auth_payload=self.signed(challenge) if auth_payload is None else auth_payload,
                metadata=metadata,
            )
        )


@pytest.fixture
async def world(databases: Databases) -> AsyncIterator[World]:
    """A migrated database, one entity with its key, registry."""
    url = await databases.make([LOG_MODULE, MODULE, PROBE_MODULE])
    keys = KeyRing(MemoryKeyStore(), FileKeyEncryption(bytes(KEK_BYTES)))
    key_id = uuid4()
    await keys.create(key_id, "test", bytes(DATA_KEY_BYTES))
    database = Database(url, ROLE, "test", size_max=2)
    reader = PostgresLogReader(database)
    heads = HeadWatch(reader)
    await heads.start()
    log = open_probe_log(url, on_commit=heads.committed)  # registry's events are not challenge's to append
    registry = Registry(log, database, key_id)  # type: ignore[abstract]  # it has what challenge asks for
    await registry.move_entity()
    yield World(url, registry, keys, heads, database, reader)
    await log.close()
    await heads.stop()
    await database.close()


@pytest.fixture
async def caller(world: World) -> AsyncIterator[Caller]:
    """Callers of a process without sweeper and closer: nothing happens but what is asked for."""
    async with world.process(background=False) as caller:
        yield caller
