"""`pushward serve TARGET…`: settings, the socket, the stores; then this process serves, or supervises workers.

What can go wrong at the start goes wrong here, before anything runs: settings, a port in use, a key file.
"""

import os
import socket
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Annotated

import typer

from pushward.cli.development import prepare_development
from pushward.cli.embedded import embedded_stores, needs_embedded
from pushward.cli.errors import MISUSED, CommandError
from pushward.cli.keys import key_encryption
from pushward.cli.sockets import base_url, bind_http, bind_metrics
from pushward.cli.stores_file import with_stores
from pushward.cli.supervisor import supervise
from pushward.cli.targets import ALL, EDGE, EVERY_TARGET, STORES
from pushward.cli.worker import OnReady, nothing_more, run
from pushward.config.settings import Settings
from pushward.telemetry.logs import configure_logs


def serve(
    targets: Annotated[list[str], typer.Argument(help=f"all, or some of: {', '.join(EVERY_TARGET)}")],
    until_stdin_ends: Annotated[
        bool, typer.Option("--until-stdin-ends", help="Stop when standard input ends: with whoever started this.")
    ] = False,
) -> None:
    """Serve. PUSHWARD_ENV=development brings its own PostgreSQL and a development account."""
    names = _targets(targets)
    settings = Settings()
    configure_logs(settings.log_level, json=settings.log_json)
    _refuse_lone_workers(settings, names)
    with _listening(settings, names) as listening, _measured(settings) as metrics, _stores(settings) as environment:
        serving = with_stores(settings, environment)
        if any(store.seals for store in STORES if store.name in names):
            key_encryption(serving)
        life = sys.stdin.fileno() if until_stdin_ends else None
        on_ready = _on_ready(serving, names, listening)
        if settings.workers == 1:
            run(serving, names, listening, on_ready, life, *metrics)
        else:
            assert listening is not None, "only the edge has workers"
            supervise(serving, names, listening, {**os.environ, **environment}, on_ready, life, metrics)


def _targets(words: Sequence[str]) -> tuple[str, ...]:
    if unknown := sorted({*words} - {ALL, *EVERY_TARGET}):
        raise CommandError(f"No target {unknown[0]!r}: use all, or some of {', '.join(EVERY_TARGET)}.", MISUSED)
    return tuple(name for name in EVERY_TARGET if ALL in words or name in words)


def _refuse_lone_workers(settings: Settings, names: Sequence[str]) -> None:
    if settings.workers > 1 and set(names) not in ({*EVERY_TARGET}, {EDGE}):
        raise CommandError(
            "PUSHWARD_WORKERS shares one HTTP port; a gRPC port is one process's. "
            "Serve all (or the edge alone) with workers, or run more processes at addresses of their own.",
            MISUSED,
        )


@contextmanager
def _listening(settings: Settings, names: Sequence[str]) -> Iterator[socket.socket | None]:
    if EDGE not in names:
        yield None
        return
    with bind_http(settings) as listening:
        yield listening


@contextmanager
def _measured(settings: Settings) -> Iterator[Sequence[socket.socket]]:
    with ExitStack() as stack:
        yield [stack.enter_context(listening) for listening in bind_metrics(settings)]


@contextmanager
def _stores(settings: Settings) -> Iterator[Mapping[str, str]]:
    if not needs_embedded(settings):
        yield {}
        return
    with embedded_stores(settings) as environment:
        yield environment


def _on_ready(settings: Settings, names: Sequence[str], listening: socket.socket | None) -> OnReady:
    """In development with everything in one place: an account to begin with, and a screen that says how."""
    if listening is None or not settings.development or set(names) != {*EVERY_TARGET}:
        return nothing_more
    return partial(prepare_development, settings, base_url(listening))
