"""The database goes and comes back: 503 with the envelope meanwhile, then everything as before, by itself."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from deploy.embedded.postgres import EmbeddedPostgres
from tests.support.installation import Installation
from tests.support.phone import Phone
from tests.support.receiver import Receiver
from tests.support.system import Shape, System, running
from tests.support.tenant import Tenant, refused
from tests.support.waiting import eventually

UNAVAILABLE: Final = (503, 20503)


@pytest.fixture(scope="module")
def fragile() -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL that may be stopped."""
    with EmbeddedPostgres.ephemeral(fsync=False) as server:
        yield server


@pytest.fixture(scope="module")
def fragile_installation(fragile: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """Databases on it."""
    return Installation(fragile, tmp_path_factory.mktemp("fragile"))


@pytest.fixture(params=[Shape.ONE, Shape.SPLIT], ids=str)
def dependent(request: pytest.FixtureRequest, fragile_installation: Installation, tmp_path: Path) -> Iterator[System]:
    """A system that works on it."""
    with running(request.param, fragile_installation.copy(), tmp_path) as system:
        yield system


async def test_a_database_that_goes_and_comes_back(
    dependent: System, fragile: EmbeddedPostgres, fragile_installation: Installation, receiver: Receiver
) -> None:
    """Reads and writes are refused, readiness says so, no process ends; afterwards logins and webhooks go on."""
    pids = [child.pid for child in dependent.children.values()]
    async with (
        Tenant(dependent.base_url, fragile_installation.account) as tenant,
        Phone.enrolled(tenant, await tenant.new_service()) as phone,
    ):
        hook = {"FriendlyName": "Backend", "EventTypes": "challenge.approved", "WebhookUrl": receiver.url}
        await tenant.create(f"/v2/Services/{phone.factor.service_sid}/Webhooks", hook)
        challenge = await tenant.challenge(phone.entity, phone.sid)
        fragile.stop()
        try:
            signed = {name: challenge[name] for name in ("sid", "status")}
            assert refused(await tenant.client.get(phone.path)) == UNAVAILABLE
            assert refused(await tenant.client.get(challenge["url"])) == UNAVAILABLE
            assert refused(await tenant.client.delete(phone.path)) == UNAVAILABLE
            assert refused(await phone.answer(challenge["sid"], signed)) == UNAVAILABLE
            assert refused(await phone.get(phone.path)) == UNAVAILABLE
            await eventually(lambda: readiness(tenant), 503)
        finally:
            fragile.start()
        await eventually(lambda: readiness(tenant), 200)
        assert (await phone.decide(challenge["sid"], "approved")).status == "approved"
        assert (await receiver.of_type("challenge.approved")).form["challenge_sid"] == challenge["sid"]
    assert [child.pid for child in dependent.children.values()] == pids
    assert all(child.running for child in dependent.children.values())


async def readiness(tenant: Tenant) -> int:
    """The status of `/readyz`."""
    return (await tenant.client.get("/readyz")).status_code
