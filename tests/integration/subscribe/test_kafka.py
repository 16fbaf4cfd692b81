"""What may be wrong with a topic: a subscriber applies each event once and in order, or says why it stops."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from uuid import uuid4

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import RecordsToDelete

from deploy.embedded.kafka import EmbeddedKafka
from pushward.kafka.cluster import KafkaCluster
from pushward.subscribe import kafka, topic
from pushward.subscribe.errors import EpochChangedError, HoleError, LogRewrittenError, RefusedError
from pushward.subscribe.kafka import KafkaSource
from pushward.subscribe.memory import MemorySource
from pushward.subscribe.rule import Position
from tests.integration.subscribe.conftest import following, sources
from tests.support.databases import SHARDS
from tests.support.kafka import admin, create_topic, delete_topics, producing
from tests.support.subscribing import EPOCH, TOPIC, MemoryStore, Written, make_topic, publish
from tests.support.waiting import until
from tests.unit.subscribe.samples import event

SHARD = 1
START = Position(EPOCH, 0, None)
STOPPED_SECONDS_MAX = 20.0


@pytest.fixture
async def bootstrap(clean_kafka: EmbeddedKafka) -> str:
    """A broker with an empty topic."""
    await make_topic(clean_kafka.bootstrap)
    return clean_kafka.bootstrap


@pytest.fixture(scope="module")
def own_kafka() -> Iterator[EmbeddedKafka]:
    """A broker that may be harmed."""
    with EmbeddedKafka.ephemeral() as broker:
        yield broker


@pytest.mark.parametrize("filled", [True, False], ids=["filled", "alone"])
async def test_duplicates_are_dropped(log: Written, bootstrap: str, filled: bool) -> None:
    """Of one event, of a batch, and of all there was, as dead producers send them."""
    events = await log.happen(SHARD, 9)
    await publish(bootstrap, [*events[:3], events[2], *events[1:6], *events[:4], *events[4:], *events])
    store = MemoryStore()
    async with sources(bootstrap, log) as both, following(both[0 if filled else 1], store):
        await store.until_applied(SHARD, range(1, 10))
        await publish(bootstrap, [*events, *await log.happen(SHARD, 1)])
        await store.until_applied(SHARD, range(1, 11))


async def test_a_restart_among_duplicates_misses_nothing(log: Written, bootstrap: str) -> None:
    """From every position, whether the topic alone is asked or the log, too."""
    events = await log.happen(SHARD, 6)
    await publish(bootstrap, [*events[:2], *events[:2], *events[1:4], *events[:1], *events[3:]])
    async with sources(bootstrap, log) as both:
        for source in both:
            for applied in range(7):
                store = MemoryStore()
                store.positions[SHARD] = Position(EPOCH, applied, events[applied - 1].event_id) if applied else START
                async with following(source, store):
                    await store.until_applied(SHARD, range(applied + 1, 7))


async def test_a_hole_is_filled_from_the_log(log: Written, bootstrap: str) -> None:
    """At the beginning and in the middle, longer than a batch; what comes after it follows."""
    events = await log.happen(SHARD, 90)
    await publish(bootstrap, [*events[40:45], *events[80:]])
    store = MemoryStore()
    async with sources(bootstrap, log) as (filled, _), following(filled, store):
        await store.until_applied(SHARD, range(1, 91))


async def test_a_hole_that_nothing_fills_stops_the_subscriber(log: Written, bootstrap: str) -> None:
    """What is before it is applied, nothing after it, and the error says what to do."""
    events = await log.happen(SHARD, 6)
    await publish(bootstrap, [*events[:2], *events[4:]])
    store = MemoryStore()
    with pytest.raises(HoleError, match=r"shard 1: the topic goes on at 5 after 2\. Fill from the log\."):
        async with sources(bootstrap, log) as (_, alone), following(alone, store) as running:
            await asyncio.wait([running])
    assert store.applied(SHARD) == [1, 2]


async def test_what_retention_took_is_filled_from_the_log(log: Written, bootstrap: str) -> None:
    """A subscriber that was away for long goes on; one that has only the topic can't even prove its position."""
    events = await log.happen(SHARD, 30)
    await publish(bootstrap, events)
    await _forget_before(bootstrap, SHARD, 25)
    store = MemoryStore()
    store.positions[SHARD] = Position(EPOCH, 4, events[3].event_id)
    async with sources(bootstrap, log) as (filled, alone):
        with pytest.raises(HoleError, match="no longer holds position 4"):
            async with following(alone, store) as running:
                await asyncio.wait([running])
        async with following(filled, store):
            await store.until_applied(SHARD, range(5, 31))


async def test_an_emptied_partition_goes_on_with_the_next_event(log: Written, bootstrap: str) -> None:
    """Nothing is left of it but its end."""
    events = await log.happen(SHARD, 5)
    await publish(bootstrap, events)
    await _forget_before(bootstrap, SHARD, 5)
    store = MemoryStore()
    store.positions[SHARD] = Position(EPOCH, 5, events[4].event_id)
    async with sources(bootstrap, log) as (filled, alone):
        with pytest.raises(HoleError, match="no longer holds position 5"):
            await alone.begin(SHARD, store.positions[SHARD])
        async with following(filled, store):
            await publish(bootstrap, await log.happen(SHARD, 2))
            await store.until_applied(SHARD, [6, 7])


@pytest.mark.parametrize("filled", [True, False], ids=["filled", "alone"])
async def test_a_topic_that_is_deleted_and_made_again_is_followed_on(
    log: Written, bootstrap: str, filled: bool
) -> None:
    """Rebuilt from position 1 under a running subscriber, its offsets mean something else; the positions don't."""
    events = await log.happen(SHARD, 8)
    await publish(bootstrap, [*events[:4], *events[:4], *events[2:]])
    store = MemoryStore()
    async with sources(bootstrap, log) as both, following(both[0 if filled else 1], store):
        await store.until_applied(SHARD, range(1, 9))
        await delete_topics(bootstrap, TOPIC)
        await make_topic(bootstrap)
        await publish(bootstrap, events)
        await publish(bootstrap, await log.happen(SHARD, 12))
        await store.until_applied(SHARD, range(1, 21))


async def test_another_log_in_the_topic_is_found_out(log: Written, bootstrap: str) -> None:
    """The record at the stored position carries another event id."""
    events = await log.happen(SHARD, 3)
    await publish(bootstrap, [replace(event, event_id=uuid4()) for event in events])
    store = MemoryStore()
    store.positions[SHARD] = Position(EPOCH, 2, events[1].event_id)
    async with sources(bootstrap, log) as both:
        for source in both:
            with pytest.raises(LogRewrittenError, match="another event at 2"):
                async with following(source, store) as running:
                    await asyncio.wait([running])
    assert store.applied(SHARD) == []


@pytest.mark.parametrize("filled", [True, False], ids=["filled", "alone"])
async def test_a_later_epoch_stops_a_subscriber_whose_topic_is_silent(
    log: Written, bootstrap: str, filled: bool
) -> None:
    """The relay writes to another topic from then on; the number may have been given by hand, and skip some."""
    await publish(bootstrap, await log.happen(SHARD, 3))
    store = MemoryStore()
    with pytest.raises(EpochChangedError) as stopped:  # noqa: PT012 - wherever it is noticed
        async with (
            sources(bootstrap, log) as both,
            following(both[0 if filled else 1], store) as running,
            asyncio.timeout(STOPPED_SECONDS_MAX),
        ):
            await store.until_applied(SHARD, [1, 2, 3])
            for _ in range(2):
                await log.begin_epoch()
            await make_topic(bootstrap, 3)
            await asyncio.wait([running])
    assert (stopped.value.stored, stopped.value.found) == (1, 3)


async def test_silence_alone_is_no_reason_to_stop(
    log: Written, bootstrap: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A quiet shard is looked at again and again; other topics are nobody's epoch, earlier ones no later one."""
    looks = _impatient(monkeypatch)
    for name in ("pushward.events.02", "pushward.events.x", "pushward.events.2.old", "somebody.events.9"):
        await create_topic(bootstrap, name, 1)
    stores = [MemoryStore(), MemoryStore()]
    async with sources(bootstrap, log) as (filled, alone), following(filled, stores[0]), following(alone, stores[1]):
        await until(partial(_beyond, looks, 5))
        await publish(bootstrap, await log.happen(SHARD, 2))
        for store in stores:
            await store.until_applied(SHARD, [1, 2])


async def test_a_log_that_is_away_keeps_nobody_from_what_kafka_has(
    bootstrap: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The look at a quiet shard is given up, and made again."""
    _impatient(monkeypatch)
    fill = Leaving(SHARDS)
    store = MemoryStore()
    async with KafkaSource(KafkaCluster(bootstrap), fill=fill) as source, following(source, store):
        await publish(bootstrap, [event(1, shard=SHARD)])
        await store.until_applied(SHARD, [1])
        fill.is_away = True
        await until(partial(_asked, fill, 2 * SHARDS))
        await publish(bootstrap, [event(2, shard=SHARD), event(3, shard=SHARD)])
        await store.until_applied(SHARD, [1, 2, 3])


async def test_records_of_another_epoch_stop_the_subscriber(log: Written, bootstrap: str) -> None:
    """They don't belong into this topic."""
    events = await log.happen(SHARD, 2)
    await publish(bootstrap, events[:1])
    async with producing(bootstrap) as producer:
        headers = [("epoch", b"2"), ("pos", b"2"), ("ver", b"1"), ("type", b"12"), ("schema", b"1")]
        headers += [("ce_id", str(uuid4()).encode()), ("ce_time", b"2026-01-01T00:00:00Z"), ("envelope", b"")]
        await producer.send_and_wait(TOPIC, b"", key=bytes(16), partition=SHARD, headers=headers)
    store = MemoryStore()
    with pytest.raises(EpochChangedError):
        async with sources(bootstrap, log) as (filled, _), following(filled, store) as running:
            await asyncio.wait([running])
    assert store.applied(SHARD) == [1]


async def test_a_record_that_is_not_the_relays_stops_the_subscriber(log: Written, bootstrap: str) -> None:
    """Nobody but the relay writes to this topic."""
    async with producing(bootstrap) as producer:
        await producer.send_and_wait(TOPIC, b"hello", partition=SHARD)
    with pytest.raises(RefusedError, match="isn't the relay's"):
        async with sources(bootstrap, log) as (filled, _), following(filled, MemoryStore()) as running:
            await asyncio.wait([running])


async def test_a_subscriber_may_come_before_the_topic(log: Written, clean_kafka: EmbeddedKafka) -> None:
    """It waits for the relay to make it."""
    store = MemoryStore()
    async with sources(clean_kafka.bootstrap, log) as (filled, _), following(filled, store):
        await make_topic(clean_kafka.bootstrap)
        await publish(clean_kafka.bootstrap, await log.happen(SHARD, 2))
        await store.until_applied(SHARD, [1, 2])


async def test_a_broker_that_is_killed_and_back_is_followed_on(log: Written, own_kafka: EmbeddedKafka) -> None:
    """Also one that isn't there when the subscriber starts."""
    await delete_topics(own_kafka.bootstrap)
    await make_topic(own_kafka.bootstrap)
    store = MemoryStore()
    own_kafka.kill()
    async with sources(own_kafka.bootstrap, log) as (filled, _), following(filled, store):
        events = await log.happen(SHARD, 5)
        await _started(own_kafka)
        await publish(own_kafka.bootstrap, events)
        await store.until_applied(SHARD, range(1, 6))
        own_kafka.kill()
        events = await log.happen(SHARD, 5)
        await _started(own_kafka)
        await publish(own_kafka.bootstrap, events)
        await store.until_applied(SHARD, range(1, 11))


class Leaving(MemorySource):
    """A source that fills, until it is away: then it answers nobody."""

    is_away = False
    asked_in_vain = 0

    async def begin(self, shard: int, last: Position) -> None:
        """As the port says."""
        if self.is_away:
            self.asked_in_vain += 1
            await asyncio.Event().wait()


async def _asked(fill: Leaving, times: int) -> bool:
    return fill.asked_in_vain >= times


async def _beyond(looks: list[float], count: int) -> bool:
    return len(looks) > count


def _impatient(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Lets a quiet shard be looked at soon; when the topics were looked at."""
    monkeypatch.setattr(kafka, "QUIET_SECONDS", 0.2)
    monkeypatch.setattr(kafka, "CHECK_SECONDS_MAX", 0.2)
    monkeypatch.setattr(topic, "WAIT_MS", 100)
    looks: list[float] = []
    names = topic.Topic.names

    async def counted(self: topic.Topic) -> frozenset[str]:
        looks.append(time.monotonic())
        return await names(self)

    monkeypatch.setattr(topic.Topic, "names", counted)
    return looks


async def _started(kafka: EmbeddedKafka) -> None:
    kafka.launch()
    await asyncio.to_thread(kafka.wait_ready)


async def _forget_before(bootstrap: str, shard: int, offset: int) -> None:
    async with admin(bootstrap) as client:
        await client.delete_records({TopicPartition(TOPIC, shard): RecordsToDelete(offset)})
