"""A replay with no downtime, in order: begin, copy, index, catch up, compare, swap."""

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from pushward.eventlog.difference import Difference
from pushward.eventlog.rebuild.build import ReplayError, begin, index
from pushward.eventlog.rebuild.compare import Differences
from pushward.eventlog.rebuild.connection import Connection, connected
from pushward.eventlog.rebuild.copying import Say, copied
from pushward.eventlog.rebuild.projection import Projection
from pushward.eventlog.rebuild.rounds import catch_up, compare_whole
from pushward.eventlog.rebuild.swap import LAST_ROUND_EVENTS_MAX, Swapped, swap

Copy = Callable[[], Awaitable[None]]
"""Copies every shard that isn't yet (`copying.copy_shards`, here or in other processes)."""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a replay has done. ``swapped`` is None if it stopped before, because of differences."""

    shards: int
    events: int
    rows: int
    went_on: bool
    copy_seconds: float
    seconds: float
    differences: Sequence[Difference]
    unnamed_differences: int
    swapped: Swapped | None


_TOTALS: Final = "SELECT count(*), sum(events)::bigint, sum(rows)::bigint FROM {next}.replay_progress"


async def rebuild(
    url: str, projection: Projection, copy: Copy, say: Say, *, only_equal: bool = False, restart: bool = False
) -> Rebuilt:
    """Builds the tables beside the live ones and swaps them. Raises ReplayError, HoleError.

    ``only_equal`` stops before the swap on a difference; ``restart`` begins anew what could be gone on with.
    """
    started_at = time.monotonic()
    differences = Differences()
    async with connected(url) as connection:
        begun = await begin(connection, projection, restart=restart)
        say(_how_begun(projection, begun.goes_on, begun.instead_of))
        await copy()
        if not await copied(connection, projection):
            raise ReplayError(f"Not every shard of {projection.schema} was copied: run it again, and it goes on.")
        copied_at = time.monotonic()
        shards, events, rows = await _totals(connection, projection)
        say(f"copied {rows} rows of {events} events in {copied_at - started_at:.1f} s")
        await index(connection, projection)
        await catch_up(connection, projection, differences, until_events=LAST_ROUND_EVENTS_MAX)
        await compare_whole(connection, projection, differences)
        say(f"compared: {len(differences)} rows differ")
        swapped = await swap(url, projection, differences, only_equal=only_equal)
    return Rebuilt(
        shards=shards,
        events=events,
        rows=rows,
        went_on=begun.goes_on,
        copy_seconds=copied_at - started_at,
        seconds=time.monotonic() - started_at,
        differences=differences.named(),
        unnamed_differences=differences.unnamed,
        swapped=swapped,
    )


async def _totals(connection: Connection, projection: Projection) -> tuple[int, int, int]:
    shards, events, rows = await connection.fetchrow(_TOTALS.format(next=projection.next_schema))
    return shards, events, rows


def _how_begun(projection: Projection, goes_on: bool, instead_of: str | None) -> str:
    if goes_on:
        return f"going on with {projection.next_schema}, which an earlier replay has begun"
    if instead_of is not None:
        return f"beginning {projection.next_schema} anew: {instead_of}"
    return f"building {projection.next_schema}"
