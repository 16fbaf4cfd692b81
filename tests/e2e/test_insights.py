"""A tenant reads figures: live with Kafka, later without it; and nothing else needs them."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from deploy.embedded.kafka import EmbeddedKafka
from tests.support.installation import Installation, pushward
from tests.support.phone import Phone
from tests.support.system import Shape, System, running
from tests.support.tenant import Json, Tenant, refused
from tests.support.waiting import eventually, until

HOURS: Final = timedelta(hours=1)
RECOVERY_SECONDS_MAX: Final = 60.0
"""A killed one's lease lapses (6 s); if faust then takes nothing, it is noticed (10 s), and another begins."""


def path_of(service_sid: str) -> str:
    """Where a service's figures are."""
    return f"/pushward/v1/services/{service_sid}/insights"


@pytest.fixture
async def tenant(tenant: Tenant, service: str) -> Tenant:
    """A backend whose system serves figures: the edge is ready without insights."""
    await until(lambda: _served(tenant, service))
    return tenant


async def _served(tenant: Tenant, service: str) -> bool:
    return (await tenant.client.get(path_of(service))).status_code != 503


@pytest.mark.exercises("GET /pushward/v1/services/{service_sid}/insights")
async def test_a_service_without_challenges_has_no_figures(tenant: Tenant, service: str) -> None:
    """Zeros, not an error."""
    body = await tenant.get(path_of(service))
    assert (body["service_sid"], body["windows"], body["counted_at"]) == (service, [], None)
    assert set(body["total"].values()) == {0}


async def test_nobody_sees_another_tenants_figures(tenant: Tenant, other_tenant: Tenant, service: str) -> None:
    """404, as if the service weren't there; and a deleted one isn't."""
    assert refused(await other_tenant.client.get(path_of(service))) == (404, 20404)
    await tenant.delete(f"/v2/Services/{service}")
    assert await tenant.gone(path_of(service))


async def test_a_device_may_not_read_figures(phone: Phone, service: str, tenant: Tenant) -> None:
    """They are its backend's."""
    assert refused(await phone.get(path_of(service))) == (403, 20403)


@pytest.mark.parametrize(
    "query",
    [
        {"factor": "YF1"},
        {"since": "soon"},
        {"since": "2026-01-02T00:00:00Z", "until": "2026-01-01T00:00:00Z"},
        {"since": "2026-01-01T00:00:00Z", "until": "2026-02-01T00:00:00Z"},
    ],
)
async def test_a_wrong_parameter_is_refused(tenant: Tenant, service: str, query: dict[str, str]) -> None:
    """In the contract's envelope."""
    assert refused(await tenant.client.get(path_of(service), params=query)) == (400, 60306)


@pytest.fixture(params=[Shape.SPLIT], ids=str)
def counted(
    request: pytest.FixtureRequest, installation: Installation, clean_kafka: EmbeddedKafka, tmp_path: Path
) -> Iterator[System]:
    """A system of its own, with Kafka."""
    with running(request.param, installation.copy(), tmp_path, {"PUSHWARD_KAFKA": clean_kafka.bootstrap}) as system:
        yield system


@asynccontextmanager
async def enrolled(system: System, installation: Installation) -> AsyncIterator[tuple[Tenant, Phone]]:
    """A backend of the system, and a phone of a user of its."""
    async with (
        Tenant(system.base_url, installation.account) as backend,
        Phone.enrolled(backend, await backend.new_service()) as phone,
    ):
        yield backend, phone


async def log_in(tenant: Tenant, phone: Phone) -> None:
    """One approval."""
    challenge = await tenant.challenge(phone.entity, phone.sid)
    await phone.decide(challenge["sid"], "approved")


async def test_figures_come_live_and_nothing_else_needs_them(counted: System, installation: Installation) -> None:
    """With insights killed its own endpoint answers 503, and logins go on; back again, it counts what it missed."""
    async with enrolled(counted, installation) as (tenant, phone):
        service = phone.factor.service_sid

        async def figures() -> Json:
            answer = await tenant.client.get(path_of(service), params={"factor": phone.sid})
            total: Json = answer.json()["total"] if answer.status_code == 200 else {}
            return {name: total.get(name) for name in ("created", "approved", "answered", "suspected_push_bombing")}

        await log_in(tenant, phone)
        await eventually(figures, _figures(1))
        counted.children["insights"].kill()
        assert refused(await tenant.client.get(path_of(service)))[0] == 503
        for _ in range(3):
            await log_in(tenant, phone)
        counted.children["insights"].start()
        await eventually(figures, _figures(4), RECOVERY_SECONDS_MAX)
        since = (datetime.now(UTC) - HOURS).strftime("%Y-%m-%dT%H:%M:%SZ")
        whole = (await tenant.get(path_of(service), since=since))["total"]
        assert 0 < whole["time_to_answer_ms_max"] <= whole["time_to_answer_ms_sum"]
    pushward(counted.stores.environment(), "replay", "insights", "--check")


@pytest.mark.parametrize("counted", [Shape.WORKERS], indirect=True, ids=str)
async def test_one_of_two_workers_counts(counted: System, installation: Installation) -> None:
    """Everything in each of two processes; whichever is asked serves what the one has counted."""
    async with enrolled(counted, installation) as (tenant, phone):

        async def approved() -> int:
            total: Json = (await tenant.get(path_of(phone.factor.service_sid)))["total"]
            return int(total["approved"])

        for approvals in (1, 2):
            await log_in(tenant, phone)
            await eventually(approved, approvals)
    live = [entry["term"] for entry in counted.log_entries() if entry.get("event") == "insights_live"]
    assert live == [1]


def _figures(approvals: int) -> Json:
    return {"created": approvals, "approved": approvals, "answered": approvals, "suspected_push_bombing": 0}
