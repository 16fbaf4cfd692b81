"""One trace id leads from the caller's request over the log and Kafka to the webhook."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.embedded.kafka import EmbeddedKafka
from pushward.api.events.v1 import envelope_pb2, types_pb2
from pushward.kafka.record import topic_of
from tests.support import jws, sql
from tests.support.installation import SHARDS, Installation
from tests.support.kafka import records_of
from tests.support.phone import Phone
from tests.support.receiver import Receiver
from tests.support.system import Shape, System, running
from tests.support.tenant import Tenant, answered
from tests.support.waiting import until

BACKENDS = "0af7651916cd43dd8448eb211c80319c"
DEVICES = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT_SPAN = "00f067aa0ba902b7"
EVENTS = {
    "pushward.challenge_created": BACKENDS,
    "pushward.challenge_approved": DEVICES,
}


@pytest.fixture(params=[Shape.ONE, Shape.SPLIT], ids=str)
def relaying(
    request: pytest.FixtureRequest, installation: Installation, tmp_path: Path, clean_kafka: EmbeddedKafka
) -> Iterator[System]:
    """A system that relays to an empty Kafka."""
    settings = {"PUSHWARD_KAFKA": clean_kafka.bootstrap}
    with running(request.param, installation.copy(), tmp_path, settings) as system:
        yield system


async def test_a_callers_trace_is_in_log_topic_and_webhook(
    relaying: System, installation: Installation, clean_kafka: EmbeddedKafka, receiver: Receiver
) -> None:
    """The backend's trace is that of the challenge's creation, the device's that of its approval."""
    async with Tenant(relaying.base_url, installation.account) as tenant:
        service = await tenant.new_service()
        hook = {"FriendlyName": "Backend", "EventTypes": "pushward.*", "WebhookUrl": receiver.url}
        await tenant.create(f"/v2/Services/{service}/Webhooks", hook)
        async with Phone.enrolled(tenant, service) as phone:
            challenge = await _log_in(tenant, phone)
    url = relaying.stores.database_url
    types = tuple(types_pb2.EventType.Value(f"EVENT_TYPE_{name.partition('.')[2].upper()}") for name in EVENTS)
    rows = await sql.rows(url, "SELECT event_id, envelope FROM log.event WHERE type = ANY($1) ORDER BY type", types)
    ids = {str(event_id): envelope_pb2.Envelope.FromString(envelope) for event_id, envelope in rows}  # type: ignore[arg-type]  # bytea
    assert [envelope.correlation_id.hex() for envelope in ids.values()] == [BACKENDS, DEVICES], challenge

    async def traces_in_topic() -> dict[str, str]:
        found = {}
        for records in (await records_of(clean_kafka.bootstrap, topic_of(1), SHARDS)).values():
            for record in records:
                headers = {name: value.decode() for name, value in record.headers if name != "envelope"}
                if headers["ce_id"] in ids:
                    found[headers["ce_type"]] = headers["traceparent"]
        return found

    async def all_arrived() -> bool:
        return set(await traces_in_topic()) == set(EVENTS)

    await until(all_arrived)
    in_topic = await traces_in_topic()
    assert {name: _trace_id(traceparent) for name, traceparent in in_topic.items()} == EVENTS

    async def called() -> bool:
        return len(_calls(receiver)) == len(EVENTS)

    await until(called)
    assert _calls(receiver) == in_topic
    others = {_trace_id(delivery.headers["traceparent"]) for delivery in receiver.deliveries} - {BACKENDS, DEVICES}
    assert others, "a request without a trace has one of its own"


async def _log_in(tenant: Tenant, phone: Phone) -> str:
    form = {"FactorSid": phone.sid, "Details.Message": "Log in?"}
    created = await tenant.client.post(f"{phone.entity}/Challenges", data=form, headers=_traced(BACKENDS))
    challenge: str = answered(created, 201)["sid"]
    path = f"{phone.entity}/Challenges/{challenge}"
    payload = jws.es256(phone.key, {**await phone.shown(challenge), "status": "approved"})
    approved = await phone.client.post(
        path, data={"AuthPayload": payload}, auth=("token", phone.token()), headers=_traced(DEVICES)
    )
    answered(approved, 200)
    return challenge


def _traced(trace_id: str) -> dict[str, str]:
    return {"traceparent": f"00-{trace_id}-{PARENT_SPAN}-01"}


def _trace_id(traceparent: str) -> str:
    return traceparent.split("-")[1]


def _calls(receiver: Receiver) -> dict[str, str]:
    """The traceparent of each call about the challenge, by the event's name in the topic."""
    named = {f"pushward.{delivery.form['type'].replace('.', '_')}": delivery for delivery in receiver.deliveries}
    return {name: named[name].headers["traceparent"] for name in EVENTS if name in named}
