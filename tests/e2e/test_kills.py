"""`kill -9` at a bad moment: what was accepted is there, what is due is done. Each test has a system of its own."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import httpx
import psutil
import pytest

from tests.support import sql
from tests.support.installation import Installation
from tests.support.phone import Phone, new_identity
from tests.support.receiver import Receiver
from tests.support.system import WORKERS, Shape, System, running
from tests.support.tenant import Tenant, refused
from tests.support.waiting import eventually, until

REQUESTS: Final = 40
ROUNDS_AFTER: Final = 5
WRITERS: Final = 8
ENTITIES_MAX: Final = 900
"""What fits into one page."""

OVERDUE: Final = "UPDATE webhook.delivery SET due_at = clock_timestamp() WHERE status = 'due'"
"""Ends the lease of a dead process's deliveries, instead of waiting for it."""


@pytest.fixture(params=[Shape.ONE], ids=str)
def mortal(request: pytest.FixtureRequest, installation: Installation, tmp_path: Path) -> Iterator[System]:
    """A system that may be killed."""
    with running(request.param, installation.copy(), tmp_path) as system:
        yield system


@asynccontextmanager
async def enrolled(system: System, installation: Installation) -> AsyncIterator[tuple[Tenant, Phone]]:
    """A backend of the system, and a phone of a user of its."""
    async with (
        Tenant(system.base_url, installation.account) as tenant,
        Phone.enrolled(tenant, await tenant.new_service()) as phone,
    ):
        yield tenant, phone


@pytest.mark.parametrize("mortal", [Shape.ONE, Shape.SPLIT], indirect=True, ids=str)
async def test_a_delivery_outlives_the_process_that_had_it(
    mortal: System, installation: Installation, receiver: Receiver
) -> None:
    """Killed before the answer came: another attempt, the same id and body; then never again."""
    async with enrolled(mortal, installation) as (tenant, phone):
        hook = {"FriendlyName": "Backend", "EventTypes": "challenge.approved", "WebhookUrl": receiver.url}
        await tenant.create(f"/v2/Services/{phone.factor.service_sid}/Webhooks", hook)
        receiver.answering.clear()
        challenge = await tenant.challenge(phone.entity, phone.sid)
        await phone.decide(challenge["sid"], "approved")
        await receiver.received(1)
        mortal.children["webhook" if mortal.shape is Shape.SPLIT else "all"].kill()
        receiver.answering.set()
        await asyncio.to_thread(mortal.start)
        assert await sql.execute(mortal.stores.database_url, OVERDUE) == "UPDATE 1"
        first, second = await receiver.received(2)
        assert (second.body, second.headers["webhook-id"]) == (first.body, first.headers["webhook-id"])

        async def recorded() -> bool:
            found = await sql.rows(mortal.stores.database_url, "SELECT status, attempts FROM webhook.delivery")
            return found == [("delivered", 2)]

        await until(recorded)
        assert len(receiver.deliveries) == 2


async def test_nothing_that_was_answered_is_lost_when_everything_is_killed(
    mortal: System, installation: Installation
) -> None:
    """Ten logins, a kill, a second start: each is as its user decided, and the next one works."""
    async with enrolled(mortal, installation) as (tenant, phone):
        seen = []
        for number in range(10):
            challenge = await tenant.challenge(phone.entity, phone.sid, f"Login {number}")
            if number % 3:
                await phone.decide(challenge["sid"], "approved" if number % 3 == 1 else "denied")
            seen.append(await tenant.get(challenge["url"]))
        mortal.edge.kill()
        await asyncio.to_thread(mortal.start)
        assert (await tenant.get(f"{phone.entity}/Challenges"))["challenges"] == seen
        assert (await phone.decide(seen[0]["sid"], "approved")).status == "approved"


@pytest.mark.parametrize(("mortal", "end"), [(Shape.ONE, "killed"), (Shape.WORKERS, "drained")], indirect=["mortal"])
async def test_what_was_answered_under_load_is_there_afterwards(
    mortal: System, installation: Installation, end: str
) -> None:
    """Writers who write until they get no answer: each entity whose 201 they saw exists after the next start."""
    async with Tenant(mortal.base_url, installation.account) as tenant:
        service = await tenant.new_service()
        created: list[str] = []
        writers = [asyncio.create_task(_write(tenant, service, created)) for _ in range(WRITERS)]
        await until(_has_at_least(created, WRITERS))
        if end == "killed":
            mortal.edge.kill()
        else:
            mortal.edge.terminate()
            assert await asyncio.to_thread(mortal.edge.wait) == 0
        await asyncio.gather(*writers)
        await asyncio.to_thread(mortal.start)
        listed = (await tenant.get(f"/v2/Services/{service}/Entities", PageSize="1000"))["entities"]
        assert set(created) <= {entity["identity"] for entity in listed}


async def _write(tenant: Tenant, service: str, created: list[str]) -> None:
    """Creates entities until nobody answers; notes those that were answered."""
    async with Tenant(tenant.base_url, tenant.account) as writer:
        while len(created) < ENTITIES_MAX:
            identity = new_identity()
            try:
                answer = await writer.client.post(f"/v2/Services/{service}/Entities", data={"Identity": identity})
            except httpx.TransportError:
                return
            if answer.status_code != 201:
                assert refused(answer)[0] == 503
                return
            created.append(identity)


def _has_at_least(created: list[str], count: int) -> Callable[[], Awaitable[bool]]:
    async def has() -> bool:
        return len(created) >= count

    return has


@pytest.mark.parametrize("mortal", [Shape.SPLIT], indirect=True, ids=str)
async def test_a_killed_target_is_missed_only_while_it_is_away(mortal: System, installation: Installation) -> None:
    """Whoever needs it gets 503 with the envelope; once it is back, all works, without anybody else's restart."""
    async with enrolled(mortal, installation) as (tenant, phone):
        form = {"FactorSid": phone.sid, "Details.Message": "Log in?"}
        for target, status in (("registry", 503), ("challenge", 503), ("notifier", 201), ("webhook", 201)):
            others = {name: child.pid for name, child in mortal.children.items() if name != target}
            mortal.children[target].kill()
            answer = await tenant.client.post(f"{phone.entity}/Challenges", data=form)
            assert answer.status_code == status, target
            assert status == 201 or refused(answer) == (503, 20503)
            mortal.children[target].start()
            await eventually(lambda: _status(tenant, phone, form), 201)
            challenge = await tenant.challenge(phone.entity, phone.sid)
            assert (await phone.decide(challenge["sid"], "approved")).status == "approved"
            assert {name: mortal.children[name].pid for name in others} == others


@pytest.mark.parametrize("mortal", [Shape.WORKERS], indirect=True, ids=str)
async def test_a_killed_worker_is_replaced_and_requests_go_on(mortal: System, installation: Installation) -> None:
    """The other worker answers all that come meanwhile; the new one takes none before it can serve them."""

    def serving() -> int:
        return sum(entry["event"] == "http_serving" for entry in mortal.log_entries())

    async def both_serve() -> bool:
        return serving() == WORKERS

    async with enrolled(mortal, installation) as (tenant, phone):
        await until(both_serve)
        before = {child.pid for child in mortal.edge.living_children()}
        assert len(before) == WORKERS
        killed = psutil.Process(min(before))
        killed.kill()
        await asyncio.to_thread(killed.wait)
        rounds_after = 0
        while rounds_after < ROUNDS_AFTER:
            rounds_after += serving() > WORKERS
            assert await _answers(tenant, phone) == {200}
        challenge = await tenant.challenge(phone.entity, phone.sid)
        assert (await phone.decide(challenge["sid"], "approved")).status == "approved"
        after = {child.pid for child in mortal.edge.living_children()}
        assert (len(after), len(after & before)) == (WORKERS, WORKERS - 1)


async def _status(tenant: Tenant, phone: Phone, form: dict[str, str]) -> int:
    """The status of one more challenge."""
    return (await tenant.client.post(f"{phone.entity}/Challenges", data=form)).status_code


async def _answers(tenant: Tenant, phone: Phone) -> set[int]:
    """The statuses of requests that each have a connection of their own."""

    async def ask() -> int:
        async with Tenant(tenant.base_url, tenant.account) as newcomer:
            return (await newcomer.client.get(phone.path)).status_code

    return set(await asyncio.gather(*(ask() for _ in range(REQUESTS))))
