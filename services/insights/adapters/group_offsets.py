"""Where a group goes on in a topic: the first record that its next member must be given, of each partition."""

import asyncio
from collections.abc import Mapping
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from pushward.kafka.broker import BrokerAwayError
from pushward.kafka.cluster import KafkaCluster
from pushward.kafka.stopping import stop_consumer
from pushward.kafka.to_its_end import to_its_end

LOOK_SECONDS_MAX: Final = 5.0


@to_its_end
async def next_offsets(cluster: KafkaCluster, group: str, topic: str, partitions: int) -> Mapping[int, int]:
    """What was committed, or where the partition begins if that is later. Raises BrokerError."""
    places = [TopicPartition(topic, partition) for partition in range(partitions)]
    consumer = AIOKafkaConsumer(**cluster.options(group), group_id=group, enable_auto_commit=False)
    try:
        async with asyncio.timeout(LOOK_SECONDS_MAX):
            try:
                await consumer.start()
                consumer.assign(places)  # by hand: it joins nobody
                begins = await consumer.beginning_offsets(places)
                return {place.partition: max(begins[place], await consumer.committed(place) or 0) for place in places}
            finally:
                await stop_consumer(consumer)
    except (KafkaError, OSError, TimeoutError) as error:
        raise BrokerAwayError(f"The group's offsets can't be read: {error!r}") from error
