"""`pushward replay NAME`: the log folded again, beside the live state tables; compared with them, or in their place."""

import asyncio
import os
from typing import Annotated, Final

import typer

from pushward.cli.console import JsonOption, print_json, print_pairs, say
from pushward.cli.errors import FAILED, MISUSED, CommandError
from pushward.cli.replay_insights import NAME as INSIGHTS
from pushward.cli.replay_insights import replay_insights
from pushward.cli.replay_report import print_check, print_check_json, print_rebuilt, print_rebuilt_json
from pushward.cli.replay_workers import copy_in_processes, projection_of
from pushward.cli.stores_file import operator_settings
from pushward.cli.targets import STORES, Store
from pushward.eventlog.rebuild.rebuild import rebuild
from pushward.eventlog.rebuild.swap import drop_old
from pushward.eventlog.replay import check

JOBS_MAX: Final = 64
JOBS_DEFAULT: Final = max(1, len(os.sched_getaffinity(0)) // 2)
"""Half of the cores: the other half goes on serving."""


def replay(
    name: Annotated[str, typer.Argument(help="registry, challenge, webhook or insights")],
    checks: Annotated[bool, typer.Option("--check", help="Compare, change nothing; exit 1 on a difference.")] = False,
    expect_equal: Annotated[
        bool, typer.Option("--expect-equal", help="Build and compare; swap only if nothing differs, else exit 1.")
    ] = False,
    jobs: Annotated[int, typer.Option(min=1, max=JOBS_MAX, help="Processes that fold shards.")] = JOBS_DEFAULT,
    restart: Annotated[
        bool, typer.Option("--restart", help="Begin anew, not with what an interrupted replay has left.")
    ] = False,
    drops_old: Annotated[
        bool, typer.Option("--drop-old", help="Only drop the tables that an earlier replay has replaced.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Fold the log again: build the state tables anew and put them in place of the live ones, with no downtime."""
    if checks + drops_old + (expect_equal or restart) > 1:
        raise CommandError("--check and --drop-old are commands of their own: give one, and nothing else.", MISUSED)
    if name == INSIGHTS:
        if expect_equal or restart or drops_old:
            raise CommandError("insights has nothing to swap: only --check is for it.", MISUSED)
        replay_insights(operator_settings().main_url(), checks=checks, as_json=as_json)
        return
    store = _store(name)
    url = operator_settings().main_url()
    if checks:
        _check(store, url, as_json)
    elif drops_old:
        _drop_old(store, url, as_json)
    else:
        _rebuild(store, url, jobs, expect_equal, restart, as_json)


def _store(name: str) -> Store:
    with_state = {store.name: store for store in STORES if store.aggregates}
    if name not in with_state:
        raise CommandError(
            f"{name!r} has no state tables to replay: name one of {', '.join((*with_state, INSIGHTS))}.", MISUSED
        )
    return with_state[name]


def _check(store: Store, url: str, as_json: bool) -> None:
    role = store.module.role
    assert role is not None, "whoever has state tables has a role that may read them"
    report = asyncio.run(check(url, role, store.aggregates))
    (print_check_json if as_json else print_check)(store.name, report)
    if report.differences:
        raise typer.Exit(FAILED)


def _drop_old(store: Store, url: str, as_json: bool) -> None:
    projection = projection_of(store.name)
    dropped = asyncio.run(drop_old(url, projection))
    if as_json:
        print_json({"name": store.name, "dropped": dropped})
    else:
        print_pairs({"dropped": projection.old_schema if dropped else "nothing: there are no replaced tables"})


def _rebuild(store: Store, url: str, jobs: int, expect_equal: bool, restart: bool, as_json: bool) -> None:
    done = asyncio.run(
        rebuild(
            url,
            projection_of(store.name),
            lambda: copy_in_processes(url, store.name, jobs),
            say,
            only_equal=expect_equal,
            restart=restart,
        )
    )
    (print_rebuilt_json if as_json else print_rebuilt)(store.name, done)
    if done.swapped is None:
        raise typer.Exit(FAILED)
