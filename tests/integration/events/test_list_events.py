"""ListEvents: whose events, in which order, how far it was read, and how long it waits."""

import asyncio

import pytest

from pushward import error_codes
from pushward.api.common.v1.common_pb2 import AccessTokenPrincipal, DevicePrincipal, Principal
from pushward.api.relay.v1 import relay_pb2
from pushward.api.relay.v1.relay_pb2_grpc import RelayStub
from pushward.errors import (
    BadRequestError,
    ConflictError,
    ForbiddenError,
    NotFoundError,
    TooManyRequestsError,
)
from services.relay.app import servicer
from services.relay.app.waiting import Waiting
from services.relay.domain import bounds
from tests.integration.events.conftest import MINE, SHARD, THEIRS, World, account, asking
from tests.support.waiting import eventually

SOON_SECONDS = 5.0


def _positions(reply: relay_pb2.ListEventsReply) -> list[int]:
    return [event.position for event in reply.events]


async def test_only_the_accounts_events_are_given_in_order(world: World) -> None:
    """What is other accounts' isn't there, also where the account acted in it; the shard was read through."""
    await world.happen(MINE, THEIRS, THEIRS, MINE, THEIRS)
    async with world.serving() as stub:
        reply = await stub.ListEvents(asking())
        theirs = await stub.ListEvents(asking(of=account(THEIRS)))
    assert _positions(reply) == [1, 4]
    assert _positions(theirs) == [2, 3, 5]
    assert (reply.scanned_through, reply.head, reply.shards, reply.epoch, reply.shard) == (5, 5, 4, 1, SHARD)


async def test_an_event_is_as_the_log_holds_it(world: World) -> None:
    """Every column."""
    await world.happen(MINE)
    async with world.serving() as stub:
        (event,) = (await stub.ListEvents(asking())).events
    (stored,) = await world.heads.tail.read(SHARD, 0, 1)
    assert (event.position, event.stream_id, event.version) == (1, stored.stream_id.bytes, 1)
    assert (event.event_id, event.type, event.schema) == (stored.event_id.bytes, stored.type, stored.schema)
    assert (event.envelope, event.payload) == (stored.envelope, stored.payload)
    assert event.recorded_at.ToNanoseconds() == round(stored.recorded_at.timestamp() * 1e6) * 1000


async def test_following_page_by_page_misses_nothing_and_repeats_nothing(world: World) -> None:
    """`scanned_through` is the next `after`, whoever's event lies there; the ids at either end chain the pages."""
    await world.happen(*([MINE, THEIRS, MINE, MINE, THEIRS] * 4))
    seen: list[int] = []
    after, last_id = 0, b""
    async with world.serving() as stub:
        while after < 20:
            reply = await stub.ListEvents(asking(after, limit=2))
            assert reply.after_event_id == last_id
            assert len(reply.events) <= 2
            assert reply.scanned_through > after
            seen += _positions(reply)
            after, last_id = reply.scanned_through, reply.last_event_id
    assert seen == [position for position in range(1, 21) if position % 5 not in (0, 2)]


async def test_a_stretch_of_other_accounts_is_passed_in_bounded_steps(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page may be empty and yet move on."""
    monkeypatch.setattr(servicer, "ROWS_MAX", 4)
    await world.happen(*([THEIRS] * 10), MINE)
    async with world.serving() as stub:
        pages = [await stub.ListEvents(asking(after, wait=20)) for after in (0, 4, 8)]
    assert [(_positions(page), page.scanned_through) for page in pages] == [([], 4), ([], 8), ([11], 11)]
    assert [page.head for page in pages] == [11] * 3


async def test_a_page_is_bounded_in_bytes_and_never_empty_for_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends before the event that is too much, and the next one begins with it."""
    monkeypatch.setattr(bounds, "PAGE_BYTES_MAX", 2_500)
    for size in (1000, 1000, 5000, 10):
        await world.happen(MINE, step="x" * size)
    async with world.serving() as stub:
        pages = [await stub.ListEvents(asking(after)) for after in (0, 2, 3)]
    assert [_positions(page) for page in pages] == [[1, 2], [3], [4]]
    assert [page.scanned_through for page in pages] == [2, 3, 4]


async def test_at_the_end_of_a_shard_there_is_nothing_yet(world: World) -> None:
    """Also at the end of an empty one."""
    await world.happen(MINE)
    async with world.serving() as stub:
        at_end = await stub.ListEvents(asking(1))
        empty = await stub.ListEvents(asking(shard=SHARD + 1))
    assert (_positions(at_end), at_end.scanned_through, at_end.last_event_id) == ([], 1, at_end.after_event_id)
    assert at_end.after_event_id != b""
    assert (_positions(empty), empty.scanned_through, empty.head, empty.last_event_id) == ([], 0, 0, b"")


async def test_a_position_from_the_future_is_refused(world: World) -> None:
    """Whoever has it follows another log than this one."""
    await world.happen(MINE)
    async with world.serving() as stub:
        with pytest.raises(ConflictError, match=r"Position 2 is from the future: shard 1 ends at 1\.") as refused:
            await stub.ListEvents(asking(2, wait=20))
    assert refused.value.code == error_codes.CONFLICT


@pytest.mark.parametrize("shard", [4, 5, 65535])
async def test_a_shard_that_does_not_exist_is_not_found(world: World, shard: int) -> None:
    """The count is the installation's."""
    async with world.serving() as stub:
        with pytest.raises(NotFoundError):
            await stub.ListEvents(asking(shard=shard))


@pytest.mark.parametrize(
    "request_",
    [
        asking(-1),
        asking(shard=-1),
        asking(shard=65536),
        asking(limit=-1),
        asking(limit=bounds.EVENTS_MAX + 1),
        asking(wait=-1),
        asking(wait=bounds.WAIT_SECONDS_MAX + 1),
    ],
)
async def test_what_is_out_of_bounds_is_refused(world: World, request_: relay_pb2.ListEventsRequest) -> None:
    """Before anything is read."""
    async with world.serving() as stub:
        with pytest.raises(BadRequestError):
            await stub.ListEvents(request_)


@pytest.mark.parametrize(
    "principal",
    [
        Principal(device=DevicePrincipal(account_sid=MINE)),
        Principal(access_token=AccessTokenPrincipal(account_sid=MINE)),
        Principal(),
    ],
    ids=["device", "access token", "nobody"],
)
async def test_only_an_account_may_read_its_events(world: World, principal: Principal) -> None:
    """A device sees its own challenges, not its tenant's history."""
    async with world.serving() as stub:
        with pytest.raises(ForbiddenError):
            await stub.ListEvents(asking(of=principal))


async def test_a_long_poll_ends_with_the_accounts_next_event(world: World) -> None:
    """At once; other accounts' events don't end it, and are passed over."""
    await world.happen(MINE)
    waiting = Waiting(world.heads)
    async with world.serving(waiting) as stub, asyncio.timeout(SOON_SECONDS):
        poll = asyncio.ensure_future(_ask(stub, asking(1, wait=20)))
        await _until_waiting(waiting, 1)
        await world.happen(THEIRS, THEIRS)
        assert not poll.done()
        await world.happen(MINE)
        reply = await poll
    assert (_positions(reply), reply.scanned_through, reply.head) == ([4], 4, 4)
    assert reply.after_event_id != reply.last_event_id


async def test_a_long_poll_of_an_empty_shard_sees_its_first_event(world: World) -> None:
    """From position 0, where there is no event id."""
    waiting = Waiting(world.heads)
    async with world.serving(waiting) as stub, asyncio.timeout(SOON_SECONDS):
        poll = asyncio.ensure_future(_ask(stub, asking(0, wait=20)))
        await _until_waiting(waiting, 1)
        await world.happen(MINE)
        reply = await poll
    assert (_positions(reply), reply.after_event_id) == ([1], b"")


async def test_a_long_poll_that_sees_nothing_of_the_account_says_how_far_it_got(world: World) -> None:
    """Its caller needn't read those positions again."""
    waiting = Waiting(world.heads)
    async with world.serving(waiting) as stub, asyncio.timeout(SOON_SECONDS):
        poll = asyncio.ensure_future(_ask(stub, asking(0, wait=1)))
        await _until_waiting(waiting, 1)
        await world.happen(THEIRS, THEIRS)
        reply = await poll
    assert (_positions(reply), reply.scanned_through, reply.head) == ([], 2, 2)


async def test_many_wait_for_the_same_event(world: World) -> None:
    """Each is told, and the tail is read by one."""
    waiting = Waiting(world.heads)
    async with world.serving(waiting) as stub, asyncio.timeout(SOON_SECONDS):
        polls = [asyncio.ensure_future(_ask(stub, asking(0, wait=20))) for _ in range(50)]
        await _until_waiting(waiting, 50)
        await world.happen(MINE)
        replies = await asyncio.gather(*polls)
    assert [_positions(reply) for reply in replies] == [[1]] * 50


async def test_places_for_waiting_are_bounded(world: World) -> None:
    """For each account and for all: one too many hears so, and may ask without waiting."""
    waiting = Waiting(world.heads, waiting_max=3, waiting_per_account_max=2)
    async with world.serving(waiting) as stub, asyncio.timeout(SOON_SECONDS):
        polls = [asyncio.ensure_future(_ask(stub, asking(0, wait=20))) for _ in range(2)]
        await _until_waiting(waiting, 2)
        with pytest.raises(TooManyRequestsError):
            await stub.ListEvents(asking(0, wait=20))
        assert _positions(await stub.ListEvents(asking(0))) == []
        polls.append(asyncio.ensure_future(_ask(stub, asking(0, wait=20, of=account(THEIRS)))))
        await _until_waiting(waiting, 3)
        with pytest.raises(TooManyRequestsError):
            await stub.ListEvents(asking(0, wait=20, of=account("AC" + "3" * 32)))
        polls[0].cancel()
        await _until_waiting(waiting, 2)
        await world.happen(MINE, THEIRS)
        await asyncio.gather(*polls, return_exceptions=True)
        await _until_waiting(waiting, 0)


async def test_a_process_that_leaves_answers_who_waits(world: World) -> None:
    """With what there is, and who comes then doesn't wait."""
    waiting = Waiting(world.heads)
    async with world.serving(waiting) as stub, asyncio.timeout(SOON_SECONDS):
        poll = asyncio.ensure_future(_ask(stub, asking(0, wait=20)))
        await _until_waiting(waiting, 1)
        waiting.drain()
        assert (await poll).scanned_through == 0
        assert (await stub.ListEvents(asking(0, wait=20))).scanned_through == 0


async def _ask(stub: RelayStub, request: relay_pb2.ListEventsRequest) -> relay_pb2.ListEventsReply:
    return await stub.ListEvents(request, timeout=30)


async def _until_waiting(waiting: Waiting, count: int) -> None:
    async def counted() -> int:
        return waiting.count

    await eventually(counted, count)
