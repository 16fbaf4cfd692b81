"""A tenant follows its events over HTTP: whole, in order, and its own only."""

import asyncio
import base64
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from pushward.api.events.v1 import challenge_pb2, envelope_pb2
from tests.support import sql
from tests.support.installation import SHARDS, Installation
from tests.support.phone import Phone
from tests.support.system import Shape, System, running
from tests.support.tenant import Json, Tenant, refused
from tests.support.waiting import until

EVENTS: Final = "/pushward/v1/events"
WAIT_SECONDS: Final = 20
SOON_SECONDS: Final = 10.0

_SCANNED_SINCE: Final = """
SELECT EXISTS (SELECT FROM pg_stat_activity
                WHERE datname = current_database() AND application_name = 'pushward-relay' AND state = 'idle'
                  AND query LIKE '%LATERAL%' AND query_start > $1)"""


@pytest.fixture
async def tenant(tenant: Tenant) -> Tenant:
    """A backend whose system serves events: the edge is ready without relay."""
    await until(lambda: _served(tenant))
    return tenant


async def _served(tenant: Tenant) -> bool:
    answer = await tenant.client.get(EVENTS, params={"shard": "0", "after": "0"})
    return answer.status_code == 200 or refused(answer)[0] != 503


async def _page(tenant: Tenant, shard: int, after: int, **more: int) -> Json:
    return await tenant.get(EVENTS, shard=shard, after=after, **more)


async def _followed(tenant: Tenant, shard: int, after: int = 0, limit: int = 7) -> tuple[list[Json], int]:
    """All the tenant's events of a shard, page by page, and where it ends."""
    seen: list[Json] = []
    while True:
        page = await _page(tenant, shard, after, limit=limit)
        seen += page["events"]
        after = page["scanned_through"]
        if after >= page["head"]:
            return seen, after


def _shard_of(sid: str) -> int:
    return int(sid[2:6], 16)


@pytest.mark.exercises("GET /pushward/v1/events")
async def test_everything_of_one_user_is_there_in_order(tenant: Tenant, phone: Phone) -> None:
    """From the enrolment to the answer, on one shard: each stream's versions count up, each envelope fits its event."""
    challenge = (await tenant.challenge(phone.entity, phone.sid))["sid"]
    await phone.decide(challenge, "approved")
    events, _ = await _followed(tenant, _shard_of(challenge))
    positions = [event["position"] for event in events]
    assert positions == sorted({*positions})
    versions: dict[str, int] = {}
    for event in events:
        versions[event["stream_id"]] = versions.get(event["stream_id"], 0) + 1
        assert event["version"] == versions[event["stream_id"]]
        envelope = envelope_pb2.Envelope.FromString(base64.b64decode(event["envelope"]))
        assert envelope.account_sid == tenant.account.sid
        assert (envelope.version, envelope.type) == (event["version"], event["type_number"])
    mine = [event for event in events if _challenge_sid(event) == challenge]
    assert [event["type"] for event in mine] == ["pushward.challenge_created", "pushward.challenge_approved"]


async def test_sealed_fields_stay_sealed(tenant: Tenant, phone: Phone) -> None:
    """What the device showed is in no event in the clear."""
    challenge = (await tenant.challenge(phone.entity, phone.sid, message="Transfer 1,000 to Zoë?"))["sid"]
    events, _ = await _followed(tenant, _shard_of(challenge))
    assert any(_challenge_sid(event) == challenge for event in events)
    assert not any(b"Transfer 1,000" in base64.b64decode(event["payload"]) for event in events)


async def test_tenants_share_shards_and_see_their_own(tenant: Tenant, other_tenant: Tenant, phone: Phone) -> None:
    """Positions of others are passed over by both; together the two see each position once."""
    assert await other_tenant.new_service()
    for shard in range(SHARDS):
        mine, my_end = await _followed(tenant, shard)
        theirs, their_end = await _followed(other_tenant, shard)
        my_positions = {event["position"] for event in mine}
        their_positions = {event["position"] for event in theirs}
        assert not my_positions & their_positions
        assert my_positions | their_positions <= set(range(1, max(my_end, their_end) + 1))
        owners = {_owner(event) for event in theirs}
        assert owners <= {other_tenant.account.sid}


async def test_other_tenants_events_move_the_position_on(tenant: Tenant, other_tenant: Tenant) -> None:
    """Nobody reads them again and again."""
    theirs = await other_tenant.new_service()
    shard = _shard_of(theirs)
    _, end = await _followed(tenant, shard)
    await other_tenant.update(f"/v2/Services/{theirs}", {"FriendlyName": "Moved"})
    page = await _page(tenant, shard, end)
    assert page["scanned_through"] > end
    assert all(_owner(event) == tenant.account.sid for event in page["events"])


async def test_a_long_poll_wakes(tenant: Tenant) -> None:
    """An event of the tenant's ends it long before its time, whichever process appended it."""
    service = await tenant.new_service()
    shard = _shard_of(service)
    _, end = await _followed(tenant, shard)
    async with asyncio.timeout(SOON_SECONDS):
        poll = asyncio.create_task(_page(tenant, shard, end, wait=WAIT_SECONDS))
        while not poll.done():  # it may not have begun to wait: another event comes until it has seen one
            await tenant.update(f"/v2/Services/{service}", {"FriendlyName": "Awake"})
            await asyncio.wait({poll}, timeout=0.1)
    page = await poll
    assert [_owner(event) for event in page["events"]] == [tenant.account.sid] * len(page["events"])
    assert page["events"][0]["type"] == "pushward.service_updated"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"shard": "0"}, (400, 60306)),
        ({"shard": "zero", "after": "0"}, (400, 60306)),
        ({"shard": "0", "after": "-1"}, (400, 60306)),
        ({"shard": "0", "after": "0", "limit": "0"}, (400, 60306)),
        ({"shard": "0", "after": "0", "wait": "3600"}, (400, 60306)),
        ({"shard": str(SHARDS), "after": "0"}, (404, 20404)),
        ({"shard": "0", "after": str(2**62)}, (409, 20409)),
    ],
)
@pytest.mark.provokes(of="expected")
async def test_what_makes_no_sense_is_refused(tenant: Tenant, query: dict[str, str], expected: tuple[int, int]) -> None:
    """With the envelope."""
    assert refused(await tenant.client.get(EVENTS, params=query)) == expected


@pytest.mark.provokes(20403)
async def test_a_device_reads_no_events(phone: Phone) -> None:
    """Its token is for its own factor."""
    answer = await phone.client.get(EVENTS, params={"shard": "0", "after": "0"}, auth=("token", phone.token()))
    assert refused(answer) == (403, 20403)


@pytest.fixture(params=[Shape.ONE, Shape.SPLIT], ids=str)
def leaving(request: pytest.FixtureRequest, installation: Installation, tmp_path: Path) -> Iterator[System]:
    """A system whose processes may be asked to leave."""
    with running(request.param, installation.copy(), tmp_path) as system:
        yield system


async def test_a_process_that_leaves_waits_for_no_long_poll(leaving: System, installation: Installation) -> None:
    """The edge answers it at once with what there is; so does relay, where it is a process of its own."""
    for name in ("relay", "edge") if leaving.shape is Shape.SPLIT else ("all",):
        async with Tenant(leaving.base_url, installation.account) as tenant:
            await until(partial(_served, tenant))
            end = (await _page(tenant, 0, 0))["head"]
            async with _polling(leaving, tenant, end) as poll, asyncio.timeout(SOON_SECONDS):
                leaving.children[name].terminate()
                answer = await poll
                assert await asyncio.to_thread(leaving.children[name].wait) == 0
            assert (answer.status_code, answer.json()["scanned_through"]) == (200, end)
        await asyncio.to_thread(leaving.start)


@asynccontextmanager
async def _polling(system: System, tenant: Tenant, after: int) -> AsyncIterator[asyncio.Task[httpx.Response]]:
    """A long poll that has found nothing, and waits."""
    url = system.stores.database_url
    ((since,),) = await sql.rows(url, "SELECT clock_timestamp()")
    query = {"shard": "0", "after": str(after), "wait": str(WAIT_SECONDS)}
    poll = asyncio.create_task(tenant.client.get(EVENTS, params=query))

    async def scanned() -> bool:
        return await sql.rows(url, _SCANNED_SINCE, since) == [(True,)]

    await until(scanned)
    yield poll


def _challenge_sid(event: Json) -> str | None:
    kinds: dict[str, Any] = {  # Any: two classes of messages
        "pushward.challenge_created": challenge_pb2.ChallengeCreated,
        "pushward.challenge_approved": challenge_pb2.ChallengeApproved,
    }
    if event["type"] not in kinds:
        return None
    sid: str = kinds[event["type"]].FromString(base64.b64decode(event["payload"])).challenge_sid
    return sid


def _owner(event: Json) -> str:
    return envelope_pb2.Envelope.FromString(base64.b64decode(event["envelope"])).account_sid
