"""A producer that is ended while its broker is dead goes in silence: its end is an everyday matter."""

import asyncio
import gc
import warnings
from pathlib import Path
from typing import Any

import pytest

from deploy.embedded.kafka import EmbeddedKafka
from pushward.kafka.aiokafka_broker import AiokafkaBroker
from pushward.kafka.aiokafka_producer import AiokafkaProducer
from pushward.kafka.broker import Record
from pushward.kafka.cluster import KafkaCluster
from tests.support.waiting import until

TOPIC = "pushward.events"


@pytest.mark.parametrize("tries", [0, 1, 2])
async def test_the_end_of_a_producer_whose_batch_is_on_its_way_leaves_no_error_behind(
    tmp_path: Path, tries: int
) -> None:
    """No exception that nobody retrieves, none in a callback: each would be an error in the log."""
    with warnings.catch_warnings(action="ignore", category=ResourceWarning):
        gc.collect()  # what earlier tests have left must not be found below
    left: list[dict[str, Any]] = []  # Any: as asyncio hands it over
    asyncio.get_running_loop().set_exception_handler(lambda _, context: left.append(context))
    with EmbeddedKafka(tmp_path / "kafka") as kafka:
        await _end_after(tries, kafka)
        await asyncio.sleep(0)
        gc.collect()
    assert left == []


async def test_an_end_that_is_cut_comes_to_its_end(clean_kafka: EmbeddedKafka) -> None:
    """Whoever is cancelled while he ends a producer leaves no connection behind."""
    broker = AiokafkaBroker(KafkaCluster(clean_kafka.bootstrap), "test")
    await broker.create(TOPIC, 1)
    producer = await broker.producer(TOPIC, 0)
    ending = asyncio.create_task(producer.end())
    await asyncio.sleep(0)
    ending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await ending
    assert producer._producer._closed


async def _end_after(tries: int, kafka: EmbeddedKafka) -> None:
    broker = AiokafkaBroker(KafkaCluster(kafka.bootstrap), "test")
    await broker.create(TOPIC, 1)
    producer = await broker.producer(TOPIC, 0)
    await producer.send([Record(b"key", b"value")])
    kafka.kill()
    sending = asyncio.create_task(producer.send([Record(b"key", b"value")]))
    await until(lambda: _has_tried(producer, tries))
    sending.cancel()
    await producer.end()
    await asyncio.gather(sending, return_exceptions=True)


async def _has_tried(producer: AiokafkaProducer, times: int) -> bool:
    """Whether aiokafka has a batch that it has given to the dead broker so often."""
    accumulator = producer._producer._message_accumulator
    waiting = [batch for batches in accumulator._batches.values() for batch in batches]
    return any(batch.retry_count >= times for batch in (*waiting, *accumulator._pending_batches))
