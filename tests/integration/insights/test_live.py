"""The live counter on a real Kafka: topic, faust, rows; one of all processes, and a good guest in its own."""

import asyncio
import os
import signal
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deploy.embedded.kafka import EmbeddedKafka
from pushward.api.insights.v1.insights_pb2_grpc import InsightsStub
from pushward.eventlog.port import read_shard
from pushward.eventlog.postgres import PostgresLogReader
from pushward.kafka.record import headers_of, topic_of
from pushward.telemetry.metrics import Metrics
from services.insights.domain.happening import Kind
from tests.integration.insights.conftest import World, long_ago, measured, recently, total
from tests.integration.insights.history import ask_and_answer, factor
from tests.integration.insights.instances import Instance, no_recounts
from tests.integration.insights.relaying import relaying
from tests.support import sql
from tests.support.databases import SHARDS
from tests.support.kafka import create_topic, delete_topics, producing
from tests.support.waiting import eventually

TERM = "pushward_insights_live_term"
EVENTS = "pushward_insights_events_total"
NEW_EPOCH = "INSERT INTO log.epoch (epoch, system_identifier, timeline) SELECT 2, 'restored', timeline FROM log.epoch"
SKIPPED = "pushward_insights_records_skipped_total"


@pytest.fixture(autouse=True)
async def _no_recounts(world: World) -> None:
    """Whatever is counted here, was counted live."""
    await no_recounts(world)


async def publish(world: World, bootstrap: str, epoch: int = 1) -> None:
    """The whole log into a topic that is made for it, without a relay."""
    topic = topic_of(epoch)
    settings = {"cleanup_policy": "delete", "message_timestamp_type": "LogAppendTime"}
    await create_topic(bootstrap, topic, SHARDS, **settings)
    reader = PostgresLogReader(world.database)
    async with producing(bootstrap) as producer:
        for shard in range(SHARDS):
            async for event in read_shard(reader, shard):
                await producer.send_and_wait(
                    topic, event.payload, event.stream_id.bytes, partition=shard, headers=headers_of(event, epoch)
                )


async def until_answered(stub: InsightsStub, expected: int) -> None:
    """Waits until so many answers are served."""

    async def answered() -> int:
        return (await total(stub, long_ago())).answered

    await eventually(answered, expected)


async def until_term(metrics: Metrics, expected: float) -> None:
    """Waits until a process counts in this term; 0: not at all."""

    async def term() -> float:
        return measured(metrics, TERM)

    await eventually(term, expected)


async def test_the_first_records_of_a_new_cluster_are_counted(world: World, clean_kafka: EmbeddedKafka) -> None:
    """The changelogs are made in the same moment: no record meets one whose partitions aren't known yet."""
    await ask_and_answer(world.log, factor(1, 1), recently(), [Kind.APPROVED] * 20)
    await publish(world, clean_kafka.bootstrap)
    async with world.process(kafka=clean_kafka.bootstrap) as stub:
        await until_answered(stub, 20)
    assert measured(world.metrics, SKIPPED) == 0


async def test_what_happens_is_counted_at_once(world: World, clean_kafka: EmbeddedKafka) -> None:
    """Through the log, the relay, the topic and faust's tables into rows that are served."""
    async with relaying(world, clean_kafka.bootstrap), world.process(kafka=clean_kafka.bootstrap) as stub:
        await ask_and_answer(world.log, factor(1, 1), recently(), [Kind.APPROVED, Kind.DENIED])
        await until_answered(stub, 2)
        await ask_and_answer(world.log, factor(3, 1), recently(), [Kind.APPROVED])
        await until_answered(stub, 3)
    assert await world.drift() == {}


async def test_one_counts_and_another_goes_on_when_it_leaves(world: World, clean_kafka: EmbeddedKafka) -> None:
    """The standby takes nothing until then; then it goes on from the tables."""
    first, second = Metrics(), Metrics()
    bootstrap = clean_kafka.bootstrap
    async with relaying(world, bootstrap):
        async with world.process(first, kafka=bootstrap):
            await until_term(first, 1)
            async with world.process(second, kafka=bootstrap) as stub:
                await ask_and_answer(world.log, factor(1, 1), recently(), [Kind.APPROVED] * 3)
                await until_answered(stub, 3)
                assert (measured(first, EVENTS), measured(second, TERM)) == (6, 0)
        async with world.process(second, kafka=bootstrap) as stub:
            await until_term(second, 2)
            await ask_and_answer(world.log, factor(1, 1), recently(), [Kind.APPROVED] * 2)
            await until_answered(stub, 5)
    assert await world.drift() == {}


async def test_who_lost_its_lease_stops_counting(world: World, clean_kafka: EmbeddedKafka) -> None:
    """It counts again in a new term, when the lease is free."""
    stolen = "UPDATE insights.lease SET owner = gen_random_uuid(), term = term + 1, expires_at = $1 WHERE name = 'live'"
    async with relaying(world, clean_kafka.bootstrap), world.process(kafka=clean_kafka.bootstrap) as stub:
        await ask_and_answer(world.log, factor(1, 1), recently(), [Kind.APPROVED])
        await until_answered(stub, 1)
        await world.query(stolen, datetime.now(UTC) + timedelta(hours=1))
        await until_term(world.metrics, 0)
        await ask_and_answer(world.log, factor(1, 1), recently(), [Kind.APPROVED])
        await world.query(stolen, datetime.now(UTC))
        await until_term(world.metrics, 4)
        await until_answered(stub, 2)
    assert await world.drift() == {}


async def test_a_record_that_isnt_the_relays_is_passed_over(world: World, clean_kafka: EmbeddedKafka) -> None:
    """And counted; what lies behind it is counted too."""
    bootstrap = clean_kafka.bootstrap
    await ask_and_answer(world.log, factor(1, 1), recently(), [Kind.APPROVED])
    await publish(world, bootstrap)
    async with producing(bootstrap) as producer:
        for value in (b"", b"\xff" * 40):
            await producer.send_and_wait(topic_of(1), value, partition=2)
    async with world.process(kafka=bootstrap) as stub:
        await until_answered(stub, 1)

        async def skipped() -> float:
            return measured(world.metrics, SKIPPED)

        await eventually(skipped, 2.0)


async def test_a_new_epoch_is_counted_from_its_own_topic(world: World, clean_kafka: EmbeddedKafka) -> None:
    """The old one's tables and offsets mean nothing in it."""
    bootstrap = clean_kafka.bootstrap
    await ask_and_answer(world.log, factor(1, 1), recently(), [Kind.APPROVED])
    await publish(world, bootstrap)
    async with world.process(kafka=bootstrap) as stub:
        await until_answered(stub, 1)
        await sql.execute(world.url, NEW_EPOCH)
        await ask_and_answer(world.log, factor(1, 1), recently(), [Kind.DENIED])
        await publish(world, bootstrap, epoch=2)
        await until_answered(stub, 2)
    assert {epoch for (epoch,) in await world.query("SELECT epoch FROM insights.figures")} == {2}
    assert await world.drift() == {}


async def test_a_topic_that_was_deleted_and_filled_again_counts_nothing_twice(
    world: World, clean_kafka: EmbeddedKafka
) -> None:
    """The relay rebuilds it from the log: what was counted is passed over, what is new is counted."""
    bootstrap = clean_kafka.bootstrap
    await ask_and_answer(world.log, factor(1, 1), recently(), [Kind.APPROVED] * 5)
    await publish(world, bootstrap)
    async with world.process(kafka=bootstrap) as stub:
        await until_answered(stub, 5)
        await delete_topics(bootstrap, topic_of(1))
        await ask_and_answer(world.log, factor(1, 1), recently(), [Kind.DENIED] * 2)
        await publish(world, bootstrap)
        await until_answered(stub, 7)
    assert await world.drift() == {}


async def test_faust_is_a_good_guest(
    world: World, clean_kafka: EmbeddedKafka, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One thread while it counts; no signal handlers, no files, no other stdout; nothing is left of it."""
    monkeypatch.chdir(tmp_path)
    before = _host()
    threads = set(threading.enumerate())
    await ask_and_answer(world.log, factor(1, 1), recently(), [Kind.APPROVED])
    await publish(world, clean_kafka.bootstrap)
    async with world.process(kafka=clean_kafka.bootstrap) as stub:
        await until_answered(stub, 1)
        assert _host() == before
        assert len(set(threading.enumerate()) - threads) == 1
    assert _host() == before

    async def left() -> int:
        return len(set(threading.enumerate()) - threads)

    await eventually(left, 0)
    assert list(tmp_path.iterdir()) == []


def _host() -> tuple[object, ...]:
    """What faust could change in its process."""
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1, signal.SIGHUP)]
    return (sys.stdout, sys.stderr, *handlers)


@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGSTOP], ids=["dead", "hanging"])
async def test_it_leaves_in_time_although_kafka_does_not_answer(
    world: World, tmp_path: Path, blow: signal.Signals
) -> None:
    """And frees its lease, so that another may go on."""
    with EmbeddedKafka.ephemeral() as broker:
        instance = Instance(world, broker.bootstrap, tmp_path / "insights")
        try:
            await ask_and_answer(world.log, factor(1, 1), recently(), [Kind.APPROVED])
            await publish(world, broker.bootstrap)
            instance.start()
            async with world.process() as stub:
                await until_answered(stub, 1)
            os.kill(broker.pid, blow)
            instance.child.terminate()
            assert await asyncio.to_thread(instance.child.wait) == 0
        finally:
            instance.end()
            broker.kill()
    free = "SELECT expires_at <= clock_timestamp() FROM insights.lease WHERE name = 'live'"
    assert await world.query(free) == [(True,)]
