"""`pushward replay` as an operator sees it: what it says, what it changes, and how it exits."""

import asyncio
import json

import pytest

from tests.support import sql
from tests.support.installation import Installation, Stores, pushward

DAMAGE = "UPDATE registry.account SET friendly_name = 'Somebody else' WHERE friendly_name = 'Example Shop'"
NAMES = "SELECT friendly_name FROM registry.account ORDER BY 1"
RIGHT = [("Example Bank",), ("Example Shop",)]
DAMAGED = [("Example Bank",), ("Somebody else",)]


@pytest.fixture(scope="module")
def stores(installation: Installation) -> Stores:
    """Stores that the tests below go through in turn."""
    return installation.copy()


def rows(stores: Stores, query: str) -> list[tuple[object, ...]]:
    """A query's rows."""
    return asyncio.run(sql.rows(stores.database_url, query))


@pytest.fixture
def damaged(stores: Stores) -> Stores:
    """Stores with a row that no event explains."""
    asyncio.run(sql.execute(stores.database_url, DAMAGE))
    return stores


def test_a_difference_stops_who_expects_none(damaged: Stores) -> None:
    """Exit status 1; the row and the column are named, and nothing has changed."""
    done = pushward(damaged.environment(), "replay", "registry", "--expect-equal", succeeds=False)
    assert done.returncode == 1
    assert "registry.account(AC" in done.stdout
    assert "differs in friendly_name" in done.stdout
    assert "registry_next stays" in done.stdout
    assert rows(damaged, NAMES) == DAMAGED


def test_a_replay_names_the_difference_and_repairs_it(damaged: Stores) -> None:
    """Exit status 0: it has done what it was asked. It goes on with what the one before had left."""
    done = pushward(damaged.environment(), "replay", "registry", "--json")
    report = json.loads(done.stdout)
    assert report["swapped"]
    assert report["went_on"]
    (difference,) = report["differences"]
    assert (difference["table"], difference["columns"]) == ("registry.account", ["friendly_name"])
    assert rows(damaged, NAMES) == RIGHT
    assert rows(damaged, NAMES.replace("registry.", "registry_old.")) == DAMAGED


def test_replaced_tables_are_in_the_way_until_they_are_dropped(stores: Stores) -> None:
    """It says which command drops them; that one does nothing else."""
    refused = pushward(stores.environment(), "replay", "registry", succeeds=False)
    assert refused.returncode == 1
    assert "pushward replay registry --drop-old" in refused.stderr
    assert "registry_old" in pushward(stores.environment(), "replay", "registry", "--drop-old").stdout
    assert "nothing" in pushward(stores.environment(), "replay", "registry", "--drop-old").stdout
    assert rows(stores, "SELECT to_regnamespace('registry_old')") == [(None,)]


def test_it_says_how_far_it_has_come(stores: Stores) -> None:
    """To people on stdout, remarks on stderr."""
    done = pushward(stores.environment(), "replay", "registry", "--jobs", "2")
    assert "registry: 2 events of 4 shards" in done.stdout
    assert "yes; writers waited" in done.stdout
    assert "building registry_next" in done.stderr
    pushward(stores.environment(), "replay", "registry", "--drop-old")


@pytest.mark.parametrize(
    "words",
    [
        ("registry", "--check", "--drop-old"),
        ("registry", "--check", "--expect-equal"),
        ("registry", "--drop-old", "--restart"),
        ("notifier",),
    ],
    ids=" ".join,
)
def test_what_makes_no_sense_is_refused(stores: Stores, words: tuple[str, ...]) -> None:
    """Exit status 2, and nothing is done."""
    assert pushward(stores.environment(), "replay", *words, succeeds=False).returncode == 2


def test_a_migration_after_a_replay_finds_its_tables(stores: Stores) -> None:
    """Grants and functions are as they were: a release can be rolled out."""
    pushward(stores.environment(), "replay", "webhook")
    assert json.loads(pushward(stores.environment(), "migrate", "--json").stdout) == {"applied": []}
    assert (
        json.loads(pushward(stores.environment(), "replay", "webhook", "--check", "--json").stdout)["differences"] == []
    )
