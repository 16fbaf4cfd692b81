"""The relay's metrics, by shard."""

from contextlib import suppress

from pushward.telemetry.metrics import Metrics


class Measures:
    """What a process shows of the shards that it holds."""

    def __init__(self, metrics: Metrics) -> None:
        by_shard = ("shard",)
        self._lag = metrics.gauge("relay_lag_events", "Events of the log that the topic doesn't have yet", by_shard)
        self._term = metrics.gauge("relay_term", "Term of the lease that is held", by_shard)
        self._position = metrics.gauge("relay_position", "Last position that was acknowledged", by_shard)
        self._alarm = metrics.gauge("relay_alarm", "1 while a shard stands still until somebody has looked", by_shard)
        self._trouble = metrics.gauge("relay_trouble", "1 while a shard's loop tries something again", by_shard)
        self._sent = metrics.counter("relay_sent_events", "Events that were acknowledged by the broker")
        self._restarts = metrics.counter("relay_restarts", "Loops that began again from the tail", ("reason",))

    def began(self, shard: int, term: int) -> None:
        """A lease was taken."""
        self._term.labels(shard).set(term)

    def sent(self, shard: int, events: int, position: int) -> None:
        """A batch was acknowledged."""
        self._sent.inc(events)
        self._position.labels(shard).set(position)

    def stands(self, shard: int, *, lag: int, alarm: bool, trouble: bool) -> None:
        """How a loop is."""
        self._lag.labels(shard).set(lag)
        self._alarm.labels(shard).set(alarm)
        self._trouble.labels(shard).set(trouble)

    def began_again(self, reason: str) -> None:
        """A loop starts again from the tail; ``reason`` is an error's class."""
        self._restarts.labels(reason).inc()

    def left(self, shard: int) -> None:
        """The shard is somebody else's now."""
        for gauge in (self._lag, self._term, self._position, self._alarm, self._trouble):
            with suppress(KeyError):  # never set
                gauge.remove(str(shard))
