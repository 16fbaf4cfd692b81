"""A challenge from its creation to its answer, and every way to be refused."""

import asyncio
import json

import asyncpg
import pytest

from pushward.api.challenge.v1 import challenge_pb2
from pushward.api.events.v1 import types_pb2
from pushward.errors import BadRequestError, ForbiddenError, NotFoundError, PushwardError
from pushward.eventlog import replay
from pushward.security.receipt import verify_receipt
from services.challenge.adapters.aggregates import AGGREGATES
from services.challenge.adapters.log import ROLE
from tests.integration.challenge.conftest import Caller
from tests.integration.challenge.registry import ACCOUNT, IDENTITY, SERVICE, SHARD
from tests.support.waiting import until

CREATED = types_pb2.EVENT_TYPE_CHALLENGE_CREATED
APPROVED = types_pb2.EVENT_TYPE_CHALLENGE_APPROVED


async def test_a_device_approves_what_it_was_shown(caller: Caller) -> None:
    """Created, read by the device, signed, approved; the account sees it, and all agree with the log."""
    world = caller.world
    created = await caller.create()
    assert created.status == challenge_pb2.STATUS_PENDING
    assert json.loads(created.details_json) == {"message": "Log in?", "fields": [{"label": "IP", "value": "1.2.3.4"}]}
    assert created.hidden_details_json == '{"session":"s-1"}'
    assert created.expiration_date.nanos == 0
    assert created.expiration_date.seconds - created.date_created.seconds == 300

    shown = await caller.get(created.sid, world.registry.device(world.factor))
    assert shown == created
    answered = await caller.answer(shown, metadata='{"app":"1.2"}')
    assert answered.status == challenge_pb2.STATUS_APPROVED
    assert answered.metadata_json == '{"app":"1.2"}'
    assert answered.date_responded == answered.date_updated
    assert await caller.get(created.sid) == answered

    assert await world.types_of(created.sid) == [CREATED, APPROVED]
    report = await replay.check(world.url, ROLE, AGGREGATES)
    assert (report.rows, report.differences) == (1, ())


async def test_a_device_denies(caller: Caller) -> None:
    """And says how it was asked: the signed mode joins the metadata."""
    created = await caller.create(hidden_details=None)
    signed = caller.signed(created, "denied", {"mode": "silent", "unknown": [1]})
    answered = await caller.answer(created, signed, metadata='{"app":"1.2","mode":"unsigned"}')
    assert answered.status == challenge_pb2.STATUS_DENIED
    assert json.loads(answered.metadata_json) == {"app": "1.2", "mode": "silent"}
    assert not answered.HasField("hidden_details_json")


async def test_the_receipt_proves_the_answer(caller: Caller) -> None:
    """The very JWS that the device sent; with the public key anybody can check it."""
    created = await caller.create()
    request = challenge_pb2.GetReceiptRequest(
        context=caller.asked_by(None), service_sid=SERVICE, identity=IDENTITY, challenge_sid=created.sid
    )
    with pytest.raises(NotFoundError):
        await caller.stub.GetReceipt(request)
    signed = caller.signed(created)
    await caller.answer(created, signed)
    receipt = await caller.stub.GetReceipt(request)
    assert receipt.jws == signed
    assert verify_receipt(receipt.jws, receipt.public_key)["status"] == "approved"


async def test_details_carry_the_date_where_the_service_says_so(caller: Caller) -> None:
    """And can be answered like any other."""
    caller.world.registry.push_include_date = True
    created = await caller.create()
    date = json.loads(created.details_json)["date"]
    assert len(date) == len("2026-03-01T12:00:00Z")
    assert date.endswith("Z")
    await caller.answer(created)


async def test_nothing_personal_is_stored_in_the_clear(caller: Caller) -> None:
    """Neither in the log nor in the state table."""
    created = await caller.create(details_message="Zuercher Kantonalbank")
    await caller.answer(created, metadata='{"where":"Zuerich"}')
    rows = await caller.world.database.fetch(
        "SELECT payload || envelope AS stored FROM log.event UNION ALL "
        "SELECT convert_to(t::text, 'UTF8') FROM challenge.challenge AS t"
    )
    stored = b"".join(row["stored"] for row in rows)
    for secret in (b"Zuerich", b"Zuercher", b"1.2.3.4", b"s-1"):
        assert secret not in stored
        assert secret.hex().encode() not in stored


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"details": {"message": "Log in?", "fields": []}}, "a field under the signature is gone"),
        ({"hidden_details": None}, "hidden details are gone"),
        ({"hidden_details": {"session": 1}}, "a leaf that is no string"),
        ({"sid": "YC" + "0" * 32}, "another challenge"),
        ({"expiration_date": "2099-01-01T00:00:00Z"}, "another date"),
        ({"date_created": 0}, "a date that is no string"),
    ],
)
async def test_a_changed_detail_is_refused_and_the_challenge_stays_pending(
    caller: Caller, changes: dict[str, object], why: str
) -> None:
    """403, 60324; the right answer still counts."""
    created = await caller.create()
    with pytest.raises(ForbiddenError) as refused:
        await caller.answer(created, caller.signed(created, changes=changes))
    assert refused.value.code == 60324, why
    assert (await caller.get(created.sid)).status == challenge_pb2.STATUS_PENDING
    assert (await caller.answer(created)).status == challenge_pb2.STATUS_APPROVED


async def test_the_first_reason_to_refuse_an_answer_is_told(caller: Caller) -> None:
    """Not found, then answered; a bad signature comes last."""
    created = await caller.create()
    unknown = challenge_pb2.Challenge(sid="YC" + "0002" + "0" * 28)
    for challenge, code in ((unknown, 60391), (created, 60324)):
        with pytest.raises(PushwardError) as refused:
            await caller.answer(challenge, "a.b.c")
        assert refused.value.code == code
    await caller.answer(created)
    with pytest.raises(ForbiddenError) as refused:
        await caller.answer(created, "a.b.c")
    assert refused.value.code == 60322


@pytest.mark.parametrize("auth_payload", ["", "x" * 16_385])
async def test_an_answer_needs_a_payload_of_bounded_length(caller: Caller, auth_payload: str) -> None:
    """400, 60306."""
    with pytest.raises(BadRequestError) as refused:
        await caller.answer(await caller.create(), auth_payload)
    assert refused.value.code == 60306


async def test_of_many_answers_at_once_one_wins(caller: Caller) -> None:
    """In two processes; the others learn that it was answered."""
    created = await caller.create()
    payloads = [caller.signed(created, "approved" if number % 2 else "denied") for number in range(32)]
    async with caller.world.process(background=False) as second:
        outcomes = await asyncio.gather(
            *((caller, second)[number % 2].answer(created, payload) for number, payload in enumerate(payloads)),
            return_exceptions=True,
        )
    winners = [outcome for outcome in outcomes if isinstance(outcome, challenge_pb2.Challenge)]
    losers = [outcome for outcome in outcomes if isinstance(outcome, ForbiddenError) and outcome.code == 60322]
    assert (len(winners), len(losers)) == (1, 31)
    assert await caller.get(created.sid) == winners[0]
    assert len(await caller.world.types_of(created.sid)) == 2


async def test_an_entity_that_moved_meanwhile_is_asked_for_again(caller: Caller) -> None:
    """A sibling factor's change invalidates the guard, not the answer."""
    world = caller.world
    created = await caller.create()
    device = world.registry.device(world.factor)
    await world.registry.move_entity()
    asked = world.registry.asked
    assert (await caller.answer(created, by=device)).status == challenge_pb2.STATUS_APPROVED
    assert world.registry.asked == asked + 1


async def test_an_unmoved_entity_is_not_asked_for_again(caller: Caller) -> None:
    """The principal is enough: answering costs no call."""
    created = await caller.create()
    asked = caller.world.registry.asked
    await caller.answer(created)
    assert caller.world.registry.asked == asked


async def test_a_deleted_factor_can_not_slip_in_an_answer(caller: Caller) -> None:
    """Even with a principal from before, and before its challenges are closed."""
    world = caller.world
    created = await caller.create()
    device = world.registry.device(world.factor)
    await world.registry.delete_factor(world.factor)
    with pytest.raises(NotFoundError):
        await caller.answer(created, by=device)
    assert await world.types_of(created.sid) == [CREATED]


async def test_an_answer_that_waited_past_the_date_is_refused(caller: Caller) -> None:
    """Decided in time, but the shard was locked until too late: 403, 60323, by the clock under the lock."""
    world = caller.world
    created = await caller.create(expiration_date=await world.in_seconds(3))
    owner = await asyncpg.connect(world.url)

    async def waits_for_the_shard() -> bool:
        return bool(await owner.fetchval("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)"))

    async with owner.transaction():
        await owner.execute("SELECT FROM log.shard WHERE shard = $1 FOR UPDATE", SHARD)
        answer = asyncio.create_task(caller.answer(created))
        await until(waits_for_the_shard)
        assert not await world.has_passed(created)
        await until(lambda: world.has_passed(created))
    with pytest.raises(ForbiddenError) as refused:
        await answer
    await owner.close()
    assert refused.value.code == 60323
    assert await world.types_of(created.sid) == [CREATED, types_pb2.EVENT_TYPE_CHALLENGE_EXPIRED]


async def test_a_creation_on_a_moved_entity_is_decided_again(caller: Caller) -> None:
    """With what registry says now."""
    caller.world.registry.stale_answers = 2
    created = await caller.create()
    assert caller.world.registry.asked == 3
    assert await caller.world.types_of(created.sid) == [CREATED]


async def test_an_unverified_factor_is_not_challenged(caller: Caller) -> None:
    """403, 60318."""
    caller.world.factor.verified = False
    with pytest.raises(ForbiddenError) as refused:
        await caller.create()
    assert refused.value.code == 60318


async def test_what_registry_does_not_find_is_not_challenged(caller: Caller) -> None:
    """404 with its code."""
    with pytest.raises(NotFoundError) as refused:
        await caller.create(factor_sid="YF" + "0" * 32)
    assert refused.value.code == 60390


async def test_only_accounts_create_and_only_devices_answer(caller: Caller) -> None:
    """403, 20403."""
    world = caller.world
    created = await caller.create()
    with pytest.raises(ForbiddenError) as by_device:
        await caller.create(by=world.registry.device(world.factor))
    with pytest.raises(ForbiddenError) as by_account:
        await caller.answer(created, by=caller.asked_by(None).principal)
    assert (by_device.value.code, by_account.value.code) == (20403, 20403)
    assert created.account_sid == ACCOUNT
