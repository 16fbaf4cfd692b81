"""From a new challenge to a push, or to the record that says why there was none."""

from pushward.api.common.v1 import common_pb2
from pushward.api.events.v1 import challenge_pb2, types_pb2
from pushward.values import NotificationPlatform
from services.notifier.adapters.memory_channel import MemoryPushChannel
from services.notifier.domain.push import Result
from tests.integration.notifier.conftest import PROMPT, World
from tests.support.waiting import until

CREATED = types_pb2.EVENT_TYPE_CHALLENGE_CREATED
NOTIFIED = types_pb2.EVENT_TYPE_NOTIFICATION_REQUESTED
FCM = common_pb2.NOTIFICATION_PLATFORM_FCM


def created(number: int) -> challenge_pb2.ChallengeCreated:
    """A new challenge of a factor that is reached by FCM."""
    return challenge_pb2.ChallengeCreated(
        challenge_sid=f"YC{number}",
        factor_sid=f"YF{number}",
        factor_type=common_pb2.FACTOR_TYPE_PUSH,
        notification_platform=FCM,
    )


def notified(number: int, ttl_seconds: int = 300) -> challenge_pb2.NotificationRequested:
    """The same factor is to be pushed to once more."""
    return challenge_pb2.NotificationRequested(
        challenge_sid=f"YC{number}",
        factor_sid=f"YF{number}",
        factor_type=common_pb2.FACTOR_TYPE_PUSH,
        notification_sid=f"NT{number}",
        notification_platform=FCM,
        ttl_seconds=ttl_seconds,
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


async def test_a_notification_is_a_push_of_its_own(world: World) -> None:
    """With the same message, another id, and for no longer than its Ttl."""
    channel = MemoryPushChannel()
    async with world.process({NotificationPlatform.FCM: channel}):
        await world.happen(CREATED, created(1))
        await world.happen(NOTIFIED, notified(1, ttl_seconds=0))
        await world.until_pushed([("YC1", "sent", 1), ("YC1", "sent", 1)])
    first, second = sorted(channel.pushes, key=lambda push: push.expires_at, reverse=True)
    assert (second.challenge_sid, second.message, second.token) == (first.challenge_sid, first.message, first.token)
    assert first.id != second.id
    assert second.expires_at < first.expires_at
    assert world.challenges.failed == []


async def test_a_notification_that_comes_too_late_is_dropped(world: World) -> None:
    """The notifier was away for longer than the Ttl; the backend learns that nothing was sent."""
    channel = MemoryPushChannel()
    await world.happen(NOTIFIED, notified(1, ttl_seconds=60), ago_seconds=61)
    await world.happen(NOTIFIED, notified(2, ttl_seconds=60), ago_seconds=10)
    async with world.process({NotificationPlatform.FCM: channel}):
        await world.until_pushed([("YC1", "dropped", 1), ("YC2", "sent", 1)])
        await world.until_told([("YC1", "NT1", "too_late")])
    assert [push.challenge_sid for push in channel.pushes] == ["YC2"]


async def test_now_or_never_is_tried_once(world: World) -> None:
    """A Ttl of 0 leaves no time for another try."""
    channel = MemoryPushChannel(Result.PLATFORM_AWAY)
    async with world.process({NotificationPlatform.FCM: channel}):
        await world.happen(NOTIFIED, notified(1, ttl_seconds=0))
        await world.until_pushed([("YC1", "dropped", 1)])
        await world.until_told([("YC1", "NT1", "platform_away")])


async def test_challenge_is_told_of_pushes_that_no_channel_carries(world: World) -> None:
    """Of the first and of those that were asked for; of one that nobody may see any more only once, too."""
    world.challenges.answered.add("YC2")
    async with world.process():
        for event_type, message in ((CREATED, created(1)), (NOTIFIED, notified(1)), (CREATED, created(2))):
            await world.happen(event_type, message)
        await world.until_told([("YC1", "", "no_channel"), ("YC1", "NT1", "no_channel"), ("YC2", "", "no_channel")])


async def test_what_could_not_be_told_is_told_when_its_lease_lapses(world: World) -> None:
    """As if whoever had taken it had died."""
    world.challenges.deaf = 1
    async with world.process():
        await world.happen(CREATED, created(1))

        async def has_tried() -> bool:
            return world.challenges.deaf == 0

        await until(has_tried)
        assert world.challenges.failed == []
        await world.database.execute("UPDATE notifier.push SET tell_at = clock_timestamp()")
        await world.until_told([("YC1", "", "no_channel")])


async def test_of_a_push_that_was_sent_or_is_moot_nothing_is_told(world: World) -> None:
    """Only what ended unsent is worth a word."""
    world.challenges.answered.add("YC2")
    async with world.process({NotificationPlatform.FCM: MemoryPushChannel()}):
        for number in (1, 2):
            await world.happen(CREATED, created(number))
        await world.until_pushed([("YC1", "sent", 1), ("YC2", "dropped", 1)])
        await world.until_told([])
