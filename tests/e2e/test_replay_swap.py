"""`pushward replay NAME` while users log in: the tables are replaced, and nobody notices."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest
import structlog

from pushward.eventlog.rebuild.swap import SWAP_SECONDS_MAX
from tests.support import sql
from tests.support.installation import Installation, Stores, pushward
from tests.support.phone import Phone
from tests.support.receiver import Receiver
from tests.support.system import Shape, System, running
from tests.support.tenant import Json, Tenant
from tests.support.waiting import until

NAMES: Final = ("registry", "challenge", "webhook")
USERS: Final = 4
MS: Final = 1000

_log = structlog.get_logger(__name__)


@pytest.fixture(params=[Shape.ONE, Shape.SPLIT], ids=str)
def busy(request: pytest.FixtureRequest, installation: Installation, tmp_path: Path) -> Iterator[System]:
    """A system whose tables will be replaced."""
    with running(request.param, installation.copy(), tmp_path) as system:
        yield system


@dataclass(slots=True)
class Load:
    """What users and a backend do all the time; any answer but the right one ends it."""

    tenant: Tenant
    service_sid: str
    webhook: str
    approved: list[str] = field(default_factory=list)
    slowest_seconds: float = 0.0
    rounds: dict[str, int] = field(default_factory=dict)
    ended: bool = False

    async def logs_in(self, phone: Phone) -> None:
        """A whole login: asked, shown, answered, read; and the lists of both sides."""
        challenge = await self.tenant.challenge(phone.entity, phone.sid)
        assert any(
            seen.sid == challenge["sid"]
            for seen in (await phone.device.challenges.list(phone.sid, order="desc")).challenges
        )
        assert (await phone.decide(challenge["sid"], "approved")).status == "approved"
        assert (await self.tenant.get(challenge["url"]))["status"] == "approved"
        self.approved.append(challenge["sid"])

    async def enrols(self) -> None:
        """A new user with a phone, who leaves again."""
        async with Phone.enrolled(self.tenant, self.service_sid) as phone:
            assert (await self.tenant.get(phone.path))["status"] == "verified"
            await self.tenant.delete(phone.entity)
            assert await self.tenant.gone(phone.entity)

    async def changes_webhook(self) -> None:
        """A new name for the webhook, read at once."""
        name = f"Backend {self.rounds.get('changes_webhook', 0)}"
        await self.tenant.update(self.webhook, {"FriendlyName": name})
        assert (await self.tenant.get(self.webhook))["friendly_name"] == name

    async def keeps(self, name: str, do: Callable[[], Awaitable[None]]) -> None:
        """Does it again and again until the load ends."""
        loop = asyncio.get_running_loop()
        while not self.ended:
            started_at = loop.time()
            await do()
            self.slowest_seconds = max(self.slowest_seconds, loop.time() - started_at)
            self.rounds[name] = self.rounds.get(name, 0) + 1

    async def goes_on(self) -> None:
        """Waits until everybody has done it again: of two rounds that end, one at least began after this."""
        before = dict(self.rounds)

        async def all_have() -> bool:
            return all(self.rounds.get(name, 0) > count + 1 for name, count in before.items())

        await until(all_have)


async def replays(stores: Stores, name: str, *options: str) -> Json:
    """`pushward replay NAME`, beside everything else."""
    done = await asyncio.to_thread(pushward, stores.environment(), "replay", name, "--json", *options)
    report: Json = json.loads(done.stdout)
    return report


async def oids(stores: Stores, schema: str) -> list[tuple[object, ...]]:
    """The state tables' identities."""
    query = """
        SELECT c.relname::text, c.oid::int FROM pg_class AS c
         WHERE c.relnamespace = to_regnamespace($1)
           AND EXISTS (SELECT FROM pg_type WHERE typnamespace = to_regnamespace($2) AND typname = c.relname || '_row')
         ORDER BY 1"""
    return await sql.rows(stores.database_url, query, schema, schema.removesuffix("_old"))


@pytest.mark.timeout(400)
async def test_state_tables_are_replaced_while_users_log_in(
    busy: System, installation: Installation, receiver: Receiver
) -> None:
    """Each service's in turn, and one's again: no request fails, no webhook is missing, all is as the log says."""
    async with AsyncExitStack() as stack:
        tenant = await stack.enter_async_context(Tenant(busy.base_url, installation.account))
        service_sid = await tenant.new_service()
        hook = {"FriendlyName": "Backend", "EventTypes": "challenge.approved", "WebhookUrl": receiver.url}
        webhook = await tenant.create(f"/v2/Services/{service_sid}/Webhooks", hook)
        phones = [await stack.enter_async_context(Phone.enrolled(tenant, service_sid)) for _ in range(USERS)]
        load = Load(tenant, service_sid, webhook["url"])
        async with asyncio.TaskGroup() as group:
            for phone in phones:
                group.create_task(load.keeps("logs_in", lambda phone=phone: load.logs_in(phone)))  # type: ignore[misc]
            group.create_task(load.keeps("enrols", load.enrols))
            group.create_task(load.keeps("changes_webhook", load.changes_webhook))
            for name in (*NAMES, "registry"):
                await load.goes_on()
                before = await oids(busy.stores, name)
                report = await replays(busy.stores, name)
                assert report["swapped"]
                assert report["differences"] == []
                assert report["locked_ms"] < SWAP_SECONDS_MAX * MS
                _log.info(
                    "replaced_under_load", name=name, events=report["events"], writers_waited_ms=report["locked_ms"]
                )
                assert await oids(busy.stores, f"{name}_old") == before
                assert {table for table, _ in await oids(busy.stores, name)} == {table for table, _ in before}
                await load.goes_on()
                await replays(busy.stores, name, "--drop-old")
            load.ended = True
        await receiver.received(len(load.approved))
        assert {delivery.form["challenge_sid"] for delivery in receiver.deliveries} == set(load.approved)
    _log.info("served_meanwhile", rounds=load.rounds, slowest_ms=round(load.slowest_seconds * MS))
    for name in NAMES:
        assert (await replays(busy.stores, name, "--check"))["differences"] == []
    assert [
        entry for entry in busy.log_entries() if "exception" in entry or entry["level"] in ("error", "critical")
    ] == []
