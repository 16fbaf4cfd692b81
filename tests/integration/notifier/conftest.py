"""Notifier on a real PostgreSQL, with challenge and registry beside it in the same process."""

import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import uuid4

import pytest
from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import Message
from grpc import aio
from pydantic import SecretStr

from pushward import ids
from pushward.api.challenge.v1 import challenge_pb2 as challenge_api
from pushward.api.challenge.v1.challenge_pb2_grpc import ChallengesServicer, add_ChallengesServicer_to_server
from pushward.api.common.v1 import common_pb2
from pushward.api.notifier.v1.notifier_pb2_grpc import NotifierStub
from pushward.api.registry.v1 import registry_pb2
from pushward.api.registry.v1.registry_pb2_grpc import RegistryServicer, add_RegistryServicer_to_server
from pushward.config.settings import Environment, Settings
from pushward.database.pool import Database
from pushward.errors import NotFoundError, UnavailableError
from pushward.eventlog.codec import timestamp_of
from pushward.eventlog.event import NewEvent
from pushward.eventlog.groupcommit import GroupCommitLog
from pushward.eventlog.heads import HeadWatch
from pushward.eventlog.module import LOG_MODULE
from pushward.eventlog.port import Append, Appended, StreamWrite
from pushward.eventlog.postgres import PostgresLogReader
from pushward.rpc.channel import open_inprocess
from pushward.rpc.inprocess import InProcessServer
from pushward.security.kek import KEK_BYTES, FileKeyEncryption
from pushward.security.key_store_memory import MemoryKeyStore
from pushward.security.keys import KeyRing
from pushward.service import Runtime
from pushward.values import NotificationPlatform
from services.notifier.adapters.log import MODULE, ROLE
from services.notifier.domain.push import PushChannel
from services.notifier.wiring import build
from tests.support.databases import Databases
from tests.support.probe import counter
from tests.support.waiting import eventually

Context = aio.ServicerContext[Any, Any]  # Any: as grpc declares it
PROMPT = "Log in?"


class Challenges(ChallengesServicer):
    """Knows which challenges are pending, and is told which pushes failed; the first ``deaf`` times it isn't there."""

    def __init__(self) -> None:
        self.answered: set[str] = set()
        self.failed: list[tuple[str, str, str]] = []
        self.deaf = 0

    async def RecordFailedPush(self, request: challenge_api.RecordFailedPushRequest, context: Context) -> Empty:
        if self.deaf:
            self.deaf -= 1
            raise UnavailableError("away")
        self.failed.append((request.challenge_sid, request.notification_sid, request.reason))
        if request.challenge_sid in self.answered:
            raise NotFoundError("nobody may see it")
        return Empty()

    async def GetPrompt(self, request: challenge_api.GetPromptRequest, context: Context) -> challenge_api.Prompt:
        if request.challenge_sid in self.answered:
            raise NotFoundError("no longer pending")
        return challenge_api.Prompt(
            challenge_sid=request.challenge_sid, message=PROMPT, expiration_date=timestamp_of(datetime.now(UTC))
        )


class Registry(RegistryServicer):
    """Knows where pushes go."""

    async def GetPushTarget(
        self, request: registry_pb2.GetPushTargetRequest, context: Context
    ) -> registry_pb2.PushTarget:
        return registry_pb2.PushTarget(
            platform=common_pb2.NOTIFICATION_PLATFORM_FCM, token=f"token of {request.factor_sid}", app_id="com.example"
        )


class Peers:
    """Channels to servers of this process."""

    def __init__(self, servers: dict[str, InProcessServer]) -> None:
        self._channels = {name: open_inprocess(server) for name, server in servers.items()}

    def channel(self, service: str) -> aio.Channel:
        """The channel to ``service``."""
        return self._channels[service]


@dataclass
class World:
    """Everything around notifier."""

    url: str
    heads: HeadWatch
    database: Database
    log: GroupCommitLog
    challenges: Challenges

    @asynccontextmanager
    async def process(
        self, channels: Mapping[NotificationPlatform, PushChannel] | None = None
    ) -> AsyncIterator[NotifierStub]:
        """A process of notifier: a stub to it."""
        servers = {name: InProcessServer() for name in ("registry", "challenge", "notifier")}
        registry = Registry()  # type: ignore[abstract]  # it has what notifier asks for
        add_RegistryServicer_to_server(registry, cast(aio.Server, servers["registry"]))
        add_ChallengesServicer_to_server(self.challenges, cast(aio.Server, servers["challenge"]))
        peers = Peers(servers)
        settings = Settings(env=Environment.DEVELOPMENT, database_url=SecretStr(self.url))
        keys = KeyRing(MemoryKeyStore(), FileKeyEncryption(secrets.token_bytes(KEK_BYTES)))
        service = build(settings, Runtime(peers, self.heads, keys), channels or {})
        service.register(servers["notifier"])
        await service.start()
        try:
            yield NotifierStub(peers.channel("notifier"))
        finally:
            await service.stop()

    async def happen(self, event_type: int, message: Message, *, shard: int = 2, ago_seconds: float = 0.0) -> Appended:
        """An event of another service, in the log."""
        at = datetime.now(UTC) - timedelta(seconds=ago_seconds)
        stream = ids.stream_of_sid(ids.new_sid(ids.CHALLENGE, shard, 1, secrets.randbits(ids.RANDOM_BITS)))
        event = NewEvent(stream, 1, uuid4(), event_type, 1, at, b"envelope", message.SerializeToString())
        return await self.log.append(Append(shard, (StreamWrite(stream, 0, (event,)),)))

    async def pushes(self) -> list[tuple[str, str, int]]:
        """(challenge, status, attempts) of every push, in order."""
        rows = await self.database.fetch(
            "SELECT challenge_sid, status, attempts FROM notifier.push ORDER BY shard, position"
        )
        return [tuple(row) for row in rows]

    async def until_pushed(self, expected: list[tuple[str, str, int]]) -> None:
        """Waits until the pushes are as expected."""
        await eventually(self.pushes, expected)

    async def until_told(self, expected: list[tuple[str, str, str]]) -> None:
        """Waits until challenge was told of these failed pushes (challenge, notification, reason), and of no other."""

        async def told() -> tuple[list[tuple[str, str, str]], int]:
            rows = await self.database.fetch("SELECT count(*) FROM notifier.push WHERE tell_at IS NOT NULL")
            return sorted(self.challenges.failed), rows[0][0]

        await eventually(told, (expected, 0))


@pytest.fixture
async def world(databases: Databases) -> AsyncIterator[World]:
    """A migrated database and peers. Events of other services are appended through the probe's function."""
    url = await databases.make([LOG_MODULE, counter.PROBE_MODULE, MODULE])
    database = Database(url, ROLE, "test", size_max=2)
    heads = HeadWatch(PostgresLogReader(database))
    await heads.start()
    log = counter.open_probe_log(url, on_commit=heads.committed)
    challenges = Challenges()  # type: ignore[abstract]  # it has what notifier asks for
    yield World(url, heads, database, log, challenges)
    await log.close()
    await heads.stop()
    await database.close()
