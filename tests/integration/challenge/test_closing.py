"""When a factor is deleted, its challenges are gone within a second; what webhooks are told, and when no longer."""

import asyncio

import pytest

from pushward import ids
from pushward.api.challenge.v1 import challenge_pb2
from pushward.api.events.v1 import types_pb2
from pushward.errors import NotFoundError
from pushward.eventlog import replay
from services.challenge.adapters.aggregates import AGGREGATES
from services.challenge.adapters.log import ROLE
from tests.integration.challenge.conftest import Caller, World
from tests.integration.challenge.registry import ACCOUNT, IDENTITY, SERVICE
from tests.support.waiting import until

CLOSED = types_pb2.EVENT_TYPE_CHALLENGE_CLOSED


async def rendered(caller: Caller, challenge_sid: str, version: int) -> dict[str, str]:
    """What a challenge's event says to a webhook."""
    event = (await caller.world.reader.read_stream(ids.stream_of_sid(challenge_sid)))[version - 1]
    request = challenge_pb2.RenderChallengeEventRequest(shard=event.shard, position=event.position)
    return dict((await caller.stub.RenderWebhookEvent(request)).fields)


async def is_gone(caller: Caller, challenge_sid: str) -> bool:
    """Whether a challenge is not found."""
    try:
        await caller.get(challenge_sid)
    except NotFoundError:
        return True
    return False


async def test_a_deleted_factors_challenges_are_closed_within_a_second(world: World) -> None:
    """Pending and answered ones; another factor's stay."""
    async with world.process() as caller:
        pending, answered = await caller.create(), await caller.create()
        await caller.answer(answered)
        other = await caller.create(factor_sid=world.registry.factors[1].sid)
        await world.registry.delete_factor(world.factor)
        async with asyncio.timeout(1):
            await until(lambda: is_gone(caller, pending.sid))
            await until(lambda: is_gone(caller, answered.sid))
        assert await caller.sids() == [other.sid]
        with pytest.raises(NotFoundError):
            await rendered(caller, answered.sid, 2)
        with pytest.raises(NotFoundError):
            await caller.stub.GetPrompt(challenge_pb2.GetPromptRequest(challenge_sid=pending.sid))
    assert (await world.types_of(pending.sid))[-1] == CLOSED
    report = await replay.check(world.url, ROLE, AGGREGATES)
    assert (report.rows, report.differences) == (3, ())


async def test_what_was_deleted_while_no_process_ran_is_closed_by_the_next(world: World) -> None:
    """More than one page of them, and the closer's position is kept."""
    async with world.process() as caller:
        created = await asyncio.gather(*(caller.create() for _ in range(150)))
    await world.registry.delete_factor(world.factor)
    async with world.process() as caller:

        async def none_left() -> bool:
            return await caller.sids() == []

        await until(none_left)
    assert [len(await world.types_of(each.sid)) for each in created] == [2] * len(created)


async def test_a_webhook_is_told_the_challenge_as_of_the_event(caller: Caller) -> None:
    """The creation still says pending after the answer."""
    created = await caller.create()
    answered = await caller.answer(created, metadata='{"app":"1.2"}')
    first, second = await rendered(caller, created.sid, 1), await rendered(caller, created.sid, 2)
    assert first.keys() == second.keys()
    assert first | {"type": "", "challenge_date_created": "", "challenge_date_updated": "",
                    "challenge_expiration_date": ""} == {
        "type": "",
        "account_sid": ACCOUNT,
        "service_sid": SERVICE,
        "entity_identity": IDENTITY,
        "factor_sid": created.factor_sid,
        "factor_type": "push",
        "challenge_sid": created.sid,
        "challenge_status": "pending",
        "challenge_date_created": "",
        "challenge_date_updated": "",
        "challenge_date_responded": "",
        "challenge_expiration_date": "",
        "challenge_details": created.details_json,
        "challenge_hidden_details": '{"session":"s-1"}',
        "challenge_metadata": "",
    }  # fmt: skip
    assert (first["type"], second["type"]) == ("challenge.created", "challenge.approved")
    assert second["challenge_status"] == "approved"
    assert second["challenge_metadata"] == answered.metadata_json
    assert second["challenge_date_responded"] == second["challenge_date_updated"] != ""


async def test_there_is_nothing_to_tell_of_other_events(caller: Caller) -> None:
    """A position that isn't a challenge's, or isn't at all."""
    for position in (1, 999):
        with pytest.raises(NotFoundError):
            await caller.stub.RenderWebhookEvent(challenge_pb2.RenderChallengeEventRequest(shard=2, position=position))
