"""What a subscription tells of each shard that this process has: metrics, by subscription and shard."""

from collections.abc import Iterable
from typing import Final

from pushward.telemetry.metrics import Metrics

LABELS: Final = ("subscription", "shard")


class Gauges:
    """The metrics of one subscription. What is no longer ours is taken out: its owner tells it."""

    def __init__(self, metrics: Metrics, name: str) -> None:
        self._name = name
        self._position = metrics.gauge("subscription_position", "Last position that was applied", LABELS)
        self._lag = metrics.gauge("subscription_lag_events", "Events of the log not yet applied", LABELS)
        self._parked = metrics.gauge("subscription_parked_streams", "Streams that are passed over", LABELS)
        self._alarm = metrics.gauge("subscription_alarm", "1 while the shard stands still for an operator", LABELS)
        self._retries = metrics.counter("subscription_retries", "Batches that could not be applied", LABELS)
        self._shown: set[int] = set()

    def progress(self, shard: int, position: int, head: int, parked: int) -> None:
        """How far a shard is."""
        self._position.labels(self._name, shard).set(position)
        self._lag.labels(self._name, shard).set(max(head - position, 0))
        self._parked.labels(self._name, shard).set(parked)
        self._alarm.labels(self._name, shard).set(0)
        self._shown.add(shard)

    def alarmed(self, shards: Iterable[int]) -> None:
        """Shards that stand still."""
        for shard in shards:
            self._alarm.labels(self._name, shard).set(1)
            self._shown.add(shard)

    def retried(self, shard: int) -> None:
        """A batch failed."""
        self._retries.labels(self._name, shard).inc()

    def keep_only(self, shards: Iterable[int]) -> None:
        """Takes out what was shown of all others."""
        gone = self._shown - set(shards)
        for shard in gone:
            for gauge in (self._position, self._lag, self._parked, self._alarm):
                gauge.remove(self._name, shard)
        self._shown -= gone
