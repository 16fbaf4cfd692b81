"""`pushward replay NAME`: the log folded again, beside the live state tables; compared with them, or in their place."""

import asyncio
import os
from collections.abc import Sequence
from typing import Annotated, Final

import typer

from pushward.cli.console import JsonOption, print_json, print_pairs, print_table, say
from pushward.cli.errors import FAILED, MISUSED, CommandError
from pushward.cli.replay_insights import NAME as INSIGHTS
from pushward.cli.replay_insights import replay_insights
from pushward.cli.replay_workers import copy_in_processes, projection_of
from pushward.cli.stores_file import operator_settings
from pushward.cli.targets import STORES, Store
from pushward.eventlog.difference import Difference
from pushward.eventlog.rebuild.rebuild import Rebuilt, rebuild
from pushward.eventlog.rebuild.swap import drop_old
from pushward.eventlog.replay import Report, check

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
    (_print_check_json if as_json else _print_check)(store.name, report)
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
    (_print_rebuilt_json if as_json else _print_rebuilt)(store, done)
    if done.swapped is None:
        raise typer.Exit(FAILED)


def _print_check_json(name: str, report: Report) -> None:
    seen = {"shards": report.shards, "events": report.events, "rows": report.rows}
    print_json({"name": name, **seen, "differences": _told(report.differences)})


def _print_check(name: str, report: Report) -> None:
    print_pairs(
        {
            "replayed": f"{name}: {report.events} events of {report.shards} shards",
            "compared": f"{report.rows} rows",
            "different": str(len(report.differences)),
        }
    )
    _print_differences(report.differences)


def _print_rebuilt_json(store: Store, done: Rebuilt) -> None:
    swapped = done.swapped
    print_json(
        {
            "name": store.name,
            "shards": done.shards,
            "events": done.events,
            "rows": done.rows,
            "went_on": done.went_on,
            "copy_seconds": round(done.copy_seconds, 3),
            "seconds": round(done.seconds, 3),
            "swapped": swapped is not None,
            "tries": swapped.tries if swapped else 0,
            "locked_ms": round(swapped.locked_seconds * 1000, 1) if swapped else 0,
            "differences": _told(done.differences),
        }
    )


def _print_rebuilt(store: Store, done: Rebuilt) -> None:
    rate = done.events / done.copy_seconds if done.copy_seconds else 0.0
    print_pairs(
        {
            "replayed": f"{store.name}: {done.events} events of {done.shards} shards, {rate:.0f} a second",
            "built": f"{done.rows} rows in {done.seconds:.1f} s",
            "different": str(len(done.differences)),
            "swapped": _how_swapped(store, done),
        }
    )
    _print_differences(done.differences)


def _how_swapped(store: Store, done: Rebuilt) -> str:
    schema = store.module.schema
    if done.swapped is None:
        return (
            f"no, because of the differences; {schema}_next stays, and `pushward replay {store.name}` goes on with it"
        )
    locked_ms = done.swapped.locked_seconds * 1000
    return f"yes; writers waited {locked_ms:.0f} ms at most; the replaced tables are in {schema}_old until --drop-old"


def _told(differences: Sequence[Difference]) -> list[dict[str, object]]:
    return [
        {
            "shard": difference.shard,
            "table": difference.table,
            "key": [str(value) for value in difference.key],
            "columns": list(difference.columns),
            "found": str(difference),
        }
        for difference in differences
    ]


def _print_differences(differences: Sequence[Difference]) -> None:
    if differences:
        print_table(("shard", "row"), [(str(found.shard), str(found)) for found in differences])
