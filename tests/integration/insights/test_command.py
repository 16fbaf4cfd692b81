"""`pushward replay insights`, as an operator runs it."""

import json
import subprocess
from datetime import UTC, datetime

import pytest

from services.insights.domain.happening import Kind
from services.insights.domain.windows import floor
from tests.integration.insights.conftest import World, long_ago
from tests.integration.insights.history import SERVICE, ask_and_answer, factor
from tests.support.installation import pushward
from tests.support.tenant import Json

PHONE = factor(2, 1)


def replay(world: World, *options: str) -> subprocess.CompletedProcess[str]:
    """The command on the world's database."""
    return pushward(world.environment(), "replay", "insights", *options, succeeds=False)


def check(world: World) -> tuple[int, Json]:
    """The exit status, and what was found."""
    done = replay(world, "--check", "--json")
    return done.returncode, json.loads(done.stdout)


async def test_a_check_names_what_differs_and_a_replay_repairs_it(world: World) -> None:
    """Exit 1 with the row, its window and its columns; then exit 0."""
    begin = long_ago()
    await ask_and_answer(world.log, PHONE, begin, [Kind.APPROVED])
    status, found = check(world)
    assert (status, [row["drift"] for row in found["differences"]]) == (1, ["missing", "missing"])
    assert replay(world).returncode == 0
    assert check(world) == (
        0,
        {
            "name": "insights",
            "shards": 4,
            "events": 2,
            "rows": 2,
            "behind": 0,
            "different": 0,
            "repaired": False,
            "differences": [],
        },
    )
    await world.query("UPDATE insights.figures SET denied = 5 WHERE sid = $1", PHONE)
    status, found = check(world)
    window = begin.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert (status, found["differences"]) == (
        1,
        [
            {
                "shard": 2,
                "table": "insights.figures",
                "key": [PHONE, window, "2"],
                "columns": ["denied"],
                "drift": "miscounted",
                "found": f"insights.figures({PHONE}, {window}): miscounted: denied",
            }
        ],
    )
    said = replay(world, "--check").stdout
    assert f"{PHONE}, {window}): miscounted: denied" in said
    assert "1, and repaired" in replay(world).stdout
    assert check(world)[0] == 0


async def test_an_open_window_that_is_behind_is_no_difference(world: World) -> None:
    """But a wrong one is, at once."""
    running = datetime.fromtimestamp(floor(int(datetime.now(UTC).timestamp())), UTC)
    await ask_and_answer(world.log, PHONE, running, [Kind.APPROVED])
    status, found = check(world)
    assert (status, found["behind"], found["different"]) == (0, 2, 0)
    await world.fill()
    await world.query("UPDATE insights.figures SET created = created + 1 WHERE sid = $1", SERVICE)
    status, found = check(world)
    assert (status, found["different"]) == (1, 1)


@pytest.mark.parametrize("option", ["--expect-equal", "--restart", "--drop-old"])
async def test_there_is_nothing_to_swap(world: World, option: str) -> None:
    """Options of a rebuild are refused."""
    done = replay(world, option)
    assert done.returncode == 2
    assert "nothing to swap" in done.stderr
