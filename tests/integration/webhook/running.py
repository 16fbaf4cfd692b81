"""The webhook service in this process, with peers beside it; run as a program, a process that may be killed."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast
from uuid import UUID

from grpc import aio
from pydantic import SecretStr

from pushward.api.challenge.v1.challenge_pb2_grpc import add_ChallengesServicer_to_server
from pushward.api.registry.v1.registry_pb2_grpc import add_RegistryServicer_to_server
from pushward.api.webhook.v1.webhook_pb2_grpc import WebhooksStub
from pushward.config.settings import Environment, Settings
from pushward.database.pool import Database
from pushward.eventlog.heads import HeadWatch
from pushward.eventlog.postgres import PostgresLogReader
from pushward.rpc.channel import open_inprocess
from pushward.rpc.inprocess import InProcessServer
from pushward.security.kek import FileKeyEncryption
from pushward.security.key_store_memory import MemoryKeyStore
from pushward.security.keys import KeyRing
from pushward.service import Runtime
from services.webhook.adapters.log import ROLE
from services.webhook.wiring import build
from tests.integration.webhook.peers import Challenges, Registry

AUTH_TOKEN = "0123456789abcdef0123456789abcdef"
STARTED = b"started\n"


class Peers:
    """Channels to servers of this process."""

    def __init__(self, servers: dict[str, InProcessServer]) -> None:
        self._channels = {name: open_inprocess(server) for name, server in servers.items()}

    def channel(self, service: str) -> aio.Channel:
        """The channel to ``service``."""
        return self._channels[service]


@asynccontextmanager
async def running(url: str, registry: Registry, heads: HeadWatch, keys: KeyRing) -> AsyncIterator[WebhooksStub]:
    """The service, started, and a stub to it."""
    servers = {name: InProcessServer() for name in ("registry", "challenge", "webhook")}
    add_RegistryServicer_to_server(registry, cast(aio.Server, servers["registry"]))
    challenges = Challenges()  # type: ignore[abstract]  # it has what webhook asks for
    add_ChallengesServicer_to_server(challenges, cast(aio.Server, servers["challenge"]))
    peers = Peers(servers)
    settings = Settings(env=Environment.DEVELOPMENT, database_url=SecretStr(url))
    service = build(settings, Runtime(peers, heads, keys))
    service.register(servers["webhook"])
    await service.start()
    try:
        yield WebhooksStub(peers.channel("webhook"))
    finally:
        await service.stop()


async def key_ring(kek: bytes, key_id: UUID, data_key: bytes) -> KeyRing:
    """A ring with one key, whichever process makes it."""
    keys = KeyRing(MemoryKeyStore(), FileKeyEncryption(kek))
    await keys.create(key_id, "test", data_key)
    return keys


async def _until_killed(told: dict[str, str]) -> None:
    key_id = UUID(told["key_id"])
    keys = await key_ring(bytes.fromhex(told["kek"]), key_id, bytes.fromhex(told["data_key"]))
    heads = HeadWatch(PostgresLogReader(Database(told["url"], ROLE, "test", size_max=1)))
    await heads.start()
    registry = Registry(key_id, AUTH_TOKEN)  # type: ignore[abstract]  # it has what webhook asks for
    async with running(told["url"], registry, heads, keys):
        sys.stdout.buffer.write(STARTED)
        sys.stdout.buffer.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_until_killed(json.loads(sys.stdin.readline())))
