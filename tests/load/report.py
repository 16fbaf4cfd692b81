"""The figures of a bench, for people and for programs."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final

from rich.console import Console
from rich.table import Table

NOTES: Final = (
    "with Kafka: relay and insights follow the log in the same server process; the broker's CPU isn't counted.",
    "A cycle is 5 HTTP calls and one webhook delivery; CPU counts all three, until the last webhook has come.",
    "Device tokens are signed once a device and reused, as the Python device library does within their lifetime.",
    "Generator and webhook receiver run on the same machine; their CPU is apart.",
)

DIGITS_BELOW: Final = 100
"""Smaller figures are told with a digit behind the point."""


@dataclass(frozen=True, slots=True)
class Run:
    """One concurrency."""

    concurrency: int
    with_kafka: bool
    cycles: int
    seconds: float
    cycles_a_second: float
    p50_ms: float
    p99_ms: float
    server_ms_a_cycle: float
    postgres_ms_a_cycle: float
    generator_ms_a_cycle: float
    webhooks_missing: int
    errors: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Latency:
    """From one moment to another, on an idle machine."""

    name: str
    rounds: int
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True, slots=True)
class Figure:
    """One number, and what was done to get it."""

    name: str
    value: float
    unit: str
    workload: str


@dataclass(frozen=True, slots=True)
class Report:
    """All of a bench."""

    workers: int
    cores: int
    idle_server_ms_a_second: float
    idle_postgres_ms_a_second: float
    runs: Sequence[Run]
    latencies: Sequence[Latency]
    pipeline: Sequence[Figure]

    @property
    def is_clean(self) -> bool:
        """Whether nothing went wrong."""
        return not any(run.errors or run.webhooks_missing for run in self.runs)

    def to_json(self) -> str:
        """For programs."""
        return json.dumps(asdict(self), indent=2)

    def show(self, console: Console) -> None:
        """For people."""
        self._show_cycles(console)
        self._show_figures(console)
        for note in NOTES:
            console.print(note, style="dim")

    def figures(self) -> list[Figure]:
        """Everything but the cycles' CPU, each with its workload."""
        logins = [
            Figure("logins", run.cycles_a_second, "/s", f"{run.concurrency} users{_kafka(run)}") for run in self.runs
        ]
        latencies = [
            Figure(f"{latency.name}, {name}", value, "ms", f"{latency.rounds} rounds, nothing else under way")
            for latency in self.latencies
            for name, value in (("p50", latency.p50_ms), ("p99", latency.p99_ms))
        ]
        idle = [
            Figure("idle server", self.idle_server_ms_a_second, "ms/s", "CPU; nobody asks for anything"),
            Figure("idle PostgreSQL", self.idle_postgres_ms_a_second, "ms/s", "CPU; nobody asks for anything"),
        ]
        return [*logins, *latencies, *idle, *self.pipeline]

    def _show_figures(self, console: Console) -> None:
        table = Table("figure", "", "", "workload", title=f"All figures; {self.cores} cores")
        table.columns[1].justify = "right"
        for figure in self.figures():
            digits = 0 if figure.value >= DIGITS_BELOW else 1
            table.add_row(figure.name, f"{figure.value:,.{digits}f}", figure.unit, figure.workload)
        console.print(table)

    def _show_cycles(self, console: Console) -> None:
        columns = (
            "users",
            "cycles",
            "cycles/s",
            "p50 ms",
            "p99 ms",
            "server",
            "PostgreSQL",
            "both",
            "generator",
            "errors",
        )
        title = f"Login cycles; {self.workers} worker(s), {self.cores} cores; CPU in ms a cycle"
        table = Table(*columns, title=title)
        for run in self.runs:
            table.add_row(
                f"{run.concurrency}{_kafka(run)}",
                str(run.cycles),
                f"{run.cycles_a_second:.0f}",
                f"{run.p50_ms:.1f}",
                f"{run.p99_ms:.1f}",
                f"{run.server_ms_a_cycle:.2f}",
                f"{run.postgres_ms_a_cycle:.2f}",
                f"{run.server_ms_a_cycle + run.postgres_ms_a_cycle:.2f}",
                f"{run.generator_ms_a_cycle:.2f}",
                _errors(run),
            )
        console.print(table)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that ``share`` of all values don't exceed; NaN of none."""
    if not values:
        return math.nan
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def _kafka(run: Run) -> str:
    return ", with Kafka" if run.with_kafka else ""


def _errors(run: Run) -> str:
    parts = [f"{count} × {name}" for name, count in sorted(run.errors.items())]
    if run.webhooks_missing:
        parts.append(f"{run.webhooks_missing} × no webhook")
    return ", ".join(parts) or "none"
