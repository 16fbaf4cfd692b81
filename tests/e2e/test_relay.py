"""The relay as an operator runs it: its target, its status, and what the status says of a topic that is wrong."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.embedded.kafka import EmbeddedKafka
from pushward.kafka.record import TOPIC
from tests.support.installation import SHARDS, Installation, Stores, pushward
from tests.support.kafka import create_topic, records_of
from tests.support.system import Shape, System, running
from tests.support.tenant import Tenant
from tests.support.waiting import until


@pytest.fixture
def stores(installation: Installation) -> Stores:
    """Databases of one's own."""
    return installation.copy()


@pytest.fixture(params=[Shape.ONE, Shape.SPLIT], ids=str)
def relaying(
    request: pytest.FixtureRequest, stores: Stores, clean_kafka: EmbeddedKafka, tmp_path: Path
) -> Iterator[System]:
    """A system with a Kafka."""
    with running(request.param, stores, tmp_path, {"PUSHWARD_KAFKA": clean_kafka.bootstrap}) as system:
        yield system


def _status(system: System, kafka: EmbeddedKafka, *, succeeds: bool = True) -> list[dict[str, Any]]:  # Any: JSON
    environment = {**system.stores.environment(), "PUSHWARD_KAFKA": kafka.bootstrap}
    said: list[dict[str, Any]] = json.loads(  # Any: JSON
        pushward(environment, "relay", "status", "--json", succeeds=succeeds).stdout
    )
    return said


async def test_what_a_tenant_does_is_in_the_topic_and_the_status_says_so(
    relaying: System, installation: Installation, kafka: EmbeddedKafka
) -> None:
    """Position, head and end offset agree; somebody holds each shard."""
    async with Tenant(relaying.base_url, installation.account) as tenant:
        await tenant.new_service()

    async def caught_up() -> bool:
        shards = _status(relaying, kafka)
        return all(shard["lag"] == 0 and shard["end_offset"] == shard["head"] for shard in shards)

    await until(caught_up)
    shards = _status(relaying, kafka)
    assert [shard["shard"] for shard in shards] == list(range(SHARDS))
    assert all(shard["holder"] is not None and shard["lease_seconds"] > 0 and shard["term"] > 0 for shard in shards)
    assert {(shard["topic"], shard["epoch"], shard["alarm"], shard["trouble"]) for shard in shards} == {
        (TOPIC, 1, None, None)
    }
    records = await records_of(kafka.bootstrap, TOPIC, SHARDS)
    types = {dict(record.headers)["ce_type"] for partition in records.values() for record in partition}
    assert b"pushward.service_created" in types
    table = pushward(relaying.stores.environment(), "relay", "status")
    assert "well" in table.stdout
    assert "PUSHWARD_KAFKA is not set" in table.stderr


async def test_a_refused_topic_is_an_alarm_of_the_status_and_of_nobody_else(
    installation: Installation, stores: Stores, clean_kafka: EmbeddedKafka, tmp_path: Path
) -> None:
    """Exit code 1 and the reason; the system serves."""
    await create_topic(clean_kafka.bootstrap, TOPIC, 1)
    settings = {"PUSHWARD_KAFKA": clean_kafka.bootstrap}
    with running(Shape.ONE, stores, tmp_path, settings) as system:

        async def alarmed() -> bool:
            return pushward(stores.environment(), "relay", "status", succeeds=False).returncode == 1

        await until(alarmed)
        shards = _status(system, clean_kafka, succeeds=False)
        assert "has 1 partitions, and the log has 4 shards" in str(shards[0]["alarm"])
        async with Tenant(system.base_url, installation.account) as tenant:
            await tenant.new_service()
