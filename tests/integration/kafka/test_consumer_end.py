"""A consumer that is left as soon as it has begun ends in silence."""

from deploy.embedded.kafka import EmbeddedKafka
from pushward.kafka.cluster import KafkaCluster
from pushward.subscribe.kafka import KafkaSource
from tests.support.subscribing import make_topic


class StoreIsAwayError(Exception):
    """What a caller's own store may raise, before anything else had a turn."""


async def test_a_source_that_is_left_at_once_keeps_the_callers_error(clean_kafka: EmbeddedKafka) -> None:
    """aiokafka's stop would replace it by a CancelledError, which ends whole programs."""
    await make_topic(clean_kafka.bootstrap)
    raised = False
    try:
        async with KafkaSource(KafkaCluster(clean_kafka.bootstrap)) as source:
            await source.shards()
            raise StoreIsAwayError
    except StoreIsAwayError:
        raised = True
    assert raised
