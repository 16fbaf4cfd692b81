"""`make bench`: login cycles against a fresh `serve all`, at several concurrencies; then the way of events.

Warms up, looks at the idle machine, measures latencies, then runs; once more with a real Kafka that relay and insights
work with; then appends, relay, subscriptions and replay. Errors are counted and shown; exit 1 if any.
"""

import argparse
import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

import httpx
from rich.console import Console

from deploy.embedded.kafka import EmbeddedKafka
from deploy.embedded.kafka_errors import EmbeddedKafkaError
from pushward.telemetry.logs import configure_logs
from samples.demo.server import Access, DemoServer
from tests.load.cpu import CpuUse
from tests.load.latency import answer_to_webhook, create_to_stream
from tests.load.party import CycleError, Party, Tally
from tests.load.pipeline import BACKLOG_EVENTS, pipeline_figures, run_in_loop
from tests.load.receiver import WebhookCounter
from tests.load.report import Latency, Report, Run, percentile

ENTITY_CREATIONS_PER_SECOND: Final = 10_000  # users are enrolled as fast as they can be
CONCURRENCIES: Final = (1, 8, 32)
KAFKA_CONCURRENCY: Final = 8
SECONDS: Final = 8.0
WARM_UP_SECONDS_MAX: Final = 3.0
IDLE_SECONDS: Final = 3.0
LATENCY_ROUNDS: Final = 50
WEBHOOKS_SECONDS_MAX: Final = 30.0
MS: Final = 1000
LOG_COLUMNS: Final = 120
LOG_LEVEL: Final = "warning"


class Bench:
    """One fresh server, its users, and the figures."""

    def __init__(self, server: DemoServer, receiver: WebhookCounter, arguments: argparse.Namespace) -> None:
        self._server = server
        self._receiver = receiver
        self._arguments = arguments
        self._warm_up_seconds = min(WARM_UP_SECONDS_MAX, arguments.seconds)
        self._parties: list[Party] = []

    async def measure(self, access: Access) -> Report:
        """All of it, one after the other."""
        service = await self._service(access)
        for number in range(max(self._arguments.concurrency)):
            self._parties.append(await Party.enrol(access, service, f"bench-user-{number:04}"))
        await self._run(min(8, len(self._parties)), self._warm_up_seconds)
        idle = await self._idle()
        latencies = await self._latencies(access, service)
        runs = [await self._run(concurrency, self._arguments.seconds) for concurrency in self._arguments.concurrency]
        return Report(
            pipeline=(),
            workers=self._arguments.workers,
            cores=len(os.sched_getaffinity(0)),
            idle_server_ms_a_second=idle.server_ms / IDLE_SECONDS,
            idle_postgres_ms_a_second=idle.postgres_ms / IDLE_SECONDS,
            runs=runs,
            latencies=latencies,
        )

    async def measure_with_kafka(self, access: Access) -> Run:
        """One concurrency, while the log is also copied to Kafka and counted."""
        service = await self._service(access)
        for number in range(KAFKA_CONCURRENCY):
            self._parties.append(await Party.enrol(access, service, f"bench-user-{number:04}"))
        await self._run(KAFKA_CONCURRENCY, self._warm_up_seconds)
        return replace(await self._run(KAFKA_CONCURRENCY, self._arguments.seconds), with_kafka=True)

    async def _service(self, access: Access) -> str:
        """A service of our own, with a webhook to our receiver."""
        auth = (access.account_sid, access.auth_token)
        async with httpx.AsyncClient(base_url=access.base_url, auth=auth) as client:
            created = await client.post("/v2/Services", data={"FriendlyName": "Bench"})
            service: str = created.raise_for_status().json()["sid"]
            webhook = {"FriendlyName": "Bench", "EventTypes": "challenge.approved", "WebhookUrl": self._receiver.url}
            (await client.post(f"/v2/Services/{service}/Webhooks", data=webhook)).raise_for_status()
        return service

    async def _idle(self) -> CpuUse:
        before = CpuUse.of(self._server.pid)
        await asyncio.sleep(IDLE_SECONDS)
        return CpuUse.of(self._server.pid) - before

    async def _latencies(self, access: Access, service: str) -> list[Latency]:
        # A user of its own: its connection ends as a stream, and its challenges stay pending.
        watcher = await Party.enrol(access, service, "bench-watcher")
        async with _connected([watcher, self._parties[0]]):
            created = await create_to_stream(watcher, LATENCY_ROUNDS)
            answered = await answer_to_webhook(self._parties[0], self._receiver, LATENCY_ROUNDS)
        return [_latency("create → push (device stream)", created), _latency("approve → webhook", answered)]

    async def _run(self, concurrency: int, seconds: float) -> Run:
        tally = Tally()
        async with _connected(self._parties[:concurrency]) as parties:
            before = CpuUse.of(self._server.pid)
            started_at = time.perf_counter()
            until = started_at + seconds
            await asyncio.gather(*(_cycles(party, until, tally) for party in parties))
            took_seconds = time.perf_counter() - started_at
            missing = await self._receiver.until(tally.challenge_sids, WEBHOOKS_SECONDS_MAX)
            used = CpuUse.of(self._server.pid) - before
        cycles = len(tally.cycle_seconds)
        return Run(
            concurrency=concurrency,
            with_kafka=False,
            cycles=cycles,
            seconds=took_seconds,
            cycles_a_second=cycles / took_seconds,
            p50_ms=percentile(tally.cycle_seconds, 0.50) * MS,
            p99_ms=percentile(tally.cycle_seconds, 0.99) * MS,
            server_ms_a_cycle=used.server_ms / max(1, cycles),
            postgres_ms_a_cycle=used.postgres_ms / max(1, cycles),
            generator_ms_a_cycle=used.generator_ms / max(1, cycles),
            webhooks_missing=missing,
            errors=dict(tally.errors),
        )


@asynccontextmanager
async def _connected(parties: Sequence[Party]) -> AsyncIterator[Sequence[Party]]:
    """The parties with their connections open."""
    for party in parties:
        await party.connect()
    try:
        yield parties
    finally:
        for party in parties:
            await party.close()


async def _cycles(party: Party, until: float, tally: Tally) -> None:
    """One user's logins, one after the other; what fails is counted, and ends nothing."""
    while (started_at := time.perf_counter()) < until:
        try:
            sid = await party.cycle()
        except CycleError as error:
            tally.errors[f"{error.step} {error.status}"] += 1
            continue
        except (ConnectionError, asyncio.IncompleteReadError):
            tally.errors["connection lost"] += 1
            await party.connect()
            continue
        tally.cycle_seconds.append(time.perf_counter() - started_at)
        tally.challenge_sids.add(sid)


def _latency(name: str, seconds: list[float]) -> Latency:
    return Latency(name, len(seconds), percentile(seconds, 0.50) * MS, percentile(seconds, 0.99) * MS)


async def _bench(server: DemoServer, arguments: argparse.Namespace) -> Report:
    access = await server.ready()
    async with WebhookCounter() as receiver:
        return await Bench(server, receiver, arguments).measure(access)


async def _bench_with_kafka(server: DemoServer, arguments: argparse.Namespace) -> Run:
    access = await server.ready()
    async with WebhookCounter() as receiver:
        return await Bench(server, receiver, arguments).measure_with_kafka(access)


def _measured(arguments: argparse.Namespace) -> Report:
    """All of it; Kafka is started before it is needed, so that one that can't be is told at once, and ends idle."""
    settings = {"workers": str(arguments.workers), "log_level": LOG_LEVEL}
    with EmbeddedKafka.ephemeral() as kafka:
        kafka.stop()
        settings |= {"entity_creations_per_second": str(ENTITY_CREATIONS_PER_SECOND)}
        with DemoServer(**settings) as server:
            report = run_in_loop(_bench(server, arguments))
        kafka.start()
        with DemoServer(**settings, kafka=kafka.bootstrap) as server:
            with_kafka = run_in_loop(_bench_with_kafka(server, arguments))
    with EmbeddedKafka.ephemeral() as kafka:
        pipeline = list(pipeline_figures(kafka.bootstrap, arguments.backlog))
    return replace(report, runs=[*report.runs, with_kafka], pipeline=pipeline)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--concurrency", type=int, nargs="+", default=list(CONCURRENCIES), help="users at a time")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of each run")
    parser.add_argument("--workers", type=int, default=1, help="server processes")
    parser.add_argument("--backlog", type=int, default=BACKLOG_EVENTS, help="events that are relayed and replayed")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    return parser.parse_args()


def main() -> int:
    """The exit code."""
    arguments = _arguments()
    configure_logs(LOG_LEVEL, json=False)
    try:
        report = _measured(arguments)
    except EmbeddedKafkaError as error:
        print(error, file=sys.stderr)
        return 1
    report.show(Console(width=None if sys.stdout.isatty() else LOG_COLUMNS))
    if arguments.json is not None:
        arguments.json.write_text(report.to_json() + "\n", "utf-8")
    return 0 if report.is_clean else 1


if __name__ == "__main__":
    sys.exit(main())
