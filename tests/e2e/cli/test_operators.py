"""What operators run: migrations, accounts, events, replay."""

import asyncio
import json
import sys
from pathlib import Path

import httpx
import pytest

from deploy.embedded.postgres import EmbeddedPostgres
from deploy.embedded.waiting import wait_until
from tests.e2e.cli.conftest import Run
from tests.e2e.cli.development import Development, is_served
from tests.support import sql
from tests.support.child import Child
from tests.support.installation import Installation, Stores, pushward
from tests.support.system import Shape, System

READY_SECONDS_MAX = 30.0


def test_a_new_account_can_ask_at_once(run: Run, development: Development) -> None:
    """Its SID and token are printed once, and work."""
    created = json.loads(run("account", "create", "--name", "Example Bank", "--json").stdout)
    answer = httpx.get(
        f"{development.access.base_url}/v2/Services", auth=(created["account_sid"], created["auth_token"])
    )
    assert (answer.status_code, answer.json()["services"]) == (200, [])


def test_events_are_printed_from_the_start(run: Run, development: Development) -> None:
    """As JSON lines, positions without holes in each shard, and no secret among them."""
    printed = run("events", "tail", "--from-start", "--no-follow", "--json").stdout
    events = [json.loads(line) for line in printed.splitlines()]
    for shard in {event["shard"] for event in events}:
        positions = [event["position"] for event in events if event["shard"] == shard]
        assert positions == list(range(1, len(positions) + 1))
    assert {"AccountCreated", "ServiceCreated"} <= {event["type"] for event in events}
    assert development.access.auth_token not in printed


def test_events_are_followed(development: Development) -> None:
    """What comes later is printed when it comes."""
    log = development.var.parent / "tail.log"
    command = [sys.executable, *["-m", "pushward.cli", "events", "tail", "--from-start"]]
    tail = Child(command, development.environment, log)
    tail.start()
    try:
        assert wait_until(lambda: "AccountCreated" in log.read_text(), READY_SECONDS_MAX)
        access = development.access
        created = httpx.post(
            f"{access.base_url}/v2/Services",
            data={"FriendlyName": "Followed"},
            auth=(access.account_sid, access.auth_token),
        )
        assert wait_until(lambda: created.json()["sid"] in log.read_text(), READY_SECONDS_MAX)
    finally:
        tail.end()


@pytest.mark.parametrize("name", ["registry", "challenge", "webhook"])
def test_state_tables_are_what_the_log_amounts_to(run: Run, name: str) -> None:
    """`replay --check` compares and finds nothing."""
    report = json.loads(run("replay", name, "--check", "--json").stdout)
    assert report["differences"] == []


def test_a_damaged_row_is_named(installation: Installation) -> None:
    """Exit status 1, with table, key and column."""
    stores = installation.copy()
    damage = "UPDATE registry.account SET friendly_name = 'Somebody else' WHERE friendly_name = 'Example Shop'"
    asyncio.run(sql.execute(stores.database_url, damage))
    done = pushward(stores.environment(), "replay", "registry", "--check", succeeds=False)
    assert done.returncode == 1
    assert "registry.account" in done.stdout
    assert "friendly_name" in done.stdout


def test_migrating_again_changes_nothing(installation: Installation) -> None:
    """It can be a Job of every release."""
    done = pushward(installation.copy().environment(), "migrate", "--json")
    assert json.loads(done.stdout) == {"applied": []}


def test_another_number_of_shards_is_refused(installation: Installation) -> None:
    """SIDs carry their shard: the number is fixed for good."""
    done = pushward(installation.copy().environment(), "init", "--shards", "8", succeeds=False)
    assert done.returncode == 1
    assert "4 shards, not 8" in done.stderr


def test_services_wait_for_the_schema(postgres: EmbeddedPostgres, installation: Installation, tmp_path: Path) -> None:
    """Not ready and 503 with the envelope before `pushward init`, served after it, without a restart."""
    main, keys = "waiting", "waiting_keys"
    postgres.create_databases(main, keys)
    stores = Stores(postgres.database_url(main), postgres.database_url(keys), installation.stores.kek_file)
    system = System(Shape.ONE, stores, tmp_path)
    (child,) = system.children.values()
    child.start()
    try:
        assert wait_until(lambda: "run `pushward migrate`" in _readiness(system.base_url), READY_SECONDS_MAX)
        refused = httpx.get(f"{system.base_url}/v2/Services", auth=("AC" + "0" * 32, "x"))
        assert (refused.status_code, refused.json()["status"]) == (503, 503)
        pushward(stores.environment(), "init", "--shards", "4")
        assert wait_until(lambda: is_served(system.base_url), READY_SECONDS_MAX)
    finally:
        system.end()


def _readiness(base_url: str) -> str:
    try:
        return httpx.get(f"{base_url}/readyz").text
    except httpx.TransportError:
        return ""
