"""Both device SDKs, quirks included, against the running system (contract section 3)."""

import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

import pytest

from tests.support.device_emulator.android import Android
from tests.support.device_emulator.device import EmulatedDevice, Enrolment
from tests.support.device_emulator.errors import AlreadyUpdatedError, ExpiredChallengeError, NetworkError
from tests.support.device_emulator.ios import Ios
from tests.support.device_emulator.models import SdkFactor
from tests.support.device_emulator.quirks import Quirks
from tests.support.phone import new_identity
from tests.support.tenant import Json, Tenant, entity_path
from tests.support.totp_factor import TotpFactor
from tests.support.waiting import until

HOUR: Final = 3600.0
CLOCK_SECONDS_OFF_MAX: Final = 60.0
PUSH_TOKEN: Final = "t:/+" + "0" * 60
CREDENTIALS: Final = {"Push.FcmCredentialSid": f"CR{'f' * 32}", "Push.ApnCredentialSid": f"CR{'a' * 32}"}
FIELDS: Final = [{"label": "IBAN", "value": "DE02 1203/0000"}, {"label": "Wo", "value": 'Köln "Süd" \\ ☎'}]

Decision = Literal["approved", "denied"]
SwitchOn = Callable[..., Awaitable[EmulatedDevice]]


@dataclass(frozen=True, slots=True)
class Handset:
    """A device with one verified factor, and what its backend knows of it."""

    device: EmulatedDevice
    factor: SdkFactor
    tenant: Tenant

    @property
    def entity(self) -> str:
        """The path of its entity."""
        return entity_path(self.factor.service_sid, self.factor.identity)

    async def challenged(self, **more: Any) -> str:
        """The SID of a new challenge. Any: what httpx takes."""
        return str((await self.tenant.challenge(self.entity, self.factor.sid, **more))["sid"])

    async def seen(self, challenge_sid: str) -> Json:
        """What the backend sees of a challenge."""
        return await self.tenant.get(f"{self.entity}/Challenges/{challenge_sid}")


@pytest.fixture(params=[Android(), Ios()], ids=lambda quirks: quirks.name)
def quirks(request: pytest.FixtureRequest) -> Quirks:
    """Each SDK's."""
    chosen: Quirks = request.param
    return chosen


@pytest.fixture
async def switch_on(tenant: Tenant, quirks: Quirks) -> AsyncIterator[SwitchOn]:
    """Switches devices on, which are switched off with the test: `await switch_on(off_seconds)`."""
    async with AsyncExitStack() as stack:

        async def switched_on(off_seconds: float = 0.0) -> EmulatedDevice:
            device = EmulatedDevice.switched_on(tenant.base_url, quirks, lambda: time.time() + off_seconds)
            return await stack.enter_async_context(device)

        yield switched_on


async def enrolment(tenant: Tenant, service: str) -> Enrolment:
    """What a backend gives to the app of somebody new."""
    identity = new_identity()
    return Enrolment(await tenant.new_access_token(service, identity), service, identity)


@pytest.fixture
async def handset(tenant: Tenant, service: str, switch_on: SwitchOn) -> Handset:
    """Somebody's, enrolled without pushes."""
    device = await switch_on()
    factor = await device.create_factor(await enrolment(tenant, service), "Jo's phone")
    return Handset(device, await device.verify_factor(factor.sid), tenant)


async def test_a_device_enrols_with_an_access_token(tenant: Tenant, switch_on: SwitchOn) -> None:
    """Everything that it sends arrives as it was, and all that it needs comes back."""
    service = await tenant.new_service(**CREDENTIALS)
    device = await switch_on()
    name = "Jo's phone = Köln/Süd + 1, 100%"
    stored = await device.create_factor(await enrolment(tenant, service), name, PUSH_TOKEN, {"os": "A=1; B"})
    assert (stored.status, stored.friendly_name, stored.metadata) == ("unverified", name, {"os": "A=1; B"})
    assert stored.notification_platform == device.quirks.default_platform
    assert (await device.verify_factor(stored.sid)).status == "verified"

    seen = await tenant.get(f"{entity_path(service, stored.identity)}/Factors/{stored.sid}")
    assert (seen["status"], seen["friendly_name"], seen["metadata"]) == ("verified", name, {"os": "A=1; B"})
    assert seen["config"]["notification_token"] == PUSH_TOKEN
    assert seen["config"]["credential_sid"] == stored.credential_sid
    assert await device.get_service(stored.sid) == "Stage"


async def test_an_ampersand_that_ios_does_not_escape_spoils_only_the_name(tenant: Tenant, service: str) -> None:
    """The SDK's own bug cuts the name short; the device is enrolled all the same."""
    async with EmulatedDevice.switched_on(tenant.base_url, Ios()) as device:
        stored = await device.create_factor(await enrolment(tenant, service), "Jo & Co")
        assert stored.friendly_name == "Jo "
        assert (await device.verify_factor(stored.sid)).status == "verified"


@pytest.mark.parametrize("decision", ["approved", "denied"])
async def test_a_challenge_is_shown_and_answered(handset: Handset, decision: Decision) -> None:
    """The SDK looks, signs what it was shown in its own spelling, and looks again."""
    sid = await handset.challenged(
        message="Pay 10 €/month?",
        **{"Details.Fields": [json.dumps(field) for field in FIELDS], "HiddenDetails": '{"order":"17/3"}'},
    )
    shown = await handset.device.get_challenge(sid, handset.factor.sid)
    assert (shown.message, shown.status, shown.date) == ("Pay 10 €/month?", "pending", None)
    assert shown.fields == [(field["label"], field["value"]) for field in FIELDS]
    assert shown.hidden_details == {"order": "17/3"}
    await handset.device.update_challenge(sid, handset.factor.sid, decision)
    assert (await handset.seen(sid))["status"] == decision
    again = await handset.device.get_challenge(sid, handset.factor.sid)
    assert (again.status, again.signature_fields) == (decision, ())


async def test_a_date_is_shown_where_the_service_wants_it(tenant: Tenant, switch_on: SwitchOn) -> None:
    """`details.date` is there and readable, or isn't there at all: Android can't read a null."""
    service = await tenant.new_service(**{"Push.IncludeDate": "true"})
    device = await switch_on()
    factor = await device.create_factor(await enrolment(tenant, service), "Jo's phone")
    handset = Handset(device, await device.verify_factor(factor.sid), tenant)
    sid = await handset.challenged()
    shown = await device.get_challenge(sid, factor.sid)
    assert shown.date is not None
    assert abs(shown.date - shown.created) < timedelta(seconds=CLOCK_SECONDS_OFF_MAX)
    await device.update_challenge(sid, factor.sid, "approved")
    seen = await handset.seen(sid)
    assert (seen["status"], device.quirks.date(seen["details"]["date"])) == ("approved", shown.date)


async def test_challenges_are_listed_over_pages(handset: Handset) -> None:
    """Forth and back, by tokens taken from links; filtered, in both orders."""
    created = [await handset.challenged() for _ in range(5)]
    await handset.device.update_challenge(created[2], handset.factor.sid, "denied")

    async def page(**query: Any) -> tuple[list[str], str | None, str | None]:  # Any: each has a type of its own
        found = await handset.device.get_all_challenges(handset.factor.sid, 2, **query)
        assert found.page_size == 2
        return [challenge.sid for challenge in found.challenges], found.previous_token, found.next_token

    first, before, token = await page()
    assert (first, before) == (created[:2], None)
    second, back, token = await page(page_token=token)
    last, _, end = await page(page_token=token)
    assert (second, last, end) == (created[2:4], created[4:], None)
    assert (await page(page_token=back))[0] == first
    assert (await page(order="desc"))[0] == [created[4], created[3]]
    assert (await page(status="denied"))[0] == [created[2]]
    pending, _, token = await page(status="pending")
    assert [*pending, *(await page(status="pending", page_token=token))[0]] == [*created[:2], *created[3:]]


async def test_an_answered_challenge_is_refused_on_the_device(handset: Handset) -> None:
    """By its status; nothing is sent."""
    sid = await handset.challenged()
    await handset.device.update_challenge(sid, handset.factor.sid, "denied")
    with pytest.raises(AlreadyUpdatedError):
        await handset.device.update_challenge(sid, handset.factor.sid, "approved")
    assert (await handset.seen(sid))["status"] == "denied"


async def test_an_expired_challenge_is_refused_on_the_device(handset: Handset) -> None:
    """SDKs look at the status, not at the clock: a read past the date must say so."""
    soon = (datetime.now(UTC) + timedelta(seconds=3)).strftime("%Y-%m-%dT%H:%M:%SZ")
    sid = await handset.challenged(ExpirationDate=soon)

    async def expired() -> bool:
        return (await handset.device.get_challenge(sid, handset.factor.sid)).status == "expired"

    await until(expired)
    with pytest.raises(ExpiredChallengeError):
        await handset.device.update_challenge(sid, handset.factor.sid, "approved")


async def test_somebody_elses_challenge_is_not_there(tenant: Tenant, handset: Handset, switch_on: SwitchOn) -> None:
    """404, with a code that the app can show; not a 401, which would make the SDK reset its clock."""
    service = handset.factor.service_sid
    device = await switch_on()
    other = await device.create_factor(await enrolment(tenant, service), "Another phone")
    await device.verify_factor(other.sid)
    theirs = await tenant.challenge(entity_path(service, other.identity), other.sid)
    with pytest.raises(NetworkError) as refusal:
        await handset.device.get_challenge(theirs["sid"], handset.factor.sid)
    assert (refusal.value.status, refusal.value.code) == (404, 60391)


@pytest.mark.parametrize("off_seconds", [-HOUR, HOUR], ids=["slow", "fast"])
async def test_a_clock_that_is_an_hour_wrong_costs_one_request(
    tenant: Tenant, service: str, switch_on: SwitchOn, off_seconds: float
) -> None:
    """The first token is a 401 with the time; from then on the device knows it."""
    device = await switch_on(off_seconds)
    factor = await device.create_factor(await enrolment(tenant, service), "Jo's phone")
    assert device.connection.requests == 1
    assert (await device.verify_factor(factor.sid)).status == "verified"
    assert device.connection.requests == 3
    assert abs(device.connection.correction_seconds + off_seconds) < CLOCK_SECONDS_OFF_MAX
    handset = Handset(device, factor, tenant)
    sid = await handset.challenged()
    await device.update_challenge(sid, factor.sid, "approved")
    assert device.connection.requests == 6
    assert (await handset.seen(sid))["status"] == "approved"


async def test_a_signature_that_ios_cut_short_costs_one_request(handset: Handset) -> None:
    """About one in 65,536 comes out a byte short: such a token is a 401, and the retry signs anew."""
    key = handset.device.keys[handset.factor.sid]
    sid = await handset.challenged()
    before = handset.device.connection.requests
    key.short_signatures = 1
    await handset.device.get_challenge(sid, handset.factor.sid)
    assert handset.device.connection.requests == before + 2


async def test_where_pushes_go_can_change(tenant: Tenant, switch_on: SwitchOn) -> None:
    """A new token, then none at all; the factor stays verified and keeps its key."""
    service = await tenant.new_service(**CREDENTIALS)
    device = await switch_on()
    factor = await device.create_factor(await enrolment(tenant, service), "Jo's phone", PUSH_TOKEN)
    await device.verify_factor(factor.sid)
    moved = await device.update_factor(factor.sid, "n" * 40)
    assert (moved.status, moved.credential_sid) == ("verified", factor.credential_sid)
    path = f"{entity_path(service, factor.identity)}/Factors/{factor.sid}"
    assert (await tenant.get(path))["config"]["notification_token"] == "n" * 40
    assert (await device.update_factor(factor.sid, "")).notification_platform == "none"
    assert (await tenant.get(path))["config"]["notification_token"] is None


async def test_a_factor_is_deleted(handset: Handset) -> None:
    """There and here."""
    await handset.device.delete_factor(handset.factor.sid)
    assert handset.device.factors == {}
    assert await handset.tenant.gone(f"{handset.entity}/Factors/{handset.factor.sid}")


async def test_a_factor_that_the_backend_deleted_can_be_deleted(handset: Handset) -> None:
    """Its token is a 401 by now, after the retry too: to the SDK that is done."""
    await handset.tenant.delete(f"{handset.entity}/Factors/{handset.factor.sid}")
    with pytest.raises(NetworkError) as refusal:
        await handset.device.get_all_challenges(handset.factor.sid, 20)
    assert (refusal.value.status, refusal.value.code) == (401, 20003)
    await handset.device.delete_factor(handset.factor.sid)
    assert handset.device.factors == {}


async def test_an_enrolment_that_is_refused_is_not_repeated(tenant: Tenant, service: str, switch_on: SwitchOn) -> None:
    """Nothing is stored, and the app is told why."""
    device = await switch_on()
    given = await enrolment(tenant, service)
    with pytest.raises(NetworkError) as refusal:
        await device.create_factor(Enrolment(given.access_token, service, new_identity()), "Jo's phone")
    assert (refusal.value.status, refusal.value.code) == (403, 60313)
    with pytest.raises(NetworkError) as refusal:
        await device.create_factor(Enrolment(given.access_token[:-1], service, given.identity), "Jo's phone")
    assert refusal.value.status == 401
    assert (device.connection.requests, device.factors) == (2, {})


async def test_challenges_for_codes_are_not_the_phones(tenant: Tenant, handset: Handset) -> None:
    """They have no details, and one of them would make a whole list unreadable to both SDKs."""
    pushed = await handset.challenged()
    app = await TotpFactor.agreed(tenant, handset.factor.service_sid, handset.factor.identity)
    await app.verify()
    code = await app.challenge()
    found = await handset.device.get_all_challenges(handset.factor.sid, 20)
    assert [challenge.sid for challenge in found.challenges] == [pushed]
    with pytest.raises(NetworkError) as refusal:
        await handset.device.get_challenge(code["sid"], handset.factor.sid)
    assert (refusal.value.status, refusal.value.code) == (404, 60391)
