"""The tail that device streams follow."""

import asyncio

import pytest
from grpc import aio

from pushward.api.common.v1 import common_pb2
from pushward.api.events.v1 import challenge_pb2, registry_pb2, types_pb2
from pushward.api.notifier.v1.notifier_pb2 import FollowRequest, Signal
from pushward.errors import UnavailableError
from tests.integration.notifier.conftest import World

FACTOR_DELETED = types_pb2.EVENT_TYPE_FACTOR_DELETED


def created(number: int) -> challenge_pb2.ChallengeCreated:
    """A new push challenge."""
    return challenge_pb2.ChallengeCreated(
        challenge_sid=f"YC{number}", factor_sid=f"YF{number}", factor_type=common_pb2.FACTOR_TYPE_PUSH
    )


async def told(call: aio.UnaryStreamCall[FollowRequest, Signal]) -> Signal:
    """The next signal."""
    signal = await call.read()
    assert isinstance(signal, Signal)
    return signal


async def test_a_follower_sees_what_happens_on_every_shard_after_it_was_told_so(world: World) -> None:
    """`Following` comes first; what was before isn't shown."""
    async with world.process() as stub:
        await world.happen(types_pb2.EVENT_TYPE_CHALLENGE_CREATED, created(0))
        call = stub.Follow(FollowRequest())
        assert (await told(call)).HasField("following")
        for shard in range(4):
            await world.happen(types_pb2.EVENT_TYPE_CHALLENGE_CREATED, created(shard + 1), shard=shard)
        seen = {(await told(call)).challenge_created.challenge_sid for _ in range(4)}
        assert seen == {"YC1", "YC2", "YC3", "YC4"}
        call.cancel()


async def test_several_followers_see_the_same(world: World) -> None:
    """One tail is read for all of them; one that leaves takes nothing from the others."""
    async with world.process() as stub:
        calls = [stub.Follow(FollowRequest()) for _ in range(3)]
        for call in calls:
            assert (await told(call)).HasField("following")
        calls.pop().cancel()
        await world.happen(FACTOR_DELETED, registry_pb2.FactorDeleted(factor_sid="YF1"))
        expected = Signal(factor_deleted=Signal.FactorDeleted(factor_sid="YF1"))
        assert [await told(call) for call in calls] == [expected, expected]
        for call in calls:
            call.cancel()


async def test_a_follower_may_come_back_after_all_had_left(world: World) -> None:
    """It starts with what happens next, not where the last one stopped."""
    async with world.process() as stub:
        for number in range(2):
            call = stub.Follow(FollowRequest())
            assert (await told(call)).HasField("following")
            await world.happen(FACTOR_DELETED, registry_pb2.FactorDeleted(factor_sid=f"YF{number}"))
            assert (await told(call)).factor_deleted.factor_sid == f"YF{number}"
            call.cancel()
            await world.happen(FACTOR_DELETED, registry_pb2.FactorDeleted(factor_sid="missed"))


async def test_a_stopping_process_ends_its_followers_with_an_error(world: World) -> None:
    """So that they go elsewhere at once."""
    async with world.process() as stub:
        call = stub.Follow(FollowRequest())
        await told(call)
        waiting = asyncio.create_task(told(call))
    with pytest.raises(UnavailableError):
        await waiting
