"""What `pushward replay` prints: how it went, and every difference, for people and for programs."""

from collections.abc import Sequence

from pushward.cli.console import print_json, print_pairs, print_table, say
from pushward.eventlog.difference import Difference
from pushward.eventlog.rebuild.rebuild import Rebuilt
from pushward.eventlog.replay import Report


def print_check_json(name: str, report: Report) -> None:
    """A comparison, for programs."""
    seen = {"shards": report.shards, "events": report.events, "rows": report.rows}
    print_json({"name": name, **seen, "differences": _told(report.differences)})


def print_check(name: str, report: Report) -> None:
    """A comparison, for people."""
    print_pairs(
        {
            "replayed": f"{name}: {report.events} events of {report.shards} shards",
            "compared": f"{report.rows} rows",
            "different": str(len(report.differences)),
        }
    )
    _print_differences(report.differences)


def print_rebuilt_json(name: str, done: Rebuilt) -> None:
    """A rebuild, for programs."""
    swapped = done.swapped
    print_json(
        {
            "name": name,
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
            "unnamed_differences": done.unnamed_differences,
        }
    )


def print_rebuilt(name: str, done: Rebuilt) -> None:
    """A rebuild, for people."""
    rate = done.events / done.copy_seconds if done.copy_seconds else 0.0
    print_pairs(
        {
            "replayed": f"{name}: {done.events} events of {done.shards} shards, {rate:.0f} a second",
            "built": f"{done.rows} rows in {done.seconds:.1f} s",
            "different": str(len(done.differences) + done.unnamed_differences),
            "swapped": _how_swapped(name, done),
        }
    )
    _print_differences(done.differences)
    if done.unnamed_differences:
        say(f"and {done.unnamed_differences} more")


def _how_swapped(name: str, done: Rebuilt) -> str:
    if done.swapped is None:
        return f"no, because of the differences; {name}_next stays, and `pushward replay {name}` goes on with it"
    locked_ms = done.swapped.locked_seconds * 1000
    return f"yes; writers waited {locked_ms:.0f} ms at most; the replaced tables are in {name}_old until --drop-old"


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
