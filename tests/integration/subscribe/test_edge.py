"""A tenant's source: its own events among others', and an edge that refuses or can't."""

import httpx
import pytest

from pushward.errors import UnauthenticatedError, UnavailableError
from pushward.subscribe.edge import EdgeSource
from pushward.subscribe.errors import RefusedError
from pushward.subscribe.rule import Position
from tests.integration.subscribe.conftest import following
from tests.integration.subscribe.serving import serving
from tests.support.subscribing import ACCOUNT, EPOCH, MemoryStore, Written
from tests.support.waiting import until

SHARD = 1
OTHER = "AC" + "2" * 32
HTTPS = "https://verify.example.com"


async def test_other_accounts_events_are_passed_over(log: Written) -> None:
    """Their positions are moved over, and never applied; the id beside the position may be theirs."""
    await log.happen(SHARD, 3, OTHER)
    mine = [*await log.happen(SHARD, 2), *await log.happen(SHARD, 0)]
    theirs = await log.happen(SHARD, 30, OTHER)
    store = MemoryStore()
    async with serving(log) as served, following(served.source, store):
        await store.until_applied(SHARD, [4, 5])
        await log.happen(SHARD, 1)
        await store.until_applied(SHARD, [4, 5, 36])
    assert store.events[SHARD][:2] == mine
    assert theirs[-1].position == 35
    restarted = MemoryStore()
    restarted.positions = {**store.positions, SHARD: Position(EPOCH, 35, theirs[-1].event_id)}
    async with serving(log) as served, following(served.source, restarted):
        await restarted.until_applied(SHARD, [36])


async def test_wrong_credentials_stop_the_subscriber(log: Written) -> None:
    """Trying again would not help."""
    async with serving(log) as served:
        served.world.registry.replies["Authenticate"] = UnauthenticatedError("No such account.")
        with pytest.raises(RefusedError, match="401"):
            await served.source.shards()


async def test_an_edge_that_cannot_now_is_waited_for(log: Written) -> None:
    """Whatever it says meanwhile, nothing is lost."""
    events = await log.happen(SHARD, 2)
    store = MemoryStore()
    async with serving(log) as served, following(served.source, store):
        await store.until_applied(SHARD, [1, 2])
        registry = served.world.registry
        known, asked = registry.replies["Authenticate"], len(registry.asked)
        registry.replies["Authenticate"] = UnavailableError("away")
        events += await log.happen(SHARD, 2)  # ends the poll; the next one is refused

        async def refused() -> bool:
            return len(registry.asked) > asked + 1

        await until(refused)
        registry.replies["Authenticate"] = known
        await store.until_applied(SHARD, [1, 2, 3, 4])
    assert store.events[SHARD] == events


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, text="<html>It works</html>"),
        httpx.Response(200, json={"epoch": "one"}),
        httpx.Response(302, headers={"Location": "/login"}),
        httpx.Response(403, json={"code": 20403}),
    ],
    ids=["html", "json", "redirect", "forbidden"],
)
async def test_an_answer_that_is_not_pushwards_stops_the_subscriber(answer: httpx.Response) -> None:
    """A wrong base URL, a login page of a proxy: nobody should wait for that to become better."""
    transport = httpx.MockTransport(lambda request: answer)
    async with (
        httpx.AsyncClient(transport=transport) as client,
        EdgeSource(HTTPS, ACCOUNT, "auth-token", client=client) as source,
    ):
        with pytest.raises(RefusedError):
            await source.shards()


async def test_credentials_are_not_sent_in_the_clear() -> None:
    """Plain http is for this machine alone."""
    with pytest.raises(ValueError, match="isn't https"):
        EdgeSource("http://verify.example.com", ACCOUNT, "auth-token")
