"""Events of an older schema lie in the log for ever: a later release folds them with its own."""

from datetime import UTC, datetime
from functools import partial

import pytest

from pushward.eventlog import replay
from pushward.eventlog.codec import NewerSchemaError
from pushward.eventlog.commands import Change, Plan, compose
from pushward.eventlog.module import LOG_MODULE
from pushward.eventlog.port import Append
from pushward.eventlog.rebuild.copying import copy_shards
from pushward.eventlog.rebuild.projection import Projection
from pushward.eventlog.rebuild.rebuild import rebuild
from tests.support import sql
from tests.support.databases import Databases
from tests.support.probe.counter import (
    COUNTERS,
    PROBE_MODULE,
    ROLE,
    CounterState,
    counting,
    open_probe_log,
    origin,
    state_at,
    stream,
)
from tests.support.probe.later import LATER_COUNTERS, EntityDeleted

COUNTED = stream(1, 7)


def counting_later(state: CounterState, step: int) -> Append:
    """An append of the later release."""
    event = EntityDeleted("", "", "", str(step))
    change = Change(LATER_COUNTERS, COUNTED, state, [event], datetime.now(UTC))
    append, _ = compose(Plan([change], result=lambda after: None), origin())
    assert append is not None
    return append


@pytest.fixture
async def url(databases: Databases) -> str:
    """A counter that two releases have counted on: 1, 5 and 1 by the first, 30 by the second."""
    url = await databases.make([LOG_MODULE, PROBE_MODULE])
    log = open_probe_log(url)
    await log.append(counting(COUNTED, 0))
    await log.append(counting(COUNTED, 1, step="5"))
    await log.append(counting(COUNTED, 2))
    await log.append(counting_later(state_at(COUNTED, 3, total=7), 30))
    await log.close()
    return url


async def test_a_later_release_replays_what_an_earlier_one_has_recorded(url: str) -> None:
    """Both schemas in one stream; compared, and built anew."""
    schemas = await sql.rows(url, "SELECT DISTINCT schema FROM log.event ORDER BY 1")
    assert schemas == [(1,), (2,)]
    assert (await replay.check(url, ROLE, [LATER_COUNTERS])).differences == ()
    projection = Projection("probe", [LATER_COUNTERS], code="later")
    done = await rebuild(url, projection, partial(copy_shards, url, projection), lambda text: None)
    assert (done.events, done.differences) == (4, [])
    assert await sql.rows(url, "SELECT version, total FROM probe.counter") == [(4, 37)]


async def test_an_earlier_release_says_that_it_cannot(url: str) -> None:
    """What it doesn't know it doesn't fold, and no table is replaced."""
    projection = Projection("probe", [COUNTERS], code="earlier")
    with pytest.raises(NewerSchemaError, match="type 12 has schema 2, and this release reads up to 1"):
        await rebuild(url, projection, partial(copy_shards, url, projection), lambda text: None)
    with pytest.raises(NewerSchemaError):
        await replay.check(url, ROLE, [COUNTERS])
