"""The real relay, in a test's own process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pydantic import SecretStr

from pushward.config.settings import Environment, Settings
from pushward.eventlog.heads import HeadWatch
from pushward.eventlog.postgres import PostgresLogReader
from pushward.security.kek import KEK_BYTES, FileKeyEncryption
from pushward.security.key_store_memory import MemoryKeyStore
from pushward.security.keys import KeyRing
from pushward.service import Runtime
from pushward.telemetry.metrics import Metrics
from services.relay.wiring import build
from tests.integration.insights.conftest import Peers, World


@asynccontextmanager
async def relaying(world: World, bootstrap: str) -> AsyncIterator[None]:
    """Copies the world's log to Kafka, as long as the block runs."""
    heads = HeadWatch(PostgresLogReader(world.database))
    await heads.start()
    keys = KeyRing(MemoryKeyStore(), FileKeyEncryption(bytes(KEK_BYTES)))
    settings = Settings(env=Environment.DEVELOPMENT, database_url=SecretStr(world.url), kafka=bootstrap)
    relay = build(settings, Runtime(Peers({}), heads, keys, Metrics()))
    await relay.start()
    try:
        yield
    finally:
        await relay.stop()
        await heads.stop()
