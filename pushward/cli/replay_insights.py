"""`pushward replay insights`: the figures counted anew from the log; compared with what is stored, and put right.

There is nothing to swap: rows say how far they were counted, so they are compared and put right where they are, span by
span, while the counter goes on. A row that the counter hasn't brought up to date yet is *behind*: no difference, as
long as its window is open.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import typer

from pushward.cli.console import print_json, print_pairs, print_table
from pushward.cli.errors import FAILED
from pushward.database.pool import Database
from services.insights.adapters.counted_log import PostgresCountedLog
from services.insights.adapters.figures import PostgresFigures
from services.insights.adapters.log import ROLE
from services.insights.app.recount import Recount, Span, is_drift
from services.insights.domain.recounting import Difference, Drift, differing
from services.insights.domain.windows import WINDOW_SECONDS, ceiling

NAME: Final = "insights"
TABLE: Final = "insights.figures"
NAMED_MAX: Final = 1_000
"""Differences that are named; all are counted."""
CONNECTIONS_MAX: Final = 2


@dataclass(slots=True)
class Seen:
    """What a recount has seen."""

    shards: int = 0
    events: int = 0
    rows: int = 0
    behind: int = 0
    different: int = 0
    named: list[Difference] = field(default_factory=list)

    def take(self, span: Span, now_seconds: int) -> None:
        """A span more."""
        drifted = [found for found in span.differences if is_drift(found, now_seconds)]
        self.events += span.events
        self.rows += span.rows
        self.behind += len(span.differences) - len(drifted)
        self.different += len(drifted)
        self.named += drifted[: NAMED_MAX - len(self.named)]


def replay_insights(url: str, *, checks: bool, as_json: bool) -> None:
    """Compares, and unless it only ``checks``, repairs. Exits with 1 if a check finds a difference."""
    seen = asyncio.run(_recount(url, repairs=not checks))
    (_print_json if as_json else _print)(seen, repaired=not checks)
    if checks and seen.different:
        raise typer.Exit(FAILED)


async def _recount(url: str, *, repairs: bool) -> Seen:
    database = Database(url, ROLE, "pushward-replay-insights", size_max=CONNECTIONS_MAX)
    try:
        log = PostgresCountedLog(database)
        recount = Recount(log, PostgresFigures(database))
        seen, now = Seen(), await log.now_seconds()
        for shard in await log.shards():
            async for span in recount.spans(shard, 0, ceiling(now) + WINDOW_SECONDS):
                seen.take(span, now)
                if repairs:
                    await recount.repair(span)
            seen.shards += 1
        return seen
    finally:
        await database.close()


def _print_json(seen: Seen, *, repaired: bool) -> None:
    counts = {name: getattr(seen, name) for name in ("shards", "events", "rows", "behind", "different")}
    told = [
        {
            "shard": found.key.shard,
            "table": TABLE,
            "key": [found.key.sid, _window(found), str(found.key.shard)],
            "columns": list(_columns(found)),
            "drift": found.drift.value,
            "found": _text(found),
        }
        for found in seen.named
    ]
    print_json({"name": NAME, **counts, "repaired": repaired, "differences": told})


def _print(seen: Seen, *, repaired: bool) -> None:
    print_pairs(
        {
            "recounted": f"{NAME}: {seen.events} events of {seen.shards} shards",
            "compared": f"{seen.rows} rows; {seen.behind} of open windows are behind the log",
            "different": f"{seen.different}, and repaired" if repaired and seen.different else str(seen.different),
        }
    )
    if seen.named:
        print_table(("shard", "row"), [(str(found.key.shard), _text(found)) for found in seen.named])
    if len(seen.named) < seen.different:
        print_pairs({"not named": str(seen.different - len(seen.named))})


def _text(found: Difference) -> str:
    row = f"{TABLE}({found.key.sid}, {_window(found)})"
    match found.drift:
        case Drift.MISSING:
            return f"{row}: missing from the table"
        case Drift.UNFOUNDED:
            return f"{row}: not in the log"
        case Drift.BEHIND:
            return f"{row}: behind the log"
        case Drift.MISCOUNTED:
            return f"{row}: miscounted: {', '.join(_columns(found)) or 'right, but at a wrong position'}"


def _columns(found: Difference) -> tuple[str, ...]:
    if found.stored is None or found.counted is None:
        return ()
    return differing(found.stored.figures, found.counted.figures)


def _window(found: Difference) -> str:
    return datetime.fromtimestamp(found.key.window, UTC).isoformat().replace("+00:00", "Z")
