"""Codes through challenge's rpcs: tried at creation or later, counted whatever happens, and creations bounded."""

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Sequence
from datetime import timedelta

import pytest

from pushward import ids
from pushward.api.challenge.v1 import challenge_pb2
from pushward.api.events.v1 import types_pb2
from pushward.errors import PushwardError, UnavailableError
from pushward.eventlog import replay
from services.challenge.adapters.aggregates import AGGREGATES, TOTP_USAGES
from services.challenge.adapters.log import ROLE
from tests.integration.challenge.conftest import Caller, World
from tests.integration.challenge.registry import ACCOUNT, IDENTITY, SERVICE, Factor
from tests.support.waiting import until

CREATED = types_pb2.EVENT_TYPE_CHALLENGE_CREATED
ATTEMPTED = types_pb2.EVENT_TYPE_CHALLENGE_ATTEMPTED
APPROVED = types_pb2.EVENT_TYPE_CHALLENGE_APPROVED
EXPIRED = types_pb2.EVENT_TYPE_CHALLENGE_EXPIRED
PENDING, IS_APPROVED = challenge_pb2.STATUS_PENDING, challenge_pb2.STATUS_APPROVED


@pytest.fixture
def factor(world: World) -> Factor:
    """A verified TOTP factor, for which one code is right, once."""
    factor = Factor(code_length=6, codes={"123456"})
    world.registry.factors.append(factor)
    return factor


async def ask(caller: Caller, factor: Factor, code: str | None = None) -> challenge_pb2.Challenge:
    """A new challenge of a TOTP factor, perhaps with a code."""
    return await caller.create(
        factor_sid=factor.sid, details_message=None, details_fields=[], hidden_details=None, auth_payload=code
    )


async def give(
    caller: Caller, challenge: challenge_pb2.Challenge, code: str, metadata: str | None = None
) -> challenge_pb2.Challenge:
    """A code for a challenge, from its account."""
    return await caller.stub.AnswerChallenge(
        challenge_pb2.AnswerChallengeRequest(
            context=caller.asked_by(None),
            service_sid=SERVICE,
            identity=IDENTITY,
            challenge_sid=challenge.sid,
            auth_payload=code,
            metadata=metadata,
        )
    )


async def refusal(call: Awaitable[object]) -> PushwardError:
    """Why a call is refused."""
    with pytest.raises(PushwardError) as refused:
        await call
    return refused.value


async def outcomes(calls: Sequence[Awaitable[challenge_pb2.Challenge]]) -> Counter[object]:
    """What many calls at once come to: a status, or the contract's code."""
    answers = await asyncio.gather(*calls, return_exceptions=True)
    return Counter(
        answer.code if isinstance(answer, PushwardError) else getattr(answer, "status", answer) for answer in answers
    )


async def test_a_right_code_approves_at_creation(caller: Caller, factor: Factor) -> None:
    """Created and attempted in one append, then approved; the same code again is a wrong one."""
    approved = await ask(caller, factor, "123456")
    assert approved.status == IS_APPROVED
    assert approved.HasField("date_responded")
    assert not approved.HasField("details_json")
    assert await caller.world.types_of(approved.sid) == [CREATED, ATTEMPTED, APPROVED]
    again = await ask(caller, factor, "123456")
    assert again.status == PENDING
    assert await caller.world.types_of(again.sid) == [CREATED, ATTEMPTED]
    report = await replay.check(caller.world.url, ROLE, AGGREGATES)
    assert (report.rows, report.differences) == (3, ())


async def test_a_right_code_approves_later(caller: Caller, factor: Factor) -> None:
    """After a wrong one; its metadata is kept, details and hidden details are shown where they were given."""
    created = await caller.create(factor_sid=factor.sid)
    assert json.loads(created.details_json)["message"] == "Log in?"
    assert (await give(caller, created, "000000", '{"try":"1"}')).status == PENDING
    approved = await give(caller, created, "123456", '{"try":"2"}')
    assert (approved.status, approved.metadata_json) == (IS_APPROVED, '{"try":"2"}')
    assert await caller.get(created.sid) == approved
    assert (await refusal(give(caller, created, "123456"))).code == 60322
    assert caller.world.registry.checked == ["000000", "123456"]


async def test_there_is_no_receipt_of_a_code(caller: Caller, factor: Factor) -> None:
    """404, and the message says why; what a push would show there isn't either."""
    approved = await ask(caller, factor, "123456")
    pending = await ask(caller, factor)
    request = challenge_pb2.GetReceiptRequest(
        context=caller.asked_by(None), service_sid=SERVICE, identity=IDENTITY, challenge_sid=approved.sid
    )
    refused = await refusal(caller.stub.GetReceipt(request))
    assert (refused.code, "codes aren't signed" in refused.message) == (60391, True)
    prompt = caller.stub.GetPrompt(challenge_pb2.GetPromptRequest(challenge_sid=pending.sid))
    assert (await refusal(prompt)).code == 60391


@pytest.mark.parametrize("code", ["12", "123456789", "abcdef"])
async def test_what_is_no_code_is_no_attempt(caller: Caller, factor: Factor, code: str) -> None:
    """400, 60306; nothing is created or counted."""
    assert (await refusal(ask(caller, factor, code))).code == 60306
    created = await ask(caller, factor)
    assert (await refusal(give(caller, created, code))).code == 60306
    assert (await refusal(give(caller, created, ""))).code == 60306
    assert await caller.world.types_of(created.sid) == [CREATED]


async def test_fifty_tries_at_once_are_five(caller: Caller, factor: Factor) -> None:
    """Whatever is given after the fifth is not looked at; the challenge stays pending."""
    created = await ask(caller, factor)
    tries = [give(caller, created, str(number).zfill(6)) for number in range(50)]
    assert await outcomes(tries) == {PENDING: 5, 60308: 45}
    assert len(caller.world.registry.checked) == 5
    assert (await caller.get(created.sid)).status == PENDING
    assert (await refusal(give(caller, created, "123456"))).code == 60308


async def test_of_many_who_give_the_right_code_one_sees_an_approval(caller: Caller, factor: Factor) -> None:
    """The others' try was for nothing, or came too late."""
    created = await ask(caller, factor)
    counted = await outcomes([give(caller, created, "123456") for _ in range(20)])
    assert counted[IS_APPROVED] == 1
    assert set(counted) <= {IS_APPROVED, PENDING, 60322, 60308}
    assert (await caller.get(created.sid)).status == IS_APPROVED


async def test_a_check_that_fails_costs_a_try(caller: Caller, factor: Factor) -> None:
    """The attempt is in the log before; the challenge can be tried again, also by a new process."""

    async def away() -> None:
        raise UnavailableError("registry is away")

    caller.world.registry.on_check = away
    created = await ask(caller, factor)
    for _ in range(3):
        assert isinstance(await refusal(give(caller, created, "000000")), UnavailableError)
    assert isinstance(await refusal(ask(caller, factor, "000000")), UnavailableError)
    caller.world.registry.on_check = None
    async with caller.world.process(background=False) as restarted:
        assert (await give(restarted, created, "000000")).status == PENDING
        assert (await give(restarted, created, "123456")).status == IS_APPROVED
        assert (await refusal(give(restarted, created, "000000"))).code == 60322


async def test_a_siblings_change_does_not_cost_the_approval(caller: Caller, factor: Factor) -> None:
    """Registry is asked for the entity's version again."""
    registry = caller.world.registry
    registry.stale_answers = 2
    assert (await ask(caller, factor, "123456")).status == IS_APPROVED
    factor.codes.add("234567")
    registry.on_check = registry.move_entity
    created = await ask(caller, factor)
    assert (await give(caller, created, "234567")).status == IS_APPROVED


async def test_a_factor_deleted_while_its_code_is_looked_at_approves_nothing(caller: Caller, factor: Factor) -> None:
    """404; the challenge was never approved."""
    registry = caller.world.registry
    created = await ask(caller, factor)
    registry.on_check = lambda: registry.delete_factor(factor)
    assert (await refusal(give(caller, created, "123456"))).code == 60390
    assert await caller.world.types_of(created.sid) == [CREATED, ATTEMPTED]


async def test_a_date_that_passes_while_a_code_is_looked_at_is_the_end(caller: Caller, factor: Factor) -> None:
    """403, 60323, and so it stays."""
    world = caller.world
    created = await caller.create(factor_sid=factor.sid, expiration_date=await world.in_seconds(2))
    world.registry.on_check = lambda: until(lambda: world.has_passed(created))
    assert (await refusal(give(caller, created, "123456"))).code == 60323
    assert await world.types_of(created.sid) == [CREATED, ATTEMPTED, EXPIRED]
    assert (await refusal(give(caller, created, "123456"))).code == 60323


async def test_codes_are_the_accounts_and_signatures_the_devices(caller: Caller, factor: Factor) -> None:
    """403, 20403 for a code to a push challenge; to a device, another factor's challenge isn't there."""
    pushed, asked = await caller.create(), await ask(caller, factor)
    assert (await refusal(give(caller, pushed, "123456"))).code == 20403
    assert (await refusal(caller.answer(asked, "a.b.c"))).code == 60391
    assert (await refusal(caller.answer(asked, "123456"))).code == 60391
    device = caller.world.registry.device(caller.world.factor)
    assert await caller.sids(device) == [pushed.sid]
    assert await caller.sids() == [pushed.sid, asked.sid]


async def test_a_device_ignores_a_code_that_comes_along(caller: Caller) -> None:
    """Contract section 10, *Answering*; a message it must have. Registry is asked once, as without codes."""
    registry = caller.world.registry
    assert (await caller.create(auth_payload="no code")).status == PENDING
    assert (registry.asked, registry.checked) == (1, [])
    assert (await refusal(caller.create(details_message=None))).code == 60368


async def test_short_codes_are_asked_for_ten_times_a_day_by_whoever(world: World) -> None:
    """Many at once in two processes, then in a third one: 429, 60312, and when it may be again."""
    factor = Factor(code_length=4, codes={"1234"})
    world.registry.factors.append(factor)
    async with world.process(background=False) as one, world.process(background=False) as other:
        counted = await outcomes([ask(caller, factor) for caller in (one, other) for _ in range(10)])
        # Whoever loses to others eight times is told to come again (20429): that is no creation.
        assert set(counted) <= {PENDING, 60312, 20429}
        while counted[PENDING] < 10:
            counted += await outcomes([ask(one, factor)])
    async with world.process(background=False) as restarted:
        refused = await refusal(ask(restarted, factor, "1234"))
        assert refused.code == 60312
        assert refused.retry_after_seconds is not None
        assert timedelta(hours=23) < timedelta(seconds=refused.retry_after_seconds) <= timedelta(hours=24)
        assert len(await restarted.sids(factor_sid=factor.sid)) == counted[PENDING] == 10
        assert (await ask(restarted, another_factor(world))).status == PENDING
    events = await world.reader.read_stream(ids.totp_usage_stream(factor.sid))
    assert [event.type for event in events] == [types_pb2.EVENT_TYPE_TOTP_CHALLENGE_COUNTED] * 10
    assert TOTP_USAGES.codec.decode(events[0].type, 1, events[0].payload).account_sid == ACCOUNT
    report = await replay.check(world.url, ROLE, AGGREGATES)
    assert report.differences == ()


def another_factor(world: World) -> Factor:
    """Another TOTP factor of the entity."""
    factor = Factor(code_length=6)
    world.registry.factors.append(factor)
    return factor
