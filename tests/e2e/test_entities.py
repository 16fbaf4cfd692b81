"""Entities: somebody to verify, known by an identity."""

import pytest

from tests.support.phone import new_identity
from tests.support.tenant import Tenant, entity_path, refused


@pytest.mark.exercises("POST /v2/Services/{ServiceSid}/Entities", "GET /v2/Services/{ServiceSid}/Entities/{Identity}")
async def test_an_entity_shows_what_it_was_created_with(tenant: Tenant, service: str) -> None:
    """Creation and a later read give the same."""
    identity = new_identity()
    created = await tenant.create(f"/v2/Services/{service}/Entities", {"Identity": identity})
    assert (created["identity"], created["service_sid"]) == (identity, service)
    assert created["url"] == f"{tenant.base_url}{entity_path(service, identity)}"
    assert created["links"]["challenges"] == f"{created['url']}/Challenges"
    assert await tenant.get(entity_path(service, identity)) == created


async def test_an_identity_is_case_sensitive(tenant: Tenant, service: str) -> None:
    """Two entities may differ in case alone; neither is found under the other's name."""
    upper = await tenant.create(f"/v2/Services/{service}/Entities", {"Identity": "USER-0001"})
    assert await tenant.gone(entity_path(service, "user-0001"))
    lower = await tenant.create(f"/v2/Services/{service}/Entities", {"Identity": "user-0001"})
    assert upper["sid"] != lower["sid"]


async def test_the_same_identity_lives_in_each_service_on_its_own(tenant: Tenant, service: str) -> None:
    """Stage and prod don't share their users."""
    other_service = await tenant.new_service("Prod")
    identity = new_identity()
    here = await tenant.create(f"/v2/Services/{service}/Entities", {"Identity": identity})
    there = await tenant.create(f"/v2/Services/{other_service}/Entities", {"Identity": identity})
    assert here["sid"] != there["sid"]


@pytest.mark.provokes(60301)
async def test_an_entity_is_created_once(tenant: Tenant, service: str) -> None:
    """The second time 409 60301."""
    form = {"Identity": new_identity()}
    await tenant.create(f"/v2/Services/{service}/Entities", form)
    assert refused(await tenant.client.post(f"/v2/Services/{service}/Entities", data=form)) == (409, 60301)


@pytest.mark.parametrize("identity", ["", "short", "x" * 65, "jo@example.com", "under_score", "with space"])
@pytest.mark.provokes(60367)
async def test_a_malformed_identity_is_refused_on_creation_and_not_found_on_reads(
    tenant: Tenant, service: str, identity: str
) -> None:
    """400 60367 and 404."""
    created = await tenant.client.post(f"/v2/Services/{service}/Entities", data={"Identity": identity})
    assert refused(created) == (400, 60367)
    if identity:
        assert (await tenant.client.get(entity_path(service, identity))).status_code == 404


async def test_an_identity_that_looks_like_a_sid_is_an_identity(tenant: Tenant, service: str) -> None:
    """`{Identity}` is never read as a SID."""
    created = await tenant.create(f"/v2/Services/{service}/Entities", {"Identity": new_identity()})
    assert await tenant.gone(entity_path(service, created["sid"]))
    namesake = await tenant.create(f"/v2/Services/{service}/Entities", {"Identity": created["sid"]})
    assert (await tenant.get(entity_path(service, created["sid"])))["sid"] == namesake["sid"]
