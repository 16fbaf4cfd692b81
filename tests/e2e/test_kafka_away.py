"""Kafka is killed in mid-run: logins, pushes and webhooks go on; when it is back the topic is complete."""

import statistics
import time
from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

from deploy.embedded.kafka import EmbeddedKafka
from pushward.kafka.record import TOPIC
from tests.crash.checker import log_problems, told, topic_problems
from tests.crash.evidence import heads_of, log_facts, log_of, relayed, relayed_to
from tests.e2e.test_device_stream import listening
from tests.support.events import Event
from tests.support.figures import Figures
from tests.support.installation import Installation
from tests.support.kafka import delete_topics
from tests.support.phone import Phone
from tests.support.receiver import Receiver
from tests.support.system import Shape, System, running
from tests.support.tenant import Tenant
from tests.support.waiting import until

LOGINS: Final = 25
APPROVED: Final = "challenge.approved"


@dataclass
class Times:
    """Seconds of each login: until the phone heard of it, until it was approved, until the webhook came."""

    pushed: list[float] = field(default_factory=list)
    approved: list[float] = field(default_factory=list)
    called: list[float] = field(default_factory=list)

    def __str__(self) -> str:
        medians = (statistics.median(each) * 1000 for each in (self.approved, self.pushed, self.called))
        login, push, webhook = (f"{median:.1f} ms" for median in medians)
        return f"{len(self.approved)} logins (p50: login {login}, push {push}, webhook {webhook} after the approval)"


@pytest.fixture(scope="module")
def fragile_kafka() -> Iterator[EmbeddedKafka]:
    """A broker that may be killed."""
    with EmbeddedKafka.ephemeral() as broker:
        yield broker


@pytest.fixture(params=[Shape.ONE, Shape.SPLIT], ids=str)
async def relaying(request: pytest.FixtureRequest, fragile_kafka: EmbeddedKafka) -> Shape:
    """A shape, and no topic of another log."""
    await delete_topics(fragile_kafka.bootstrap)
    shape: Shape = request.param
    return shape


@pytest.fixture
def system(
    relaying: Shape, fragile_kafka: EmbeddedKafka, installation: Installation, tmp_path: Path
) -> Iterator[System]:
    """A system that relays to it."""
    with running(relaying, installation.copy(), tmp_path, {"PUSHWARD_KAFKA": fragile_kafka.bootstrap}) as system:
        yield system


async def test_logins_pushes_and_webhooks_go_on_without_kafka_and_the_topic_is_complete_later(
    system: System,
    fragile_kafka: EmbeddedKafka,
    tenant: Tenant,
    phone: Phone,
    receiver: Receiver,
    figures: Figures,
) -> None:
    """The same number of logins before and while the broker is away, and some after; each event is in the topic."""
    hook = {"FriendlyName": "Backend", "EventTypes": APPROVED, "WebhookUrl": receiver.url}
    await tenant.create(f"/v2/Services/{phone.factor.service_sid}/Webhooks", hook)
    url, bootstrap = system.stores.database_url, fragile_kafka.bootstrap

    async def is_complete() -> bool:
        return await relayed_to(bootstrap) == await heads_of(url)

    async with listening(phone) as heard:
        before = await _log_in(tenant, phone, heard, receiver)
        await until(is_complete)
        fragile_kafka.kill()
        away = await _log_in(tenant, phone, heard, receiver)
        assert (await tenant.client.get("/readyz")).status_code == 200
        fragile_kafka.start()
        back_at = time.monotonic()
        await _log_in(tenant, phone, heard, receiver)
        await until(is_complete)
        complete_after = time.monotonic() - back_at

    facts = await log_facts(url)
    assert told(log_problems(facts)) == ""
    assert told(topic_problems(log_of(facts), await relayed(bootstrap))) == ""
    calls = [delivery.form["challenge_sid"] for delivery in receiver.deliveries]
    assert len(calls) == len({*calls}) == 3 * LOGINS
    figures.tell(
        f"Kafka away, shape {system.shape}: before {before}; away {away}; {len(facts)} events all in {TOPIC} "
        f"{complete_after:.1f} s after its return"
    )


async def _log_in(tenant: Tenant, phone: Phone, heard: AsyncGenerator[Event, None], receiver: Receiver) -> Times:
    """Logins one after the other: created, heard of, approved, told by webhook. Each must come to its end."""
    times = Times()
    for _ in range(LOGINS):
        began = time.monotonic()
        challenge = await tenant.challenge(phone.entity, phone.sid)
        event = await anext(heard)
        assert (event.name, event.body["challenge_sid"]) == ("challenge", challenge["sid"])
        times.pushed.append(time.monotonic() - began)
        assert (await phone.decide(challenge["sid"], "approved")).status == "approved"
        approved_at = time.monotonic()
        times.approved.append(approved_at - began)
        delivery = (await receiver.received(len(receiver.deliveries) + (not _has(receiver, challenge["sid"]))))[-1]
        assert (delivery.form["type"], delivery.form["challenge_sid"]) == (APPROVED, challenge["sid"])
        times.called.append(time.monotonic() - approved_at)
    return times


def _has(receiver: Receiver, challenge_sid: str) -> bool:
    """Whether the webhook came already, as it may before the phone has its answer."""
    return any(delivery.form["challenge_sid"] == challenge_sid for delivery in receiver.deliveries)
