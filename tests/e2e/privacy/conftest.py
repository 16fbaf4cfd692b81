"""A system whose events go to Kafka, and what somebody finds who takes what it keeps."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.embedded.kafka import EmbeddedKafka
from tests.support import kafka as topics
from tests.support import sql
from tests.support.installation import SHARDS, Installation, Stores
from tests.support.kafka import Record
from tests.support.system import Shape, System, running
from tests.support.waiting import until

TOPIC = "pushward.events"


@pytest.fixture
def stores(installation: Installation) -> Stores:
    """Databases of a test's own."""
    return installation.copy()


@pytest.fixture(params=[Shape.ONE, Shape.SPLIT], ids=str)
def system(
    request: pytest.FixtureRequest, clean_kafka: EmbeddedKafka, stores: Stores, tmp_path: Path
) -> Iterator[System]:
    """A system of a test's own, which says all that it could ever say."""
    settings = {"PUSHWARD_KAFKA": clean_kafka.bootstrap, "PUSHWARD_LOG_LEVEL": "debug"}
    with running(request.param, stores, tmp_path, settings) as system:
        yield system


async def relayed(kafka: EmbeddedKafka, stores: Stores) -> dict[int, list[Record]]:
    """The topic, once every event of the log is in it."""

    async def complete() -> bool:
        if await topics.partitions_of(kafka.bootstrap, TOPIC) != SHARDS:
            return False
        ends = await topics.ends_of(kafka.bootstrap, TOPIC, SHARDS)
        heads = await sql.rows(stores.database_url, "SELECT shard, position FROM log.shard ORDER BY shard")
        return [(shard, ends[shard]) for shard in sorted(ends)] == heads

    await until(complete)
    return await topics.records_of(kafka.bootstrap, TOPIC, SHARDS)
