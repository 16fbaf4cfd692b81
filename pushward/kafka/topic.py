"""What the relay's topic must be like: made so, and refused otherwise.

One partition a shard, never compacted (a stream's later event doesn't replace an earlier one), stamped by the broker.
Replication and the number of replicas in sync are the cluster's to decide; how long records are kept may be changed.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from pushward.kafka.broker import BATCH_BYTES_MAX, TopicDescription

CLEANUP_POLICY: Final = "cleanup.policy"
TIMESTAMP_TYPE: Final = "message.timestamp.type"
RETENTION_MS: Final = 7 * 24 * 60 * 60 * 1000
"""A new topic keeps a week. A consumer that was away for longer begins anew from the log."""
CLUSTER_DEFAULT: Final = -1
BATCH_OVERHEAD_BYTES: Final = 12  # the log's own, of each batch; Kafka's default has the same

REQUIRED: Final[Mapping[str, str]] = MappingProxyType({CLEANUP_POLICY: "delete", TIMESTAMP_TYPE: "LogAppendTime"})
"""Settings that a topic must have, or it is refused."""

CREATED_WITH: Final[Mapping[str, str]] = MappingProxyType(
    {
        **REQUIRED,
        "retention.ms": str(RETENTION_MS),
        "max.message.bytes": str(BATCH_BYTES_MAX + BATCH_OVERHEAD_BYTES),
    }
)


def refusal(topic: str, found: TopicDescription, partitions: int) -> str | None:
    """Why a topic can't be sent to, and what to do; None if it can."""
    if found.partitions != partitions:
        return (
            f"Topic {topic} has {found.partitions} partitions, and the log has {partitions} shards: delete the topic, "
            "and it is made anew and filled from the log. (A cluster with auto.create.topics.enable makes it wrong.)"
        )
    for name, value in REQUIRED.items():
        if found.settings.get(name) != value:
            return f"Topic {topic} has {name}={found.settings.get(name)}: set it to {value}."
    return None
