"""`python -m tests.load.million`: how long a replay of 1,000,000 events takes, and how long writers wait for it.

Fills the log and the state tables of a fresh PostgreSQL by COPY, then runs `pushward replay challenge` as an operator
would.
"""

import argparse
import asyncio
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import asyncpg
from rich.console import Console
from rich.table import Table

from deploy.embedded.postgres import EmbeddedPostgres
from pushward import ids
from pushward.cli.targets import MODULES
from pushward.database.install import install
from pushward.database.migrate import migrate
from services.challenge.adapters.tables import CHALLENGE
from services.registry.adapters.tables import ENTITY, FACTOR
from tests.load.histories import Recorded, ShardHistory, StateRow

EVENTS: Final = 1_000_000
BENCH_EVENTS: Final = 50_000
SHARDS: Final = 4
SEED: Final = 7
BATCH_EVENTS: Final = 10_000
DATABASE: Final = "pushward_million"
KIB_A_MIB: Final = 1024
TABLES: Final = {table.name: table for table in (CHALLENGE, ENTITY, FACTOR)}
LOG_COLUMNS: Final = (
    "shard", "position", "stream_id", "version", "event_id", "type", "schema", "recorded_at", "envelope", "payload",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ReplayFigures:
    """What a replay has cost. ``peak_mib``: the resident memory of its largest process."""

    events: int
    challenge_events: int
    rows: int
    jobs: int
    fill_seconds: float
    seconds: float
    copy_seconds: float
    events_a_second: float
    locked_ms: float
    peak_mib: float
    differences: int

    def show(self, console: Console) -> None:
        """For people."""
        table = Table(title=f"Replay of challenge: {self.events} events in the log, {self.jobs} job(s)", box=None)
        for name in ("events", "rows", "seconds", "of them copy", "events/s", "writers waited, ms", "peak MiB"):
            table.add_column(name, justify="right")
        table.add_row(
            str(self.challenge_events),
            str(self.rows),
            f"{self.seconds:.1f}",
            f"{self.copy_seconds:.1f}",
            f"{self.events_a_second:.0f}",
            f"{self.locked_ms:.0f}",
            f"{self.peak_mib:.0f}",
        )
        console.print(table)


def replay_figures(events: int = BENCH_EVENTS, jobs: int = 2) -> ReplayFigures:
    """Fills a fresh PostgreSQL and replays challenge. Raises RuntimeError if the command fails."""
    with EmbeddedPostgres.ephemeral() as server:
        server.create_databases(DATABASE)
        url = server.database_url(DATABASE)
        asyncio.run(migrate(url, MODULES))
        asyncio.run(install(url, MODULES, SHARDS))
        started_at = time.perf_counter()
        _fill(url, events)
        fill_seconds = time.perf_counter() - started_at
        report, seconds, peak_mib = _replayed(url, jobs)
    assert report["swapped"]
    return ReplayFigures(
        events=events,
        challenge_events=report["events"],
        rows=report["rows"],
        jobs=jobs,
        fill_seconds=fill_seconds,
        seconds=seconds,
        copy_seconds=report["copy_seconds"],
        events_a_second=report["events"] / seconds,
        locked_ms=report["locked_ms"],
        peak_mib=peak_mib,
        differences=len(report["differences"]),
    )


def _fill(url: str, events: int) -> None:
    """Every shard, in as many processes as there are cores."""
    with ProcessPoolExecutor(len(os.sched_getaffinity(0)), mp_context=get_context("spawn")) as pool:
        list(pool.map(fill_shard, [url] * SHARDS, range(SHARDS), [events // SHARDS] * SHARDS))


def fill_shard(url: str, shard: int, events: int) -> None:
    """One shard's events and rows, after those that it has; in batches, each a transaction."""
    rng = random.Random(SEED * SHARDS + shard)
    of_all = random.Random(SEED)
    account, service = (ids.new_sid(kind, 0, 0, of_all.getrandbits(ids.RANDOM_BITS)) for kind in ("AC", "VA"))
    asyncio.run(_fill_shard(url, ShardHistory(shard, SHARDS, account, service, rng), events))


async def _fill_shard(url: str, history: ShardHistory, events: int) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute("SET synchronous_commit = off")
    history.position = await connection.fetchval("SELECT position FROM log.shard WHERE shard = $1", history.shard)
    rows: dict[tuple[str, Any], StateRow] = {}  # the last of each key; Any: a key
    heads: dict[UUID, int] = {}
    batch: list[Recorded] = []
    waiting = 0
    for recorded in history.appends(events):
        batch.append(recorded)
        waiting += len(recorded.events)
        rows.update({(table, key): row for table, key, row in recorded.rows})
        heads[recorded.events[0].stream_id] = recorded.events[-1].version
        if waiting >= BATCH_EVENTS:
            await connection.copy_records_to_table(
                "event", schema_name="log", columns=LOG_COLUMNS, records=_log_rows(batch)
            )
            batch, waiting = [], 0
    await connection.copy_records_to_table("event", schema_name="log", columns=LOG_COLUMNS, records=_log_rows(batch))
    await connection.copy_records_to_table("stream", schema_name="log", records=list(heads.items()))
    for name, table in TABLES.items():
        schema, _, bare = name.partition(".")
        await connection.copy_records_to_table(
            bare,
            schema_name=schema,
            columns=("shard", "position", *table.columns),
            records=[row for (of_table, _), row in rows.items() if of_table == name],
        )
    await connection.execute("UPDATE log.shard SET position = $2 WHERE shard = $1", history.shard, history.position)
    await connection.close()


def _log_rows(batch: Iterable[Recorded]) -> list[tuple[Any, ...]]:  # Any: column values
    return [
        (
            recorded.shard,
            position,
            event.stream_id,
            event.version,
            event.event_id,
            event.type,
            event.schema,
            event.recorded_at,
            event.envelope,
            event.payload,
        )
        for recorded in batch
        for position, event in enumerate(recorded.events, start=recorded.first_position)
    ]


def _replayed(url: str, jobs: int) -> tuple[dict[str, Any], float, float]:  # Any: the report's members
    """The command's report, its time, and the peak memory of its largest process."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PUSHWARD_")}
    environment["PUSHWARD_DATABASE_URL"] = url
    command = [sys.executable, "-m", "pushward.cli", "replay", "challenge", "--json", "--jobs", str(jobs)]
    with tempfile.TemporaryFile() as said:
        started_at = time.perf_counter()
        process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=said)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - started_at
        if process.returncode != 0:
            raise RuntimeError(f"pushward replay challenge ended with {process.returncode}")
        said.seek(0)
        report: dict[str, Any] = json.loads(said.read())
    return report, seconds, used.ru_maxrss / KIB_A_MIB


def main() -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.load.million", description=__doc__)
    parser.add_argument("--events", type=int, default=EVENTS, help="in the log")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)), help="processes that fold")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    arguments = parser.parse_args()
    figures = replay_figures(arguments.events, arguments.jobs)
    figures.show(Console(width=None if sys.stdout.isatty() else 120))
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(asdict(figures), indent=2) + "\n", "utf-8")
    return 1 if figures.differences else 0


if __name__ == "__main__":
    sys.exit(main())
