"""What may be wrong with a topic: a subscriber applies each event once and in order, or says why it stops."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from uuid import uuid4

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import RecordsToDelete

from deploy.embedded.kafka import EmbeddedKafka
from pushward.subscribe.errors import EpochChangedError, HoleError, LogRewrittenError, RefusedError
from pushward.subscribe.rule import Position
from tests.integration.subscribe.conftest import following, sources
from tests.support.kafka import admin, delete_topics, producing
from tests.support.subscribing import EPOCH, TOPIC, MemoryStore, Written, make_topic, publish

SHARD = 1
START = Position(EPOCH, 0, None)


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


async def _started(kafka: EmbeddedKafka) -> None:
    kafka.launch()
    await asyncio.to_thread(kafka.wait_ready)


async def _forget_before(bootstrap: str, shard: int, offset: int) -> None:
    async with admin(bootstrap) as client:
        await client.delete_records({TopicPartition(TOPIC, shard): RecordsToDelete(offset)})
