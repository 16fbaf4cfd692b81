"""The live counter on a real Kafka: relay, topic, faust, rows."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pydantic import SecretStr

from deploy.embedded.kafka import EmbeddedKafka
from pushward.config.settings import Environment, Settings
from pushward.eventlog.heads import HeadWatch
from pushward.eventlog.postgres import PostgresLogReader
from pushward.security.kek import KEK_BYTES, FileKeyEncryption
from pushward.security.key_store_memory import MemoryKeyStore
from pushward.security.keys import KeyRing
from pushward.service import Runtime
from pushward.telemetry.metrics import Metrics
from services.insights.domain.happening import Kind
from services.relay.wiring import build as build_relay
from tests.integration.insights.conftest import Peers, World, recently, total
from tests.integration.insights.history import ask_and_answer, factor
from tests.support.waiting import eventually


@asynccontextmanager
async def relaying(world: World, bootstrap: str) -> AsyncIterator[None]:
    """The real relay, in this process."""
    heads = HeadWatch(PostgresLogReader(world.database))
    await heads.start()
    keys = KeyRing(MemoryKeyStore(), FileKeyEncryption(bytes(KEK_BYTES)))
    settings = Settings(env=Environment.DEVELOPMENT, database_url=SecretStr(world.url), kafka=bootstrap)
    relay = build_relay(settings, Runtime(Peers({}), heads, keys, Metrics()))
    await relay.start()
    try:
        yield
    finally:
        await relay.stop()
        await heads.stop()


async def test_what_happens_is_counted_at_once(world: World, clean_kafka: EmbeddedKafka) -> None:
    """Through the log, the relay, the topic and faust's tables into rows that are served, without any recount."""
    begin = recently()
    async with relaying(world, clean_kafka.bootstrap), world.process(kafka=clean_kafka.bootstrap) as stub:
        await ask_and_answer(world.log, factor(1, 1), begin, [Kind.APPROVED, Kind.DENIED])

        async def answered() -> int:
            return (await total(stub, begin)).answered

        await eventually(answered, 2)
        await ask_and_answer(world.log, factor(3, 1), begin, [Kind.APPROVED])
        await eventually(answered, 3)
    assert await world.drift() == {}
