"""Who sees which challenges, in which order, and when they have expired."""

import asyncio
from uuid import uuid4

import pytest

from pushward.api.challenge.v1 import challenge_pb2
from pushward.api.common.v1 import common_pb2
from pushward.api.events.v1 import types_pb2
from pushward.errors import ForbiddenError, NotFoundError
from pushward.security.keys import DATA_KEY_BYTES
from tests.integration.challenge.conftest import Caller, World
from tests.integration.challenge.registry import IDENTITY, SERVICE, STRANGER
from tests.support.waiting import until

CREATED = types_pb2.EVENT_TYPE_CHALLENGE_CREATED
EXPIRED = types_pb2.EVENT_TYPE_CHALLENGE_EXPIRED


async def test_a_device_sees_its_own_factors_challenges_only(caller: Caller) -> None:
    """Another factor's is as if it were not there."""
    world = caller.world
    mine, theirs = world.registry.factors
    created = await caller.create()
    other = await caller.create(factor_sid=theirs.sid)
    device = world.registry.device(mine)

    assert await caller.sids(device) == await caller.sids(device, factor_sid=mine.sid) == [created.sid]
    assert await caller.sids() == [created.sid, other.sid]
    assert await caller.sids(factor_sid=theirs.sid) == [other.sid]
    with pytest.raises(NotFoundError) as challenge:
        await caller.get(other.sid, device)
    with pytest.raises(NotFoundError) as factor:
        await caller.page(device, factor_sid=theirs.sid)
    with pytest.raises(NotFoundError) as answer:
        await caller.answer(other, by=device)
    assert (challenge.value.code, factor.value.code, answer.value.code) == (60391, 60390, 60391)


async def test_nobody_sees_under_another_service_or_identity(caller: Caller) -> None:
    """404 for a device and for an account alike."""
    world = caller.world
    created = await caller.create()
    device = world.registry.device(world.factor)
    elsewhere = {"service_sid": "VA" + "0001" + "0" * 28}
    for principal in (device, None):
        with pytest.raises(NotFoundError):
            await caller.page(principal, **elsewhere)
    with pytest.raises(NotFoundError):
        await caller.page(device, identity="somebody-else")
    assert await caller.sids(identity="somebody-else") == []
    stranger = common_pb2.Principal(account=common_pb2.AccountPrincipal(account_sid=STRANGER, credential_sid=STRANGER))
    with pytest.raises(NotFoundError):
        await caller.get(created.sid, stranger)


async def test_an_access_token_reads_nothing(caller: Caller) -> None:
    """403, 20403."""
    token = common_pb2.Principal(access_token=common_pb2.AccessTokenPrincipal(account_sid=STRANGER))
    with pytest.raises(ForbiddenError) as refused:
        await caller.page(token)
    assert refused.value.code == 20403


@pytest.mark.parametrize("sid", ["", "YC", "YF" + "0" * 32, "YC" + "g" * 32, "YC" + "0" * 32, "YC" + "f" * 32])
async def test_what_is_no_challenge_is_not_found(caller: Caller, sid: str) -> None:
    """Malformed, of another kind, of a shard that doesn't exist: 404, 60391."""
    with pytest.raises(NotFoundError) as refused:
        await caller.get(sid)
    assert refused.value.code == 60391


async def test_a_sids_digits_may_come_in_either_case(caller: Caller) -> None:
    """As the contract's pattern has it."""
    created = await caller.create()
    assert (await caller.get("YC" + created.sid[2:].upper())).sid == created.sid


@pytest.mark.parametrize("order", [challenge_pb2.ORDER_ASC, challenge_pb2.ORDER_DESC])
async def test_pages_lead_through_the_whole_list_and_back(caller: Caller, order: challenge_pb2.Order.ValueType) -> None:
    """In the order of creation, or the opposite one."""
    created = [(await caller.create()).sid for _ in range(5)]
    expected = created if order == challenge_pb2.ORDER_ASC else created[::-1]
    pages, token = [], ""
    while True:
        reply = await caller.page(order=order, page=common_pb2.PageRequest(size=2, token=token))
        pages.append([challenge.sid for challenge in reply.challenges])
        if not reply.page.next_token:
            break
        token = reply.page.next_token
    assert pages == [expected[:2], expected[2:4], expected[4:]]
    back = common_pb2.PageRequest(size=2, token=reply.page.previous_token)
    assert await caller.sids(order=order, page=back) == expected[2:4]


async def test_a_status_selects(caller: Caller) -> None:
    """Each challenge is in one list."""
    pending = await caller.create()
    approved = await caller.create()
    denied = await caller.create()
    await caller.answer(approved)
    await caller.answer(denied, caller.signed(denied, "denied"))
    assert await caller.sids(status=challenge_pb2.STATUS_PENDING) == [pending.sid]
    assert await caller.sids(status=challenge_pb2.STATUS_APPROVED) == [approved.sid]
    assert await caller.sids(status=challenge_pb2.STATUS_DENIED) == [denied.sid]
    assert await caller.sids(status=challenge_pb2.STATUS_EXPIRED) == []


async def test_a_read_past_the_date_says_expired_and_records_it(caller: Caller) -> None:
    """Whoever reads, by one challenge or by list; two readers at once record it once."""
    world = caller.world
    soon = await world.in_seconds(2)
    by_get, by_list, by_answer = [await caller.create(expiration_date=soon) for _ in range(3)]
    later = await caller.create()
    await until(lambda: world.has_passed(by_get))

    assert await caller.sids(status=challenge_pb2.STATUS_PENDING) == [later.sid]
    async with world.process(background=False) as second:
        one, other = await asyncio.gather(caller.get(by_get.sid), second.get(by_get.sid))
    assert one == other
    assert one.status == challenge_pb2.STATUS_EXPIRED
    assert not one.HasField("date_responded")
    assert await world.types_of(by_get.sid) == [CREATED, EXPIRED]
    assert await world.types_of(by_list.sid) == [CREATED]

    with pytest.raises(ForbiddenError) as refused:
        await caller.answer(by_answer, "a.b.c")
    assert refused.value.code == 60323
    assert await world.types_of(by_answer.sid) == [CREATED, EXPIRED]

    expired = (await caller.page(status=challenge_pb2.STATUS_EXPIRED)).challenges
    assert [challenge.sid for challenge in expired] == [by_get.sid, by_list.sid, by_answer.sid]
    assert {challenge.status for challenge in expired} == {challenge_pb2.STATUS_EXPIRED}
    assert await world.types_of(by_list.sid) == [CREATED, EXPIRED]
    with pytest.raises(ForbiddenError) as late:
        await caller.answer(by_get)
    assert late.value.code == 60323


async def test_the_sweeper_records_what_nobody_reads(world: World) -> None:
    """Within five seconds; several processes at once record each expiry once."""
    async with world.process() as caller, world.process(), world.process():
        created = [await caller.create(expiration_date=await world.in_seconds(2)) for _ in range(20)]

        async def all_expired() -> bool:
            return [await world.types_of(each.sid) for each in created] == [[CREATED, EXPIRED]] * len(created)

        await until(all_expired)
        expired = (await caller.page()).challenges
    assert len(expired) == len(created)
    assert max(each.date_updated.seconds - each.expiration_date.seconds for each in expired) < 5


async def test_a_prompt_is_for_pending_challenges_only(caller: Caller) -> None:
    """What a push shows; nothing once it was answered."""
    created = await caller.create()
    request = challenge_pb2.GetPromptRequest(challenge_sid=created.sid)
    prompt = await caller.stub.GetPrompt(request)
    assert (prompt.challenge_sid, prompt.factor_sid, prompt.message) == (created.sid, created.factor_sid, "Log in?")
    assert prompt.expiration_date == created.expiration_date
    await caller.answer(created)
    with pytest.raises(NotFoundError):
        await caller.stub.GetPrompt(request)


async def test_what_was_forgotten_is_not_there(caller: Caller) -> None:
    """By any read, before it is closed, too; who came after it under the same identity is listed as ever."""
    world = caller.world
    pending, answered = await caller.create(), await caller.create()
    await caller.answer(answered)
    signed = caller.signed(pending)
    await world.keys.destroy(world.registry.key_id)
    receipt = challenge_pb2.GetReceiptRequest(
        context=caller.asked_by(None), service_sid=SERVICE, identity=IDENTITY, challenge_sid=answered.sid
    )
    for read in (
        caller.get(pending.sid),
        caller.get(answered.sid),
        caller.stub.GetPrompt(challenge_pb2.GetPromptRequest(challenge_sid=pending.sid)),
        caller.stub.GetReceipt(receipt),
        caller.answer(pending, signed),
        caller.create(),
    ):
        with pytest.raises(NotFoundError) as refused:
            await read
        assert refused.value.code == 60391
    world.registry.key_id = (await world.keys.create(uuid4(), "test", bytes(DATA_KEY_BYTES))).key_id
    later = await caller.create()
    assert await caller.sids() == [later.sid]
