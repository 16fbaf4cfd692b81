"""Makes the changelogs before faust does, and waits until the cluster knows them.

faust makes them in the moment in which it joins its group, is then given a share without them, and is rebalanced some
seconds later: a counter that begins with empty tables, and ends at once.
"""

import asyncio
from collections.abc import Collection
from typing import Final

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, NoError, TopicAlreadyExistsError, for_code

from pushward.kafka.broker import Broker, BrokerAwayError
from pushward.kafka.cluster import KafkaCluster
from pushward.kafka.to_its_end import to_its_end
from pushward.kafka.topic import CLEANUP_POLICY, CLUSTER_DEFAULT

MAKE_SECONDS_MAX: Final = 5.0
LOOK_SECONDS: Final = 0.1

Names = Collection[str]


async def make_changelogs(
    cluster: KafkaCluster, client_id: str, broker: Broker, names: Collection[str], n: int
) -> None:
    """Makes compacted topics of ``n`` partitions; those that exist stay. Raises BrokerError."""
    await _create(cluster, client_id, names, n)
    for _ in range(int(MAKE_SECONDS_MAX / LOOK_SECONDS)):
        found = [await broker.describe(name) for name in names]
        if all(topic is not None and topic.partitions == n for topic in found):
            return
        await asyncio.sleep(LOOK_SECONDS)
    raise BrokerAwayError(f"The changelogs {', '.join(names)} don't have {n} partitions each.")


@to_its_end
async def _create(cluster: KafkaCluster, client_id: str, names: Names, n: int) -> None:
    wanted = [
        NewTopic(name, n, CLUSTER_DEFAULT, replica_assignments={}, topic_configs={CLEANUP_POLICY: "compact"})
        for name in names
    ]
    admin = AIOKafkaAdminClient(**cluster.options(client_id))
    try:
        async with asyncio.timeout(MAKE_SECONDS_MAX):
            try:
                await admin.start()
                answer = await admin.create_topics(wanted)
            finally:
                await admin.close()
    except (KafkaError, OSError, TimeoutError) as error:
        raise BrokerAwayError(f"The changelogs can't be made: {error!r}") from error
    for name, code, message in answer.topic_errors:
        if code not in (NoError.errno, TopicAlreadyExistsError.errno):
            raise BrokerAwayError(f"Topic {name} can't be made: {message or for_code(code).__name__}")
