"""Prometheus metrics of one process: instruments by name, in a registry of their own.

Whoever measures asks for its instrument by name; asked twice, it gets the same one, so that several subscriptions of a
process share a gauge and differ by label. Names begin with ``pushward_`` and end in their unit.
"""

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.metrics import MetricWrapperBase

NAMESPACE: Final = "pushward"
CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
SECONDS_BUCKETS: Final = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)

Instrument = TypeVar("Instrument", bound=MetricWrapperBase)


class Metrics:
    """The instruments of a process."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._instruments: dict[str, MetricWrapperBase] = {}

    def gauge(self, name: str, documentation: str, labels: Sequence[str] = ()) -> Gauge:
        """A value that goes up and down."""
        return self._kept(name, Gauge, lambda: Gauge(name, documentation, labels, NAMESPACE, registry=self._registry))

    def counter(self, name: str, documentation: str, labels: Sequence[str] = ()) -> Counter:
        """A number that only grows; ``name`` without the ``_total`` that Prometheus adds."""
        return self._kept(
            name, Counter, lambda: Counter(name, documentation, labels, NAMESPACE, registry=self._registry)
        )

    def seconds(self, name: str, documentation: str, labels: Sequence[str] = ()) -> Histogram:
        """A distribution of durations in seconds."""
        return self._kept(
            name,
            Histogram,
            lambda: Histogram(name, documentation, labels, NAMESPACE, registry=self._registry, buckets=SECONDS_BUCKETS),
        )

    def text(self) -> bytes:
        """Everything, in Prometheus' text format."""
        return generate_latest(self._registry)

    def _kept(self, name: str, kind: type[Instrument], make: Callable[[], Instrument]) -> Instrument:
        instrument = self._instruments.get(name)
        if instrument is None:
            instrument = self._instruments[name] = make()
        assert isinstance(instrument, kind), f"{name} is a {type(instrument).__name__}"
        return instrument
