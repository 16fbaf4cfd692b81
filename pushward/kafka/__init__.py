"""The log as Kafka carries it: one topic an epoch, one partition a shard, a record for each event."""
