"""GET /pushward/v1/events: its parameters, its JSON, and what a long poll does when somebody leaves."""

import asyncio
import base64
from typing import Any
from uuid import UUID

import httpx
import pytest
from google.protobuf.message import Message

from pushward.errors import ConflictError, NotFoundError, PushwardError, TooManyRequestsError
from services.edge.app import application, resource
from services.edge.app.admission import Admission
from services.edge.wiring import Edge
from tests.integration.edge.samples import EVENT, EVENTS, SERVICE
from tests.integration.edge.world import VA, World, device, network_client_of
from tests.support.tenant import refused

PATH = "/pushward/v1/events"
POLL = {"shard": "2", "after": "7", "wait": "20"}


async def test_a_page_says_what_was_read_and_what_is_the_callers(world: World, client: httpx.AsyncClient) -> None:
    """Ids as text, bytes as base64, times to the microsecond, the type by name and number."""
    world.relay.replies["ListEvents"] = EVENTS
    assert (await client.get(PATH, params={"shard": "2", "after": "7"})).json() == {
        "epoch": 1,
        "shard": 2,
        "shards": 4,
        "head": 12,
        "scanned_through": 10,
        "after_event_id": str(UUID(int=7)),
        "last_event_id": str(UUID(int=10)),
        "events": [
            {
                "position": 9,
                "stream_id": str(UUID(int=1)),
                "version": 3,
                "event_id": str(UUID(int=9)),
                "type": "pushward.challenge_created",
                "type_number": EVENT.type,
                "schema": 1,
                "recorded_at": "2026-01-01T00:00:00.001002Z",
                "envelope": base64.b64encode(b"envelope").decode(),
                "payload": base64.b64encode(b"payload").decode(),
            }
        ],
    }


async def test_an_event_of_a_newer_release_is_still_given(world: World, client: httpx.AsyncClient) -> None:
    """Its number is known, if not its name."""
    newer = type(EVENTS)()
    newer.CopyFrom(EVENTS)
    newer.events[0].type = 999
    world.relay.replies["ListEvents"] = newer
    event = (await client.get(PATH, params={"shard": "2", "after": "7"})).json()["events"][0]
    assert (event["type"], event["type_number"]) == ("pushward.type_999", 999)


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("", "shard"),
        ("shard=1", "after"),
        ("shard=1&after=", "after"),
        ("shard=-1&after=0", "shard"),
        ("shard=65536&after=0", "shard"),
        ("shard=one&after=0", "shard"),
        ("shard=1&after=-1", "after"),
        ("shard=1&after=1.5", "after"),
        ("shard=1&after=9223372036854775808", "after"),
        ("shard=1&after=99999999999999999999999999", "after"),
        ("shard=1&after=0&limit=0", "limit"),
        ("shard=1&after=0&limit=501", "limit"),
        ("shard=1&after=0&wait=26", "wait"),
        ("shard=1&after=0&wait=true", "wait"),
    ],
)
async def test_a_parameter_out_of_bounds_is_named(
    world: World, client: httpx.AsyncClient, query: str, name: str
) -> None:
    """Nothing is assumed: above all not a position."""
    answer = await client.get(f"{PATH}?{query}")
    assert refused(answer) == (400, 60306)
    assert answer.json()["message"].startswith(name)
    assert world.asked() == ["Authenticate"]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NotFoundError("no such shard"), 404),
        (ConflictError("from the future", code=20409), 409),
        (TooManyRequestsError("too many wait", retry_after_seconds=25), 429),
    ],
)
async def test_a_refusal_is_told(world: World, client: httpx.AsyncClient, error: PushwardError, status: int) -> None:
    """With the owner's code and words."""
    world.relay.replies["ListEvents"] = error
    answer = await client.get(PATH, params=POLL)
    assert refused(answer) == (status, error.code)
    assert answer.json()["message"] == error.message
    assert answer.headers.get("retry-after") == ("25" if status == 429 else None)


async def test_who_waits_is_answered_when_the_edge_leaves(world: World, edge: Edge) -> None:
    """At once, with what there is: the caller goes on elsewhere from there."""
    waiting = asyncio.Event()
    world.relay.replies["ListEvents"] = _unless_waited_for(waiting)
    async with network_client_of(edge) as client:
        poll = asyncio.create_task(client.get(PATH, params=POLL))
        await waiting.wait()
        async with asyncio.timeout(5):
            await edge.stop()
        answer = await poll
    assert (answer.status_code, answer.json()["scanned_through"]) == (200, 10)
    asked: list[Any] = [request for _, request in world.relay.asked]  # Any: as `ScriptedService.last`
    assert [request.wait_seconds for request in asked] == [20, 0]


async def test_nobody_waits_for_a_client_that_left(world: World, edge: Edge) -> None:
    """The call is cancelled, and its place is free."""
    waiting, cancelled = asyncio.Event(), asyncio.Event()
    world.relay.replies["ListEvents"] = _unless_waited_for(waiting, cancelled)
    async with network_client_of(edge) as client:
        poll = asyncio.create_task(client.get(PATH, params=POLL))
        await waiting.wait()
        poll.cancel()
        await asyncio.wait([poll])
    async with asyncio.timeout(5):
        await cancelled.wait()


async def test_long_polls_take_no_place_from_requests(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """With one place for requests at work, one is answered while others wait."""
    monkeypatch.setattr(application, "Admission", lambda: Admission(1))
    waiting = asyncio.Event()
    world.relay.replies["ListEvents"] = _unless_waited_for(waiting)
    world.registry.replies["GetService"] = SERVICE
    edge = world.edge(serving=True)
    await edge.start()
    async with network_client_of(edge) as client:
        poll = asyncio.create_task(client.get(PATH, params=POLL))
        await waiting.wait()
        assert (await client.get(f"/v2/Services/{VA}")).status_code == 200
        await edge.stop()
        assert (await poll).status_code == 200


async def test_calls_that_do_not_wait_need_none_of_the_places_to_wait(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With one of those, a call is answered while another waits; who would wait, too, is told to try again."""
    monkeypatch.setattr(resource, "WAITING_MAX", 1)
    waiting = asyncio.Event()
    world.relay.replies["ListEvents"] = _unless_waited_for(waiting)
    edge = world.edge(serving=True)
    await edge.start()
    async with network_client_of(edge) as client:
        poll = asyncio.create_task(client.get(PATH, params=POLL))
        await waiting.wait()
        assert (await client.get(PATH, params={**POLL, "wait": "0"})).status_code == 200
        assert (await client.get(PATH, params=POLL)).status_code == 503
        await edge.stop()
        assert (await poll).status_code == 200


async def test_a_device_may_not_read_events(world: World, client: httpx.AsyncClient) -> None:
    """It is refused by their owner, which is asked with the device as principal."""
    world.authenticated_as(device())
    world.relay.replies["ListEvents"] = EVENTS
    await client.get(PATH, params=POLL)
    assert world.relay.last.context.principal.WhichOneof("kind") == "device"


def _unless_waited_for(waiting: asyncio.Event, cancelled: asyncio.Event | None = None) -> Any:  # Any: a scripted reply
    """Replies at once to whoever doesn't wait, never to who does."""

    async def reply(request: Any) -> Message:
        if not request.wait_seconds:
            return EVENTS
        waiting.set()
        try:
            await asyncio.Event().wait()
        finally:
            if cancelled is not None:
                cancelled.set()
        raise AssertionError

    return reply
