"""`pushward forget` beside a running system: afterwards what was sealed of somebody is nowhere to be read."""

import asyncio
import json
import time
from pathlib import Path
from typing import Final

import pytest

from tests.e2e.conftest import Enrol
from tests.support import sql
from tests.support.installation import Installation, Stores, pushward
from tests.support.phone import STREAM, Phone, receipt_path
from tests.support.receiver import Receiver
from tests.support.system import Shape, System, running
from tests.support.tenant import Json, Tenant, refused
from tests.support.waiting import eventually, until

WITHIN_SECONDS: Final = 5.0
"""For what follows within a second, on a machine that isn't busy with a whole test suite."""


def forget(system: System, phone: Phone) -> Json:
    """What the command prints."""
    service, identity = phone.factor.service_sid, phone.factor.identity
    said = pushward(
        system.stores.environment(), "forget", "--service", service, "--entity", identity, "--yes", "--json"
    )
    done: Json = json.loads(said.stdout)
    return done


async def test_a_forgotten_entity_is_gone_with_all_that_it_had(
    system: System, tenant: Tenant, phone: Phone, enrol: Enrol
) -> None:
    """404 for every read, 401 for its device; the tenant's other entities are as they were."""
    other = await enrol(phone.factor.service_sid)
    of_other = await tenant.challenge(other.entity, other.sid)
    pending, approved = [await tenant.challenge(phone.entity, phone.sid) for _ in range(2)]
    await phone.decide(approved["sid"], "approved")
    signed = {**await phone.shown(pending["sid"]), "status": "approved"}
    receipt = receipt_path(phone.factor, approved["sid"])
    assert (await tenant.get(receipt))["jws"]
    entity = await tenant.get(phone.entity)
    done = forget(system, phone)
    assert done["entity_sids"] == [entity["sid"]]
    for path in (phone.entity, phone.path, f"{phone.entity}/Factors"):
        assert refused(await tenant.client.get(path)) == (404, 60392)
    assert refused(await phone.get(phone.path)) == (401, 20003)
    assert refused(await phone.answer(pending["sid"], signed)) == (401, 20003)
    began = time.monotonic()
    for path in (pending["url"], approved["url"], receipt):
        await until(lambda path=path: tenant.gone(path))  # type: ignore[misc]  # the loop's own path
    assert time.monotonic() - began < WITHIN_SECONDS
    assert (await tenant.get(f"{phone.entity}/Challenges"))["challenges"] == []
    assert (await other.decide(of_other["sid"], "approved")).status == "approved"


async def test_only_tombstones_are_left_of_its_keys(system: System, phone: Phone) -> None:
    """In the key store: the row stays, its key is gone."""
    done = forget(system, phone)
    assert done["keys_destroyed"]
    for key_id in done["keys_destroyed"]:
        rows = await sql.rows(
            system.stores.keys_url,
            "SELECT wrapped, destroyed_at FROM keys.data_key WHERE key_id = $1::text::uuid",
            key_id,
        )
        ((wrapped, destroyed_at),) = rows
        assert wrapped is None
        assert destroyed_at is not None


async def test_deliveries_that_wait_are_cancelled(
    system: System, tenant: Tenant, phone: Phone, receiver: Receiver
) -> None:
    """What a receiver refused before isn't told again: there is nothing left to tell."""
    receiver.statuses = [500] * 100
    hook = {"FriendlyName": "Backend", "EventTypes": "challenge.approved", "WebhookUrl": receiver.url}
    await tenant.create(f"/v2/Services/{phone.factor.service_sid}/Webhooks", hook)
    await phone.decide((await tenant.challenge(phone.entity, phone.sid))["sid"], "approved")
    await receiver.received(1)

    async def statuses() -> list[tuple[object, ...]]:
        return await sql.rows(
            system.stores.database_url,
            "SELECT d.status FROM webhook.delivery AS d JOIN webhook.webhook AS w USING (webhook_sid)"
            " WHERE w.service_sid = $1",
            phone.factor.service_sid,
        )

    assert await statuses() == [("due",)]
    forget(system, phone)
    cancelled: list[tuple[object, ...]] = [("cancelled",)]
    await eventually(statuses, cancelled)


async def test_an_open_device_stream_ends(system: System, tenant: Tenant, phone: Phone) -> None:
    """As when the factor is deleted: the device that is connected learns that it is nobody any more."""
    async with phone.client.stream("GET", STREAM, auth=("token", phone.token())) as stream:
        assert stream.status_code == 200
        forget(system, phone)
        async for _ in stream.aiter_bytes():
            pass


async def test_the_name_in_an_access_token_is_gone(system: System, tenant: Tenant, phone: Phone) -> None:
    """The token's record stays; it enrols nobody."""
    service, identity = phone.factor.service_sid, phone.factor.identity
    form = {"Identity": identity, "FactorType": "push", "FactorFriendlyName": "Anna's phone"}
    issued = await tenant.create(f"/v2/Services/{service}/AccessTokens", form)
    path = f"/v2/Services/{service}/AccessTokens/{issued['sid']}"
    assert (await tenant.get(path))["factor_friendly_name"] == "Anna's phone"
    forget(system, phone)

    async def name() -> object:
        return (await tenant.get(path))["factor_friendly_name"]

    await eventually(name, None)


async def test_somebody_new_under_the_same_identity_starts_afresh(
    system: System, tenant: Tenant, phone: Phone, enrol: Enrol
) -> None:
    """A new key, nothing of the old; forgetting it again takes the new life, too."""
    done = forget(system, phone)
    again = await enrol(phone.factor.service_sid, identity=phone.factor.identity)
    challenge = await tenant.challenge(again.entity, again.sid)
    assert (await again.decide(challenge["sid"], "denied")).status == "denied"
    done_again = forget(system, again)
    assert not set(done["entity_sids"]) & set(done_again["entity_sids"])
    assert set(done["keys_destroyed"]) < set(done_again["keys_destroyed"])
    assert forget(system, again)["entity_sids"] == []


def test_the_command_says_whom_it_does_not_know(system: System, service: str) -> None:
    """Exit 1 and one line; a SID is no identity; without --yes nobody is asked who isn't there."""
    asked = ("forget", "--service", service, "--entity")
    for arguments, text in (
        ((*asked, "nobody-here", "--yes"), "The entity was not found."),
        (("forget", "--service", "VA" + "0" * 32, "--entity", "nobody-here", "--yes"), "The service was not found."),
        ((*asked, "nobody-here"), "add --yes"),
    ):
        done = pushward(system.stores.environment(), *arguments, succeeds=False)
        assert done.returncode in (1, 2)
        assert text in done.stderr
        assert "Traceback" not in done.stderr


@pytest.fixture
def stores(installation: Installation) -> Stores:
    """Databases of a test's own."""
    return installation.copy()


async def test_a_forgetting_outlives_whoever_began_it(
    installation: Installation, stores: Stores, tmp_path: Path
) -> None:
    """Everything is killed, and the command can't reach the key store: the event is there, so the keys' end comes."""

    async def living_keys() -> int:
        rows = await sql.rows(stores.keys_url, "SELECT 1 FROM keys.data_key WHERE wrapped IS NOT NULL")
        return len(rows)

    with running(Shape.ONE, stores, tmp_path) as system:
        before = await living_keys()
        async with Tenant(system.base_url, installation.account) as tenant:
            async with Phone.enrolled(tenant, await tenant.new_service()) as phone:
                pass
            assert await living_keys() == before + 1
            system.edge.kill()
            environment = stores.environment() | {"PUSHWARD_KEYS_URL": "postgresql://127.0.0.1:1/nowhere"}
            asked = ("--service", phone.factor.service_sid, "--entity", phone.factor.identity, "--yes")
            failed = pushward(environment, "forget", *asked, succeeds=False)
            assert (failed.returncode, "can't be reached" in failed.stderr) == (1, True)
            assert await living_keys() == before + 1
            await asyncio.to_thread(system.start)
            await eventually(living_keys, before)
            assert refused(await tenant.client.get(phone.entity)) == (404, 60392)
