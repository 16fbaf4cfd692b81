"""From an event in the log to a call that a stock validator accepts."""

import base64
import hashlib
import hmac

from twilio.request_validator import RequestValidator

from pushward import ids
from pushward.api.events.v1 import challenge_pb2, registry_pb2, types_pb2
from tests.integration.webhook.conftest import ACCOUNT, CORRELATION_ID, SERVICE, World, sid
from tests.integration.webhook.running import AUTH_TOKEN

FACTOR_CREATED = types_pb2.EVENT_TYPE_FACTOR_CREATED
FACTOR_DELETED = types_pb2.EVENT_TYPE_FACTOR_DELETED
CHALLENGE_CREATED = types_pb2.EVENT_TYPE_CHALLENGE_CREATED
CHALLENGE_APPROVED = types_pb2.EVENT_TYPE_CHALLENGE_APPROVED
CHALLENGE_CLOSED = types_pb2.EVENT_TYPE_CHALLENGE_CLOSED


def factor_created() -> registry_pb2.FactorCreated:
    """A factor of the account's service."""
    return registry_pb2.FactorCreated(factor_sid=sid(ids.FACTOR, 1), account_sid=ACCOUNT, service_sid=SERVICE)


def approved() -> challenge_pb2.ChallengeApproved:
    """An approved challenge of the account's service."""
    return challenge_pb2.ChallengeApproved(
        challenge_sid=sid(ids.CHALLENGE, 1), account_sid=ACCOUNT, service_sid=SERVICE
    )


async def test_a_delivery_passes_the_stock_validator_and_carries_standard_webhooks_headers(world: World) -> None:
    """Both signatures hold for exactly the URL and the form that arrive, whatever characters are in them."""
    async with world.process() as stub:
        webhook = await world.subscribe(stub, path="/hook?tenant=a%20b&x=1")
        await world.happen(FACTOR_CREATED, factor_created())
        await world.until_delivered([("factor.created", "delivered", 1)])
    (call,) = world.receiver.calls
    assert call.form["factor_friendly_name"] == "Zoë’s phone & tablet"
    assert call.form["type"] == "factor.created"
    validator = RequestValidator(AUTH_TOKEN)
    assert validator.validate(webhook.webhook_url, call.form, call.headers["X-Twilio-Signature"])
    assert call.url == webhook.webhook_url
    assert call.headers["webhook-id"] == call.form["uuid"]
    signed = f"{call.headers['webhook-id']}.{call.headers['webhook-timestamp']}.".encode() + call.body
    key = base64.b64decode(webhook.secret.removeprefix("whsec_"))
    expected = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    assert call.headers["webhook-signature"] == f"v1,{expected}"


async def test_a_delivery_goes_on_with_the_trace_of_its_event(world: World) -> None:
    """The trace id is the event's correlation id, the span the event's own; a retry has the same."""
    world.receiver.statuses = [500]
    async with world.process() as stub:
        await world.subscribe(stub)
        await world.happen(FACTOR_CREATED, factor_created())
        await world.until_called(1)
        await world.until_result("refused")
        await world.make_everything_due()
        await world.until_delivered([("factor.created", "delivered", 2)])
    first, second = (call.headers["traceparent"] for call in world.receiver.calls)
    version, trace_id, span_id, flags = first.split("-")
    assert (version, trace_id, flags) == ("00", CORRELATION_ID.hex(), "01")
    assert len(bytes.fromhex(span_id)) == 8
    assert first == second


async def test_version_1_sends_fewer_fields(world: World) -> None:
    """And nothing that the contract doesn't name for it."""
    async with world.process() as stub:
        await world.subscribe(stub, version="v1")
        await world.happen(FACTOR_CREATED, factor_created())
        await world.until_delivered([("factor.created", "delivered", 1)])
    assert set(world.receiver.calls[0].form) == {"uuid", "type", "entity_identity", "factor_type"}


async def test_an_event_goes_only_to_webhooks_that_asked_for_its_type(world: World) -> None:
    """``*`` means the original's types, ``pushward.*`` all of them."""
    async with world.process() as stub:
        await world.subscribe(stub, "*", path="/original")
        await world.subscribe(stub, "pushward.*", path="/all")
        await world.subscribe(stub, "challenge.approved", path="/approved")
        await world.subscribe(stub, "*", path="/disabled", status="disabled")
        created = challenge_pb2.ChallengeCreated(account_sid=ACCOUNT, service_sid=SERVICE)
        await world.happen(CHALLENGE_CREATED, created)
        await world.happen(CHALLENGE_APPROVED, approved())
        await world.until_delivered(
            [("challenge.created", "delivered", 1)] + [("challenge.approved", "delivered", 1)] * 3
        )
    paths = sorted(call.url.rsplit("/", 1)[-1] for call in world.receiver.calls)
    assert paths == ["all", "all", "approved", "original"]


async def test_what_no_webhook_may_see_makes_no_delivery(world: World) -> None:
    """Closed challenges, factors that went with their service, other services, and what was before the webhook."""
    async with world.process() as stub:
        await world.happen(FACTOR_CREATED, factor_created())
        await world.subscribe(stub, "pushward.*")
        await world.happen(CHALLENGE_CLOSED, challenge_pb2.ChallengeClosed(account_sid=ACCOUNT, service_sid=SERVICE))
        with_service = registry_pb2.FactorDeleted(account_sid=ACCOUNT, service_sid=SERVICE, with_service=True)
        await world.happen(FACTOR_DELETED, with_service)
        elsewhere = registry_pb2.FactorCreated(account_sid=ACCOUNT, service_sid=sid(ids.SERVICE, 9))
        await world.happen(FACTOR_CREATED, elsewhere)
        foreign = registry_pb2.FactorCreated(account_sid=sid(ids.ACCOUNT, 9), service_sid=SERVICE)
        await world.happen(FACTOR_CREATED, foreign)
        await world.happen(CHALLENGE_APPROVED, approved())
        await world.until_delivered([("challenge.approved", "delivered", 1)])


async def test_a_receiver_that_fails_is_tried_again_with_the_same_uuid(world: World) -> None:
    """The schedule is in the database: moving it ahead is all that the wait takes."""
    world.receiver.statuses = [500, 204]
    async with world.process() as stub:
        await world.subscribe(stub)
        await world.happen(FACTOR_CREATED, factor_created())
        await world.until_result("refused")
        assert await world.deliveries() == [("factor.created", "due", 1)]
        await world.make_everything_due()
        await world.until_delivered([("factor.created", "delivered", 2)])
    first, second = world.receiver.calls
    assert first.form == second.form


async def test_a_delivery_survives_the_death_of_the_process_that_took_it(world: World) -> None:
    """What a dead process had taken is due again when the lease lapses: somebody else delivers it."""
    world.receiver.answering.clear()
    async with world.process() as stub:
        await world.subscribe(stub)
    async with world.dying_process():
        await world.happen(FACTOR_CREATED, factor_created())
        await world.until_called(1)
    world.receiver.answering.set()
    assert await world.deliveries() == [("factor.created", "due", 1)]
    async with world.process():
        await world.make_everything_due()
        await world.until_delivered([("factor.created", "delivered", 2)])
    first, second = world.receiver.calls
    assert first.form["uuid"] == second.form["uuid"]


async def test_two_processes_share_the_work_and_deliver_everything_once(world: World) -> None:
    """Whoever's shard it is matches, whoever has room delivers."""
    async with world.process() as stub, world.process():
        await world.subscribe(stub)
        for number in range(200):
            await world.happen(FACTOR_CREATED, factor_created(), shard=number % 4)
        await world.until_counted("factor.created", "delivered", 200)
    assert len({call.form["uuid"] for call in world.receiver.calls}) == 200
    assert len(world.receiver.calls) == 200


async def test_one_dead_receiver_does_not_slow_another(world: World) -> None:
    """Its calls hang; the other webhook's deliveries arrive as if it weren't there."""
    world.receiver.hanging_paths.add("/dead")
    async with world.process() as stub:
        await world.subscribe(stub, "factor.created", path="/dead")
        await world.subscribe(stub, "challenge.approved", path="/alive")
        for _ in range(100):
            await world.happen(FACTOR_CREATED, factor_created())
        for _ in range(100):
            await world.happen(CHALLENGE_APPROVED, approved())
        await world.until_counted("challenge.approved", "delivered", 100)
        assert await world.counted("factor.created", "delivered") == 0
        world.receiver.let_go()
        await world.until_counted("factor.created", "delivered", 100)


async def test_a_deleted_webhook_a_forgotten_subject_and_a_deleted_service_cancel_what_is_due(world: World) -> None:
    """Nothing is sent for what is gone."""
    world.receiver.statuses = [500]
    async with world.process() as stub:
        webhook = await world.subscribe(stub)
        await world.happen(FACTOR_CREATED, factor_created())
        await world.until_result("refused")
        await world.unsubscribe(stub, webhook)
        await world.make_everything_due()
        await world.until_delivered([("factor.created", "cancelled", 2)])

        await world.subscribe(stub)
        world.registry.forgotten.add((2, 2))
        await world.happen(FACTOR_CREATED, factor_created())
        await world.until_delivered([("factor.created", "cancelled", 2), ("factor.created", "cancelled", 1)])

        world.registry.deleted_services.add(SERVICE)
        await world.happen(FACTOR_CREATED, factor_created())
        await world.until_counted("factor.created", "cancelled", 3)
    assert len(world.receiver.calls) == 1


async def test_while_the_owner_of_an_event_is_away_no_attempt_is_spent(world: World) -> None:
    """The delivery waits for registry, not the other way round."""
    world.registry.away = True
    async with world.process() as stub:
        await world.subscribe(stub)
        await world.happen(FACTOR_CREATED, factor_created())
        await world.until_result("owner_away")
        world.registry.away = False
        await world.make_everything_due()
        await world.until_delivered([("factor.created", "delivered", 1)])


async def test_while_an_account_is_disabled_nobody_is_called_and_nothing_is_lost(world: World) -> None:
    """No attempt is spent; what has happened is delivered once the account is enabled again."""
    world.registry.disabled = True
    async with world.process() as stub:
        await world.subscribe(stub)
        await world.happen(FACTOR_CREATED, factor_created())
        await world.until_result("account_disabled")
        assert world.receiver.calls == []
        world.registry.disabled = False
        await world.make_everything_due()
        await world.until_delivered([("factor.created", "delivered", 1)])


async def test_finished_deliveries_are_forgotten_after_a_while(world: World) -> None:
    """Due ones are kept, however old."""
    world.receiver.statuses = [200, 500]
    async with world.process() as stub:
        await world.subscribe(stub)
        await world.happen(FACTOR_CREATED, factor_created())
        await world.until_delivered([("factor.created", "delivered", 1)])
        await world.happen(FACTOR_CREATED, factor_created())
        await world.until_delivered([("factor.created", "delivered", 1), ("factor.created", "due", 1)])
    row = await world.database.fetchrow("SELECT webhook.prune(0, 10) AS pruned")
    assert row is not None
    assert row["pruned"] == 1
    assert await world.deliveries() == [("factor.created", "due", 1)]
