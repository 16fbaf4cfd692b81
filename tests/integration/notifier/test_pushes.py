"""From a new challenge to a push, or to the record that says why there was none."""

from pushward.api.common.v1 import common_pb2
from pushward.api.events.v1 import challenge_pb2, types_pb2
from pushward.values import NotificationPlatform
from services.notifier.adapters.memory_channel import MemoryPushChannel
from services.notifier.domain.push import Result
from tests.integration.notifier.conftest import PROMPT, World

CREATED = types_pb2.EVENT_TYPE_CHALLENGE_CREATED
FCM = common_pb2.NOTIFICATION_PLATFORM_FCM


def created(number: int) -> challenge_pb2.ChallengeCreated:
    """A new challenge of a factor that is reached by FCM."""
    return challenge_pb2.ChallengeCreated(
        challenge_sid=f"YC{number}",
        factor_sid=f"YF{number}",
        factor_type=common_pb2.FACTOR_TYPE_PUSH,
        notification_platform=FCM,
    )


async def test_a_new_challenge_is_pushed_to_its_device(world: World) -> None:
    """With what challenge says it shows and where registry says it goes."""
    channel = MemoryPushChannel()
    async with world.process({NotificationPlatform.FCM: channel}):
        await world.happen(CREATED, created(1))
        await world.until_pushed([("YC1", "sent", 1)])
    (push,) = channel.pushes
    assert (push.challenge_sid, push.message, push.token) == ("YC1", PROMPT, "token of YF1")


async def test_without_a_channel_a_push_is_recorded_as_undeliverable_at_once(world: World) -> None:
    """Nobody waits for what can't come."""
    async with world.process():
        await world.happen(CREATED, created(1))
        await world.until_pushed([("YC1", "undeliverable", 0)])


async def test_a_push_whose_challenge_was_answered_is_dropped(world: World) -> None:
    """The device isn't asked twice."""
    channel = MemoryPushChannel()
    world.challenges.answered.add("YC1")
    async with world.process({NotificationPlatform.FCM: channel}):
        await world.happen(CREATED, created(1))
        await world.until_pushed([("YC1", "dropped", 1)])
    assert channel.pushes == []


async def test_a_push_that_its_platform_did_not_take_is_tried_again_with_the_same_id(world: World) -> None:
    """So that a platform that had taken it all the same can tell."""
    channel = MemoryPushChannel(Result.PLATFORM_AWAY)
    async with world.process({NotificationPlatform.FCM: channel}):
        await world.happen(CREATED, created(1))
        await world.until_pushed([("YC1", "sent", 2)])
    first, second = channel.pushes
    assert first.id == second.id


async def test_a_push_that_a_dead_process_had_taken_is_sent_by_another(world: World) -> None:
    """Its lease lapses; the result of whoever comes late counts no more."""
    channel = MemoryPushChannel()
    async with world.process():
        pass
    await world.happen(CREATED, created(1))
    async with world.process({NotificationPlatform.APN: MemoryPushChannel()}):
        await world.until_pushed([("YC1", "undeliverable", 0)])
    await world.database.execute(
        "UPDATE notifier.push SET status = 'due', attempts = 1, finished_at = NULL, due_at = clock_timestamp()"
    )
    async with world.process({NotificationPlatform.FCM: channel}):
        await world.until_pushed([("YC1", "sent", 2)])
    assert len(channel.pushes) == 1
