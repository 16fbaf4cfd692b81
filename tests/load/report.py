"""The figures of a bench, for people and for programs."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final

from rich.console import Console
from rich.table import Table

NOTES: Final = (
    "A cycle is 5 HTTP calls and one webhook delivery; CPU counts all three, until the last webhook has come.",
    "Device tokens are signed once a device and reused, as the Python device library does within their lifetime.",
    "Generator and webhook receiver run on the same machine; their CPU is apart.",
)


@dataclass(frozen=True, slots=True)
class Run:
    """One concurrency."""

    concurrency: int
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
class Report:
    """All of a bench."""

    workers: int
    cores: int
    idle_server_ms_a_second: float
    idle_postgres_ms_a_second: float
    runs: Sequence[Run]
    latencies: Sequence[Latency]

    @property
    def is_clean(self) -> bool:
        """Whether nothing went wrong."""
        return not any(run.errors or run.webhooks_missing for run in self.runs)

    def to_json(self) -> str:
        """For programs."""
        return json.dumps(asdict(self), indent=2)

    def show(self, console: Console) -> None:
        """For people."""
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
                str(run.concurrency),
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
        for latency in self.latencies:
            console.print(
                f"{latency.name}: p50 {latency.p50_ms:.1f} ms, p99 {latency.p99_ms:.1f} ms ({latency.rounds})"
            )
        idle = f"server {self.idle_server_ms_a_second:.1f}, PostgreSQL {self.idle_postgres_ms_a_second:.1f}"
        console.print(f"idle: {idle} ms of CPU a second")
        for note in NOTES:
            console.print(note, style="dim")


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that ``share`` of all values don't exceed; NaN of none."""
    if not values:
        return math.nan
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def _errors(run: Run) -> str:
    parts = [f"{count} × {name}" for name, count in sorted(run.errors.items())]
    if run.webhooks_missing:
        parts.append(f"{run.webhooks_missing} × no webhook")
    return ", ".join(parts) or "none"
