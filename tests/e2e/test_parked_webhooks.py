"""A poisonous event stops the webhooks of its own stream only; made up for once an operator has put it right."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from deploy.embedded.waiting import wait_until
from tests.support import sql
from tests.support.installation import Installation, pushward
from tests.support.phone import Phone
from tests.support.receiver import Receiver
from tests.support.system import Shape, System, running
from tests.support.tenant import Tenant

PARK_SECONDS_MAX: Final = 30.0
EVENTS: Final = ("challenge.approved", "challenge.denied")


@pytest.fixture(params=[Shape.ONE, Shape.SPLIT], ids=str)
def poisoned(request: pytest.FixtureRequest, installation: Installation, tmp_path: Path) -> Iterator[System]:
    """A system whose deliveries will be tampered with."""
    with running(request.param, installation.copy(), tmp_path) as system:
        yield system


async def test_a_stream_that_cannot_be_delivered_is_parked_and_made_up_for(
    poisoned: System, installation: Installation
) -> None:
    """Meanwhile other streams' webhooks come; afterwards its own come too, once, and the next ones as ever."""
    async with (
        Tenant(poisoned.base_url, installation.account) as tenant,
        Receiver.listening() as receiver,
        Phone.enrolled(tenant, await tenant.new_service()) as phone,
    ):
        hook = {"FriendlyName": "Backend", "EventTypes": EVENTS, "WebhookUrl": receiver.url}
        await tenant.create(f"/v2/Services/{phone.factor.service_sid}/Webhooks", hook)
        refusal = "ADD CONSTRAINT none_denied CHECK (event_type <> 'challenge.denied')"
        await sql.execute(poisoned.stores.database_url, f"ALTER TABLE webhook.delivery {refusal}")

        denied = await tenant.challenge(phone.entity, phone.sid)
        await phone.decide(denied["sid"], "denied")
        approved = await tenant.challenge(phone.entity, phone.sid)
        await phone.decide(approved["sid"], "approved")
        assert await asyncio.to_thread(wait_until, lambda: len(_parked(poisoned)) == 1, PARK_SECONDS_MAX)
        await receiver.received(1)
        assert receiver.deliveries[0].form["challenge_sid"] == approved["sid"]
        ((stream, error),) = _parked(poisoned)
        assert error.startswith(
            "CheckViolationError 23514 delivery none_denied at services.webhook.adapters.deliveries"
        )

        await sql.execute(poisoned.stores.database_url, "ALTER TABLE webhook.delivery DROP CONSTRAINT none_denied")
        _pushward(poisoned, "resume", "webhook", "--stream", stream)
        await receiver.received(2)
        assert receiver.deliveries[1].form["challenge_sid"] == denied["sid"]
        assert await asyncio.to_thread(wait_until, lambda: _parked(poisoned) == [], PARK_SECONDS_MAX)
        again = await tenant.challenge(phone.entity, phone.sid)
        await phone.decide(again["sid"], "denied")
        await receiver.received(3)
        assert [delivery.form["challenge_sid"] for delivery in receiver.deliveries] == [
            approved["sid"],
            denied["sid"],
            again["sid"],
        ]


def test_a_subscription_that_is_not_there_is_named(installation: Installation) -> None:
    """With those that are; and what to resume has to be said, once."""
    environment = installation.stores.environment()
    unknown = pushward(environment, "subscription", "resume", "webhooks", "--all", succeeds=False)
    assert (unknown.returncode, "No subscription 'webhooks': name one of " in unknown.stderr) == (2, True)
    unsaid = pushward(environment, "subscription", "resume", "webhook", succeeds=False)
    assert (unsaid.returncode, "one of --stream, --shard and --all" in unsaid.stderr) == (2, True)
    nothing = json.loads(pushward(environment, "subscription", "resume", "webhook", "--all", "--json").stdout)
    assert nothing == {"shards": [], "streams": []}


def _parked(system: System) -> list[tuple[str, str]]:
    shards = _pushward(system, "status")
    return [(parked["stream_id"], parked["error"]) for shard in shards for parked in shard["parked"]]


def _pushward(system: System, *words: str) -> Any:  # Any: JSON
    done = pushward(system.stores.environment(), "subscription", *words, "--json", succeeds=False)
    return json.loads(done.stdout)
