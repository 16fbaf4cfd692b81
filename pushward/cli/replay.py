"""`pushward replay NAME --check`: the log, folded beside the live state tables, and every difference named."""

import asyncio
from typing import Annotated

import typer

from pushward.cli.console import JsonOption, print_json, print_pairs, print_table
from pushward.cli.errors import FAILED, MISUSED, CommandError
from pushward.cli.stores_file import operator_settings
from pushward.cli.targets import STORES, Store
from pushward.config.settings import Settings
from pushward.eventlog.replay import Report, check


def replay(
    name: Annotated[str, typer.Argument(help="registry, challenge or webhook")],
    checks: Annotated[bool, typer.Option("--check", help="Compare, change nothing; exit 1 on a difference.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Fold the log again and compare with the state tables."""
    store = _store(name)
    if not checks:
        raise CommandError("Rebuilding the state tables comes later. To compare them with the log: --check.", MISUSED)
    report = asyncio.run(_check(store, operator_settings()))
    (_print_json if as_json else _print)(name, report)
    if report.differences:
        raise typer.Exit(FAILED)


def _store(name: str) -> Store:
    with_state = {store.name: store for store in STORES if store.aggregates}
    if name not in with_state:
        raise CommandError(f"{name!r} has no state tables to compare: name one of {', '.join(with_state)}.", MISUSED)
    return with_state[name]


async def _check(store: Store, settings: Settings) -> Report:
    role = store.module.role
    assert role is not None, "whoever has state tables has a role that may read them"
    return await check(settings.main_url(), role, store.aggregates)


def _print_json(name: str, report: Report) -> None:
    differences = [
        {
            "shard": difference.shard,
            "table": difference.table,
            "key": [str(value) for value in difference.key],
            "columns": list(difference.columns),
            "found": str(difference),
        }
        for difference in report.differences
    ]
    seen = {"shards": report.shards, "events": report.events, "rows": report.rows}
    print_json({"name": name, **seen, "differences": differences})


def _print(name: str, report: Report) -> None:
    print_pairs(
        {
            "replayed": f"{name}: {report.events} events of {report.shards} shards",
            "compared": f"{report.rows} rows",
            "different": str(len(report.differences)),
        }
    )
    if report.differences:
        print_table(("shard", "row"), [(str(found.shard), str(found)) for found in report.differences])
