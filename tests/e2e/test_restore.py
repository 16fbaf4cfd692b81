"""The restore drill of docs/runbooks/restore.md: nothing is served on a restored log before it has a new epoch."""

import asyncio
import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from deploy.embedded.postgres import EmbeddedPostgres
from deploy.embedded.waiting import wait_until
from services.challenge.app.expiry import SWEEP_SECONDS
from tests.support import backups, plain_http, sql
from tests.support.installation import Account, Installation, Stores, pushward
from tests.support.phone import Phone
from tests.support.receiver import Receiver
from tests.support.system import Shape, System, running
from tests.support.tenant import Tenant

READY_SECONDS_MAX: Final = 30.0
DUE_SOON_SECONDS: Final = 4
DUE_AFTER_BACKUP_SECONDS: Final = 15
TRAVERSABLE: Final = 0o711
REMEDY: Final = "run `pushward log new-epoch`"
WITH_STATE: Final = ("registry", "challenge", "webhook")


@pytest.fixture
def home() -> Iterator[Path]:
    """A directory that PostgreSQL's user can get to."""
    with tempfile.TemporaryDirectory(prefix="pushward-restore-") as directory:
        Path(directory).chmod(TRAVERSABLE)
        yield Path(directory)


@pytest.fixture
def source(home: Path) -> Iterator[EmbeddedPostgres]:
    """A server that backups are made of."""
    with EmbeddedPostgres(home / "source", fsync=False, settings=backups.SETTINGS) as server:
        yield server


Restore = Callable[[], EmbeddedPostgres]
"""Makes a server, not yet started, of the backup."""


def _physical(source: EmbeddedPostgres, home: Path) -> Restore:
    """A base backup, recovered: another timeline."""
    backups.base_backup(source, home / "restored")

    def restore() -> EmbeddedPostgres:
        backups.recover(home / "restored")
        return EmbeddedPostgres(home / "restored", fsync=False, settings=backups.SETTINGS)

    return restore


def _logical(source: EmbeddedPostgres, home: Path) -> Restore:
    """A dump, loaded into a new cluster: another system identifier."""
    dumped = backups.dump(source)

    def restore() -> EmbeddedPostgres:
        server = EmbeddedPostgres(home / "restored", fsync=False)
        with server:
            backups.load(server, dumped)
        return server

    return restore


@pytest.mark.parametrize("back_up", [_physical, _logical], ids=["physical", "logical"])
def test_a_restored_log_is_served_in_a_new_epoch_only(
    source: EmbeddedPostgres, home: Path, tmp_path: Path, back_up: Callable[[EmbeddedPostgres, Path], Restore]
) -> None:
    """What came after the backup is lost; services say why they wait; the command is all they need to go on."""
    installation = Installation(source, tmp_path)
    with running(Shape.ONE, installation.stores, _directory(tmp_path, "before")) as before:
        asyncio.run(_log_in(before, installation.account))
        asyncio.run(_challenge_for_seconds(before, installation.account, DUE_AFTER_BACKUP_SECONDS))
        restore = back_up(source, home)
        kept = _heads(installation.stores)
        asyncio.run(_log_in(before, installation.account))
        assert sum(_heads(installation.stores)) > sum(kept)
    with restore() as server:
        stores = _moved(installation.stores, source, server)
        assert (_heads(stores), _pending(stores)) == (kept, 1)
        with _started(System(Shape.ONE, stores, _directory(tmp_path, "after"))) as after:
            assert wait_until(lambda: REMEDY in _readiness(after), READY_SECONDS_MAX), _readiness(after)
            refused = plain_http.get(f"{after.base_url}/v2/Services", (installation.account.sid, "x"))
            assert refused.status_code == 503
            assert wait_until(lambda: _overdue(stores), DUE_AFTER_BACKUP_SECONDS + READY_SECONDS_MAX)
            status = pushward(stores.environment(), "log", "status", "--json", succeeds=False)
            assert (status.returncode, REMEDY in json.loads(status.stdout)["problem"]) == (1, True)
            assert _heads(stores) == kept
            begun = json.loads(pushward(stores.environment(), "log", "new-epoch", "--yes", "--json").stdout)
            assert (begun["epoch"], begun["moved_to_head"]) == (2, [])
            after.start()
            assert wait_until(lambda: _pending(stores) == 0, READY_SECONDS_MAX)
            asyncio.run(_log_in(after, installation.account))
            _is_right(stores)


def test_an_older_copy_that_is_started_as_it_is_cannot_be_seen(
    source: EmbeddedPostgres, home: Path, tmp_path: Path
) -> None:
    """It keeps identifier and timeline, and our own subscribers came with it: so the runbook says to begin an epoch."""
    installation = Installation(source, tmp_path)
    with running(Shape.ONE, installation.stores, _directory(tmp_path, "before")) as before:
        asyncio.run(_log_in(before, installation.account))
        backups.base_backup(source, home / "copied")
        kept = _heads(installation.stores)
        asyncio.run(_log_in(before, installation.account))
    with EmbeddedPostgres(home / "copied", fsync=False, settings=backups.SETTINGS) as server:
        stores = _moved(installation.stores, source, server)
        assert _heads(stores) == kept
        assert json.loads(pushward(stores.environment(), "log", "status", "--json").stdout)["problem"] is None
        pushward(stores.environment(), "log", "new-epoch", "--yes")
        with running(Shape.ONE, stores, _directory(tmp_path, "after")) as after:
            asyncio.run(_log_in(after, installation.account))
            _is_right(stores)


@pytest.mark.parametrize("shape", [Shape.ONE, Shape.WORKERS], ids=str)
def test_a_process_that_runs_through_it_stops_serving_and_ends(
    shape: Shape, installation: Installation, tmp_path: Path
) -> None:
    """As after a failover. What it remembers may be of a history that is lost, so it is started again; meanwhile
    nothing is recorded, not even what is due."""
    stores = installation.copy()
    with running(shape, stores, tmp_path) as system:
        asyncio.run(_challenge_for_seconds(system, installation.account, DUE_SOON_SECONDS))
        kept = _heads(stores)
        asyncio.run(sql.execute(stores.database_url, "UPDATE log.epoch SET timeline = timeline + 1"))
        assert wait_until(lambda: REMEDY in _readiness(system), READY_SECONDS_MAX)
        assert wait_until(lambda: _status_code(system, installation.account) == 503, READY_SECONDS_MAX)
        assert wait_until(lambda: _overdue(stores), DUE_SOON_SECONDS + READY_SECONDS_MAX)
        assert (_heads(stores), _pending(stores)) == (kept, 1)
        pushward(stores.environment(), "log", "new-epoch", "--yes")
        if shape is Shape.ONE:
            assert system.edge.wait() == 1
            assert "The log has begun epoch 2; this process began in epoch 1: start it again." in system.edge.tail()
        system.start()
        asyncio.run(_log_in(system, installation.account))
        assert wait_until(lambda: _pending(stores) == 0, READY_SECONDS_MAX)
        assert wait_until(lambda: _ended_workers(system) == (2 if shape is Shape.WORKERS else 0), READY_SECONDS_MAX)
        _is_right(stores)


def test_an_epoch_is_not_begun_without_a_word(installation: Installation) -> None:
    """It asks, and says that nothing calls for it; no answer is no."""
    stores = installation.copy()
    asked = pushward(stores.environment(), "log", "new-epoch", succeeds=False)
    assert asked.returncode == 1
    assert "Nothing says that this database was restored or failed over." in asked.stderr
    assert json.loads(pushward(stores.environment(), "log", "status", "--json").stdout)["epoch"] == 1


def test_a_damaged_log_gets_no_new_epoch(installation: Installation) -> None:
    """It says what is wrong, in one line."""
    stores = installation.copy()
    asyncio.run(sql.execute(stores.database_url, "UPDATE log.shard SET position = position + 1 WHERE shard = 3"))
    refused = pushward(stores.environment(), "log", "new-epoch", "--yes", succeeds=False)
    assert refused.returncode == 1
    assert refused.stderr.startswith("pushward: The log is damaged: shard 3 has ")


async def _log_in(system: System, account: Account) -> None:
    """A challenge of a new phone, approved; its webhook comes."""
    async with (
        Tenant(system.base_url, account) as tenant,
        Receiver.listening() as receiver,
        Phone.enrolled(tenant, await tenant.new_service()) as phone,
    ):
        hook = {"FriendlyName": "Backend", "EventTypes": "challenge.approved", "WebhookUrl": receiver.url}
        await tenant.create(f"/v2/Services/{phone.factor.service_sid}/Webhooks", hook)
        challenge = await tenant.challenge(phone.entity, phone.sid)
        await phone.decide(challenge["sid"], "approved")
        await receiver.received(1)


async def _challenge_for_seconds(system: System, account: Account, seconds: int) -> None:
    """A challenge that nobody answers."""
    async with Tenant(system.base_url, account) as tenant, Phone.enrolled(tenant, await tenant.new_service()) as phone:
        date = datetime.now(UTC) + timedelta(seconds=seconds)
        await tenant.challenge(phone.entity, phone.sid, ExpirationDate=date.strftime("%Y-%m-%dT%H:%M:%SZ"))


def _pending(stores: Stores) -> int:
    rows = asyncio.run(sql.rows(stores.database_url, "SELECT FROM challenge.challenge WHERE status = 'pending'"))
    return len(rows)


def _overdue(stores: Stores) -> bool:
    """Whether a sweeper has had time for the challenge that is due first."""
    query = "SELECT min(expiration_date) < now() - make_interval(secs => $1) FROM challenge.challenge"
    return asyncio.run(sql.rows(stores.database_url, query, 2 * SWEEP_SECONDS)) == [(True,)]


def _is_right(stores: Stores) -> None:
    """State tables are what the log amounts to, and every subscription follows it in the new epoch."""
    for name in WITH_STATE:
        report = json.loads(pushward(stores.environment(), "replay", name, "--check", "--json").stdout)
        assert report["differences"] == []
    shards = json.loads(pushward(stores.environment(), "subscription", "status", "--json").stdout)
    assert {shard["epoch"] for shard in shards} == {2}
    assert not [shard for shard in shards if shard["alarm"] or shard["parked"]]


def _moved(stores: Stores, source: EmbeddedPostgres, restored: EmbeddedPostgres) -> Stores:
    """The same databases on another server."""
    old, new = source.database_url(""), restored.database_url("")
    (old_place, new_place) = (url.partition("?")[2] for url in (old, new))
    return replace(
        stores,
        database_url=stores.database_url.replace(old_place, new_place),
        keys_url=stores.keys_url.replace(old_place, new_place),
    )


@contextmanager
def _started(system: System) -> Iterator[System]:
    for child in system.children.values():
        child.start()
    try:
        yield system
    finally:
        system.end()


def _heads(stores: Stores) -> list[Any]:  # Any: a column's values
    rows = asyncio.run(sql.rows(stores.database_url, "SELECT position FROM log.shard ORDER BY shard"))
    return [position for (position,) in rows]


def _readiness(system: System) -> str:
    try:
        return plain_http.get(f"{system.base_url}/readyz").text
    except httpx.TransportError as error:
        return repr(error)


def _status_code(system: System, account: Account) -> int:
    return plain_http.get(f"{system.base_url}/v2/Services", (account.sid, account.auth_token)).status_code


def _ended_workers(system: System) -> int:
    return sum(entry["event"] == "worker_died" for entry in system.log_entries())


def _directory(parent: Path, name: str) -> Path:
    directory = parent / name
    directory.mkdir()
    return directory
