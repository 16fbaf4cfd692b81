"""Key-encryption keys: changed while everything runs, and a wrong one, which opens nothing and says so."""

import asyncio
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Final
from uuid import UUID

import asyncpg
import httpx
import pytest

from deploy.embedded.waiting import wait_until
from pushward.security.kek import FileKeyEncryption
from pushward.security.keys import DATA_KEY_BYTES, DataKey, WrappedKey
from tests.support import sql
from tests.support.child import Child
from tests.support.installation import Installation, Stores, pushward
from tests.support.phone import Phone
from tests.support.system import Shape, System, running
from tests.support.tenant import Tenant, refused
from tests.support.waiting import until

MANY_KEYS: Final = 60_000
"""Enough for a rotation to be killed in its middle."""
WAIT_SECONDS_MAX: Final = 60.0
ROTATED: Final = "SELECT count(*)::int FROM keys.data_key WHERE kek_id = $1"


@pytest.fixture
def stores(installation: Installation) -> Stores:
    """Databases of a test's own."""
    return installation.copy()


async def fill(stores: Stores, count: int) -> None:
    """Data keys of so many entities that nobody asks for."""
    kek = FileKeyEncryption.load(stores.kek_file)
    keys = [DataKey(UUID(int=(0xF << 124) + number), bytes(DATA_KEY_BYTES)) for number in range(count)]
    connection = await asyncpg.connect(stores.keys_url)
    try:
        await connection.copy_records_to_table(
            "data_key",
            schema_name="keys",
            columns=("key_id", "scope", "wrapped", "kek_id"),
            records=[(key.key_id, "test", kek.wrap(key), kek.kek_id) for key in keys],
        )
    finally:
        await connection.close()


def rotated(stores: Stores, kek: FileKeyEncryption) -> int:
    """How many data keys a key-encryption key wraps."""
    ((count,),) = asyncio.run(sql.rows(stores.keys_url, ROTATED, kek.kek_id))
    assert isinstance(count, int)
    return count


async def answers(tenant: Tenant) -> bool:
    """Whether somebody listens."""
    try:
        await tenant.client.get("/healthz")
    except httpx.TransportError:
        return False
    return True


async def log_in(tenant: Tenant, phone: Phone) -> None:
    """A whole login, with details that are sealed and opened."""
    challenge = await tenant.challenge(phone.entity, phone.sid, "Log in?")
    assert (await phone.decide(challenge["sid"], "approved")).status == "approved"
    assert (await tenant.get(challenge["url"]))["details"]["message"] == "Log in?"


async def test_a_key_encryption_key_is_changed_while_everything_runs(
    installation: Installation, stores: Stores, tmp_path: Path
) -> None:
    """Rotation is killed in its middle and run again; logins go on all the time; at the end the old key is needless."""
    new_file = tmp_path / "new-kek"
    pushward(stores.environment(), "keys", "make", str(new_file))
    new = FileKeyEncryption.load(new_file)
    both = {"PUSHWARD_KEK_OTHER_FILES": str(new_file)}
    environment = {**stores.environment(), **both}
    await fill(stores, MANY_KEYS)
    with running(Shape.ONE, stores, tmp_path, both) as system:
        async with (
            Tenant(system.base_url, installation.account) as tenant,
            Phone.enrolled(tenant, await tenant.new_service()) as phone,
        ):
            rotation = Child(
                [sys.executable, "-m", "pushward.cli", "keys", "rotate", "--to", str(new_file)],
                environment,
                tmp_path / "rotation.log",
            )
            rotation.start()
            begun = await asyncio.to_thread(
                wait_until, lambda: rotated(stores, new) > 0 or not rotation.running, WAIT_SECONDS_MAX
            )
            assert begun
            rotation.kill()
            done_before = await asyncio.to_thread(rotated, stores, new)
            assert 0 < done_before < MANY_KEYS
            await log_in(tenant, phone)
            rotation.start()
            while rotation.running:
                await log_in(tenant, phone)
            assert rotation.wait() == 0, rotation.tail()
            await log_in(tenant, phone)
    # Every process restarts with the new key, and nobody holds the old one any more.
    anew = replace(stores, kek_file=new_file)
    status = json.loads(pushward(anew.environment(), "keys", "status", "--json").stdout)
    ((key),) = status["keys"]
    assert (key["key"], key["standing"]) == (new.kek_id, "current")
    assert key["data_keys"] > MANY_KEYS
    (tmp_path / "later").mkdir()
    with running(Shape.ONE, anew, tmp_path / "later") as system:
        async with Tenant(system.base_url, installation.account) as tenant:
            shown = await tenant.get(phone.path)
            assert shown["friendly_name"] == "Phone"


def test_a_rotation_to_a_key_that_nobody_holds_is_refused(stores: Stores, tmp_path: Path) -> None:
    """It would lock out every process within a minute: nothing is wrapped, and the remedy is named."""
    new_file = tmp_path / "new-kek"
    pushward(stores.environment(), "keys", "make", str(new_file))
    done = pushward(stores.environment(), "keys", "rotate", "--to", str(new_file), succeeds=False)
    assert done.returncode == 2
    assert "PUSHWARD_KEK_OTHER_FILES" in done.stderr
    assert rotated(stores, FileKeyEncryption.load(new_file)) == 0


@pytest.mark.parametrize("shape", list(Shape), ids=str)
async def test_a_wrong_key_encryption_key_opens_nothing_and_is_named(
    shape: Shape, installation: Installation, stores: Stores, tmp_path: Path
) -> None:
    """Every process starts and stays; requests are 503 with the envelope; who looks learns what is asked for."""
    right, wrong = installation.stores.kek_file, tmp_path / "wrong-kek"
    stores = replace(stores, kek_file=wrong)
    held, asked_for = FileKeyEncryption.create(wrong).kek_id, FileKeyEncryption.load(right).kek_id
    system = System(shape, stores, tmp_path)
    try:
        for child in system.children.values():
            child.start()

        def said() -> bool:
            return any(
                held in entry.get("reason", "") and asked_for in entry.get("reason", "")
                for entry in system.log_entries()
            )

        assert await asyncio.to_thread(wait_until, said, WAIT_SECONDS_MAX), system.tail()
        async with Tenant(system.base_url, installation.account) as tenant:
            await until(lambda: answers(tenant))
            assert refused(await tenant.client.get("/v2/Services")) == (503, 20503)
            readiness = await tenant.client.get("/readyz")
            assert readiness.status_code == 503
            if shape is Shape.ONE:
                assert asked_for in readiness.text
            assert (await tenant.client.get("/healthz")).status_code == 200
        assert all(child.running for child in system.children.values())
    finally:
        system.end()
    status = pushward(stores.environment(), "keys", "status", "--json", succeeds=False)
    assert status.returncode == 1
    standings = {key["key"]: key["standing"] for key in json.loads(status.stdout)["keys"]}
    assert standings == {held: "current", asked_for: "not held"}


async def wrap_otherwise(stores: Stores, identity: str, other: FileKeyEncryption) -> None:
    """The data key of an identity's entity, wrapped by a key-encryption key that no process holds."""
    ((key_id,),) = await sql.rows(
        stores.database_url, "SELECT key_id FROM registry.entity WHERE identity = $1", identity
    )
    ((scope, wrapped, kek_id),) = await sql.rows(
        stores.keys_url, "SELECT scope, wrapped, kek_id FROM keys.data_key WHERE key_id = $1", key_id
    )
    assert isinstance(key_id, UUID)
    assert isinstance(wrapped, bytes)
    key = FileKeyEncryption.load(stores.kek_file).unwrap(WrappedKey(key_id, str(scope), wrapped, str(kek_id)))
    await sql.execute(
        stores.keys_url,
        "UPDATE keys.data_key SET wrapped = $2, kek_id = $3 WHERE key_id = $1",
        key_id,
        other.wrap(key),
        other.kek_id,
    )


async def test_a_data_key_that_is_wrapped_otherwise_locks_out_nobody_else(
    installation: Installation, stores: Stores, tmp_path: Path
) -> None:
    """503 with the envelope, which names both keys; the others log in as ever, and the process stays ready."""
    other = FileKeyEncryption.create(tmp_path / "other-kek")
    with running(Shape.ONE, stores, tmp_path) as system:
        async with Tenant(system.base_url, installation.account) as tenant:
            service = await tenant.new_service()
            async with Phone.enrolled(tenant, service) as phone:
                pass
    await wrap_otherwise(stores, phone.factor.identity, other)
    (tmp_path / "later").mkdir()
    with running(Shape.ONE, stores, tmp_path / "later") as system:
        async with (
            Tenant(system.base_url, installation.account) as tenant,
            Phone.enrolled(tenant, service) as sibling,
        ):
            for path, form in (
                (phone.path, None),
                (f"{phone.entity}/Factors", None),
                (f"{phone.entity}/Challenges", {"FactorSid": phone.sid, "Details.Message": "Log in?"}),
            ):
                answer = await (tenant.client.get(path) if form is None else tenant.client.post(path, data=form))
                assert refused(answer) == (503, 20503)
                assert other.kek_id in answer.json()["message"]
                assert FileKeyEncryption.load(stores.kek_file).kek_id in answer.json()["message"]
            await log_in(tenant, sibling)
            assert (await tenant.client.get("/readyz")).status_code == 200
