"""The way of events, measured: into the log, out of it to Kafka, to subscribers, and back into state tables."""

import asyncio
from collections.abc import Coroutine, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from os import sched_getaffinity
from typing import Any, Final, TypeVar

import asyncpg
import uvloop

from deploy.embedded.postgres import EmbeddedPostgres
from pushward.cli.targets import MODULES
from pushward.database.install import install
from pushward.database.migrate import migrate
from tests.load.appending import appends_a_second
from tests.load.following import BENCH_MODULE, relay_seconds, subscribe_seconds, subscription_seconds
from tests.load.million import SHARDS, fill_shard, replay_figures
from tests.load.report import Figure

DATABASE: Final = "pushward_bench"
WRITERS: Final = (1, 64)
APPENDS: Final = (1_000, 12_800)
BACKLOG_EVENTS: Final = 100_000
REPLAY_JOBS: Final = 2

T = TypeVar("T")


def pipeline_figures(bootstrap: str, backlog_events: int = BACKLOG_EVENTS) -> Iterator[Figure]:
    """One after the other, on a PostgreSQL of their own; the Kafka at ``bootstrap`` is without the topic.

    ``backlog_events`` bounds each figure's workload.
    """
    modules = (*MODULES, BENCH_MODULE)
    with EmbeddedPostgres.ephemeral() as server:
        server.create_databases(DATABASE)
        url = server.database_url(DATABASE)
        run_in_loop(migrate(url, modules))
        run_in_loop(install(url, modules, SHARDS))
        for writers, appends in zip(WRITERS, APPENDS, strict=True):
            rate = run_in_loop(appends_a_second(url, SHARDS, writers, min(appends, backlog_events)))
            yield Figure(
                "appends", rate, "/s", f"{writers} writer(s), one process, one lane a service, guards and state rows"
            )
        _fill(url, backlog_events)
        backlog = run_in_loop(_events(url))
        told = f"backlog of {backlog} events, {SHARDS} shards, one process"
        yield Figure("relay", backlog / run_in_loop(relay_seconds(url, bootstrap)), "/s", f"{told}, topic made anew")
        yield Figure(
            "subscription",
            backlog / run_in_loop(subscription_seconds(url)),
            "/s",
            f"{told}, from the log, a row an event",
        )
        yield Figure(
            "pushward.subscribe",
            backlog / run_in_loop(subscribe_seconds(url, bootstrap)),
            "/s",
            f"{told}, from Kafka, a row an event",
        )
    replay = replay_figures(backlog_events, REPLAY_JOBS)
    yield Figure(
        "replay",
        replay.events_a_second,
        "/s",
        f"challenge, {replay.challenge_events} events, {REPLAY_JOBS} processes, from start to swap",
    )
    yield Figure("replay: writers waited", replay.locked_ms, "ms", "the swap of that replay")


def run_in_loop(work: Coroutine[Any, Any, T]) -> T:  # Any: what a coroutine's type says
    """Runs it to its end, in a loop like the server's."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


def _fill(url: str, events: int) -> None:
    """Every shard, in as many processes as there are cores."""
    with ProcessPoolExecutor(len(sched_getaffinity(0)), mp_context=get_context("spawn")) as pool:
        list(pool.map(fill_shard, [url] * SHARDS, range(SHARDS), [events // SHARDS] * SHARDS))


async def _events(url: str) -> int:
    connection = await asyncpg.connect(url)
    try:
        events: int = await connection.fetchval("SELECT sum(position)::int FROM log.shard")
        return events
    finally:
        await connection.close()
