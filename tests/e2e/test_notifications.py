"""Notifications: a challenge is pushed to its device once more (contract section 10, *Notifications*)."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from tests.support.events import events
from tests.support.phone import STREAM, Phone
from tests.support.receiver import Receiver
from tests.support.system import Shape
from tests.support.tenant import Json, Tenant, refused
from tests.support.totp_factor import TotpFactor
from tests.support.waiting import until

EVERY_SHAPE = pytest.mark.parametrize("system", list(Shape), indirect=True, ids=str, scope="session")
FCM: Final = {"Config.NotificationPlatform": "fcm", "Config.NotificationToken": "t" * 40}
UNKNOWN: Final = "YC" + "0" * 32


@pytest.fixture
async def reachable(tenant: Tenant, service: str, phone: Phone) -> Phone:
    """A phone that says it is reached by FCM."""
    await tenant.update(f"/v2/Services/{service}", {"Push.FcmCredentialSid": "CR" + "0" * 32})
    await tenant.update(phone.path, FCM)
    return phone


def notifications(challenge: Json) -> str:
    """Where they are asked for, as the challenge says."""
    return str(challenge["links"]["notifications"])


@asynccontextmanager
async def heard_by(phone: Phone) -> AsyncIterator[AsyncIterator[str]]:
    """The SIDs of the challenges that an open stream tells of."""
    async with (
        phone.client.stream("GET", STREAM, auth=("token", phone.token())) as stream,
        aclosing(events(stream)) as heard,
    ):
        assert stream.status_code == 200
        yield (str(event.body["challenge_sid"]) async for event in heard)


@pytest.mark.exercises("POST /v2/Services/{ServiceSid}/Entities/{Identity}/Challenges/{ChallengeSid}/Notifications")
async def test_a_notification_shows_what_was_asked_for(tenant: Tenant, reachable: Phone) -> None:
    """201 with every field; five minutes unless told otherwise."""
    challenge = await tenant.challenge(reachable.entity, reachable.sid)
    created = await tenant.create(notifications(challenge), {})
    assert {name: created[name] for name in ("account_sid", "service_sid", "entity_sid", "identity")} == {
        name: challenge[name] for name in ("account_sid", "service_sid", "entity_sid", "identity")
    }
    assert (created["challenge_sid"], created["ttl"]) == (challenge["sid"], 300)
    assert (await tenant.create(notifications(challenge), {"Ttl": "0"}))["ttl"] == 0
    assert (await tenant.create(notifications(challenge), {"Ttl": ""}))["ttl"] == 300
    assert (await tenant.get(challenge["url"]))["status"] == "pending"


@pytest.mark.parametrize("ttl", ["-1", "301", "soon", "1.5", "99999999999"])
@pytest.mark.provokes(60306)
async def test_another_ttl_is_refused_and_does_not_count(tenant: Tenant, reachable: Phone, ttl: str) -> None:
    """400, 60306: all three are still there."""
    challenge = await tenant.challenge(reachable.entity, reachable.sid)
    assert refused(await tenant.client.post(notifications(challenge), data={"Ttl": ttl})) == (400, 60306)
    for _ in range(3):
        await tenant.create(notifications(challenge), {"Ttl": "300"})


@EVERY_SHAPE
@pytest.mark.provokes(60309)
async def test_three_may_be_asked_for(tenant: Tenant, reachable: Phone) -> None:
    """At once, wherever they are served; the others and the next are 429 60309. Another challenge has its own."""
    challenge = await tenant.challenge(reachable.entity, reachable.sid)
    answers = await asyncio.gather(*(tenant.client.post(notifications(challenge)) for _ in range(8)))
    granted = [answer for answer in answers if answer.status_code == 201]
    assert [refused(answer) for answer in answers if answer not in granted] == [(429, 60309)] * 5
    assert len({answer.json()["sid"] for answer in granted}) == 3
    assert refused(await tenant.client.post(notifications(challenge))) == (429, 60309)
    await tenant.create(notifications(await tenant.challenge(reachable.entity, reachable.sid)), {})


@EVERY_SHAPE
async def test_an_open_stream_tells_of_the_challenge_again(tenant: Tenant, reachable: Phone) -> None:
    """As it did when the challenge was new."""
    async with heard_by(reachable) as heard:
        challenge = await tenant.challenge(reachable.entity, reachable.sid)
        assert await anext(heard) == challenge["sid"]
        await tenant.create(notifications(challenge), {})
        assert await anext(heard) == challenge["sid"]


@pytest.mark.provokes(60322)
async def test_what_was_shown_before_is_what_is_signed_after(tenant: Tenant, reachable: Phone) -> None:
    """A notification changes no signed member; an answered challenge is pushed no more: 403 60322."""
    challenge = await tenant.challenge(reachable.entity, reachable.sid)
    signed = {**await reachable.shown(challenge["sid"]), "status": "approved"}
    await tenant.create(notifications(challenge), {})
    assert (await reachable.answer(challenge["sid"], signed)).status_code == 200
    assert refused(await tenant.client.post(notifications(challenge))) == (403, 60322)


@pytest.mark.provokes(60323)
async def test_an_expired_challenge_is_pushed_no_more(tenant: Tenant, reachable: Phone) -> None:
    """403, 60323."""
    soon = datetime.fromtimestamp(int(time.time()), UTC) + timedelta(seconds=3)
    more = {"ExpirationDate": soon.strftime("%Y-%m-%dT%H:%M:%SZ")}
    challenge = await tenant.challenge(reachable.entity, reachable.sid, **more)

    async def has_expired() -> bool:
        return bool((await tenant.get(challenge["url"]))["status"] == "expired")

    await until(has_expired)
    assert refused(await tenant.client.post(notifications(challenge))) == (403, 60323)


@pytest.mark.provokes(60307)
async def test_a_phone_without_a_platform_is_not_pushed_to(tenant: Tenant, phone: Phone) -> None:
    """400, 60307; with one it is: what counts is the factor as it is now."""
    challenge = await tenant.challenge(phone.entity, phone.sid)
    assert refused(await tenant.client.post(notifications(challenge))) == (400, 60307)
    await tenant.update(f"/v2/Services/{phone.factor.service_sid}", {"Push.FcmCredentialSid": "CR" + "0" * 32})
    await tenant.update(phone.path, FCM)
    await tenant.create(notifications(challenge), {})


@pytest.mark.provokes(60307, 60322)
async def test_a_challenge_of_a_totp_factor_is_not_pushed(tenant: Tenant, service: str) -> None:
    """400, 60307: there is no device. Once a code was accepted, it is 403 60322 first."""
    totp = await TotpFactor.agreed(tenant, service)
    await totp.verify()
    pending, answered = await totp.challenge(), await totp.challenge(totp.app.code())
    assert refused(await tenant.client.post(notifications(pending))) == (400, 60307)
    assert refused(await tenant.client.post(notifications(answered))) == (403, 60322)


async def test_only_its_account_asks(tenant: Tenant, other_tenant: Tenant, reachable: Phone) -> None:
    """Another account finds nothing; a device may not, not even its own; who is nobody is 401."""
    path = notifications(await tenant.challenge(reachable.entity, reachable.sid))
    assert refused(await other_tenant.client.post(path)) == (404, 20404)
    assert refused(await reachable.post(path, {})) == (403, 20403)
    assert refused(await reachable.client.post(path)) == (401, 20003)


@pytest.mark.parametrize("deleted", ["factor", "entity", "service"])
async def test_what_was_deleted_is_not_pushed(tenant: Tenant, reachable: Phone, deleted: str) -> None:
    """404, at once."""
    path = notifications(await tenant.challenge(reachable.entity, reachable.sid))
    service = f"/v2/Services/{reachable.factor.service_sid}"
    await tenant.delete({"factor": reachable.path, "entity": reachable.entity, "service": service}[deleted])
    assert refused(await tenant.client.post(path))[0] == 404


@pytest.mark.parametrize("challenge_sid", [UNKNOWN, "YC1", "YF" + "0" * 32])
async def test_a_challenge_that_is_not_there_is_not_pushed(
    tenant: Tenant, reachable: Phone, challenge_sid: str
) -> None:
    """404, whatever is wrong with its SID."""
    path = f"{reachable.entity}/Challenges/{challenge_sid}/Notifications"
    assert refused(await tenant.client.post(path))[0] == 404


@pytest.mark.parametrize("method", ["GET", "DELETE"])
@pytest.mark.provokes(20004)
async def test_notifications_can_not_be_read(tenant: Tenant, reachable: Phone, method: str) -> None:
    """405: the one operation is POST."""
    path = notifications(await tenant.challenge(reachable.entity, reachable.sid))
    answer = await tenant.client.request(method, path)
    assert refused(answer) == (405, 20004)
    assert answer.headers["Allow"] == "POST"


@EVERY_SHAPE
async def test_a_backend_learns_that_a_push_could_not_be_sent(
    tenant: Tenant, service: str, reachable: Phone, receiver: Receiver
) -> None:
    """`notification.failed`, for the first push and for each that was asked for; never to `*`."""
    for event_types, path in (("notification.failed", "?to=failed"), ("*", "?to=original")):
        form = {"FriendlyName": "Backend", "EventTypes": event_types, "WebhookUrl": receiver.url + path}
        await tenant.create(f"/v2/Services/{service}/Webhooks", form)
    challenge = await tenant.challenge(reachable.entity, reachable.sid)
    await tenant.create(notifications(challenge), {})
    deliveries = await receiver.received(2)
    assert {delivery.form["uuid"] for delivery in deliveries} == {one.headers["webhook-id"] for one in deliveries}
    for delivery in deliveries:
        assert delivery.url.endswith("?to=failed")
        assert delivery.form["type"] == "notification.failed"
        assert (delivery.form["challenge_sid"], delivery.form["challenge_status"]) == (challenge["sid"], "pending")
    await reachable.decide(challenge["sid"], "approved")
    approved = await receiver.of_type("challenge.approved")
    assert approved.url.endswith("?to=original")
    assert len(receiver.deliveries) == 3
