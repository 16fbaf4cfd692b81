"""Notifications on a real database: three for each challenge, whoever asks and however many at once."""

import asyncio
from uuid import uuid4

import pytest

from pushward.api.challenge.v1 import challenge_pb2
from pushward.api.common.v1 import common_pb2
from pushward.api.events.v1 import types_pb2
from pushward.errors import ForbiddenError, NotFoundError, TooManyRequestsError
from tests.integration.challenge.conftest import Caller
from tests.integration.challenge.registry import IDENTITY, SERVICE
from tests.support.waiting import until

CREATED = types_pb2.EVENT_TYPE_CHALLENGE_CREATED
APPROVED = types_pb2.EVENT_TYPE_CHALLENGE_APPROVED
EXPIRED = types_pb2.EVENT_TYPE_CHALLENGE_EXPIRED
REQUESTED = types_pb2.EVENT_TYPE_NOTIFICATION_REQUESTED
FAILED = types_pb2.EVENT_TYPE_NOTIFICATION_FAILED


@pytest.fixture
async def reachable(caller: Caller) -> Caller:
    """A caller whose factor can be pushed to."""
    caller.world.registry.platform = common_pb2.NOTIFICATION_PLATFORM_FCM
    return caller


async def notify(
    caller: Caller,
    challenge_sid: str,
    by: common_pb2.Principal | None = None,
    ttl_seconds: int | None = None,
) -> challenge_pb2.Notification:
    """Asks for one more push."""
    request = challenge_pb2.CreateNotificationRequest(
        context=caller.asked_by(by),
        service_sid=SERVICE,
        identity=IDENTITY,
        challenge_sid=challenge_sid,
        ttl_seconds=ttl_seconds,
    )
    return await caller.stub.CreateNotification(request)


def failed_push(challenge_sid: str, push_id: bytes) -> challenge_pb2.RecordFailedPushRequest:
    """What notifier tells."""
    return challenge_pb2.RecordFailedPushRequest(challenge_sid=challenge_sid, push_id=push_id, reason="no_channel")


async def test_of_many_requests_at_once_three_are_granted(reachable: Caller) -> None:
    """In two processes; the others learn that there were three."""
    challenge = await reachable.create()
    async with reachable.world.process(background=False) as second:
        outcomes = await asyncio.gather(
            *(notify((reachable, second)[number % 2], challenge.sid) for number in range(16)), return_exceptions=True
        )
    granted = [outcome for outcome in outcomes if isinstance(outcome, challenge_pb2.Notification)]
    refused = [outcome for outcome in outcomes if isinstance(outcome, TooManyRequestsError) and outcome.code == 60309]
    assert (len({one.sid for one in granted}), len(refused)) == (3, 13)
    assert await reachable.world.types_of(challenge.sid) == [CREATED, REQUESTED, REQUESTED, REQUESTED]


async def test_the_count_holds_in_a_new_process(reachable: Caller) -> None:
    """It stands in the log."""
    challenge = await reachable.create()
    for _ in range(3):
        await notify(reachable, challenge.sid)
    async with reachable.world.process(background=False) as restarted:
        with pytest.raises(TooManyRequestsError) as refused:
            await notify(restarted, challenge.sid)
    assert refused.value.code == 60309


async def test_a_notified_challenge_is_answered_as_any_other(reachable: Caller) -> None:
    """What was shown before the push is what is signed after it."""
    challenge = await reachable.create()
    signed = reachable.signed(challenge)
    await notify(reachable, challenge.sid, ttl_seconds=0)
    assert (await reachable.answer(challenge, signed)).status == challenge_pb2.STATUS_APPROVED
    with pytest.raises(ForbiddenError) as refused:
        await notify(reachable, challenge.sid)
    assert refused.value.code == 60322


async def test_an_expired_challenge_is_recorded_as_such_before_it_is_refused(reachable: Caller) -> None:
    """403, 60323: nobody saw it pending after its date."""
    world = reachable.world
    challenge = await reachable.create(expiration_date=await world.in_seconds(1))
    await until(lambda: world.has_passed(challenge))
    with pytest.raises(ForbiddenError) as refused:
        await notify(reachable, challenge.sid)
    assert refused.value.code == 60323
    assert await world.types_of(challenge.sid) == [CREATED, EXPIRED]


async def test_a_deleted_factor_is_not_pushed_to(reachable: Caller) -> None:
    """404, before its challenges are closed."""
    challenge = await reachable.create()
    await reachable.world.registry.delete_factor(reachable.world.factor)
    with pytest.raises(NotFoundError):
        await notify(reachable, challenge.sid)
    assert await reachable.world.types_of(challenge.sid) == [CREATED]


async def test_an_entity_that_moved_meanwhile_is_asked_for_again(reachable: Caller) -> None:
    """The request is guarded by its version, like a creation."""
    challenge = await reachable.create()
    reachable.world.registry.stale_answers, asked = 2, reachable.world.registry.asked
    await notify(reachable, challenge.sid)
    assert reachable.world.registry.asked == asked + 3
    assert await reachable.world.types_of(challenge.sid) == [CREATED, REQUESTED]


async def test_a_device_asks_for_no_push(reachable: Caller) -> None:
    """403, 20403."""
    challenge = await reachable.create()
    with pytest.raises(ForbiddenError) as refused:
        await notify(reachable, challenge.sid, by=reachable.world.registry.device(reachable.world.factor))
    assert refused.value.code == 20403


async def test_a_failed_push_is_recorded_once_however_often_it_is_told(reachable: Caller) -> None:
    """At once from two processes, and again when more has happened; another push's failure is another event."""
    challenge = await reachable.create()
    once, other = (failed_push(challenge.sid, uuid4().bytes) for _ in range(2))
    async with reachable.world.process(background=False) as second:
        await asyncio.gather(*(caller.stub.RecordFailedPush(once) for caller in (reachable, second) * 4))
    await notify(reachable, challenge.sid)
    await reachable.stub.RecordFailedPush(once)
    await reachable.stub.RecordFailedPush(other)
    assert await reachable.world.types_of(challenge.sid) == [CREATED, FAILED, REQUESTED, FAILED]


async def test_a_push_that_failed_too_late_is_not_recorded(reachable: Caller) -> None:
    """The challenge was answered: it stays as it is."""
    challenge = await reachable.create()
    await reachable.answer(challenge)
    await reachable.stub.RecordFailedPush(failed_push(challenge.sid, uuid4().bytes))
    assert await reachable.world.types_of(challenge.sid) == [CREATED, APPROVED]
