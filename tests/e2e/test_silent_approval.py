"""Silent approval by the Python device library: the one challenge that the app began, and what a backend sees of it."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Final, TypedDict

import pytest
from pushward_device import (
    AnotherChallengeError,
    AuthenticationError,
    Challenge,
    ChallengeExpiredError,
    ChallengeNotArrivedError,
    ChallengeNotPendingError,
    Device,
    FactorDeletedError,
    NotInForegroundError,
    receipt,
)

from tests.e2e.conftest import Enrol
from tests.support import plain_http
from tests.support.phone import STREAM, Phone
from tests.support.tenant import Json, Tenant
from tests.support.waiting import eventually, until

STREAMS_MAX: Final = 3
WITHIN_SECONDS: Final = 20.0
SOON_SECONDS: Final = 0.5
"""For those waits that must end without their challenge."""

HIDDEN: Final = {"HiddenDetails": json.dumps({"transaction_id": "t-4711", "session": "s-1"})}


class Expected(TypedDict, total=False):
    """One of the two."""

    expect_challenge_sid: str
    expect_transaction_id: str


BY_TRANSACTION: Final[Expected] = {"expect_transaction_id": "t-4711"}


def by_sid(created: Json) -> Expected:
    """As a backend tells its app after it asked."""
    return {"expect_challenge_sid": created["sid"]}


def by_transaction(created: Json) -> Expected:
    """As an app tells its backend before it asks."""
    assert json.loads(HIDDEN["HiddenDetails"]) == created["hidden_details"]
    return BY_TRANSACTION


EITHER_WAY = pytest.mark.parametrize("expecting", [by_sid, by_transaction])
Expecting = Callable[[Json], Expected]


@asynccontextmanager
async def approving(phone: Phone, within_seconds: float = WITHIN_SECONDS) -> AsyncIterator[asyncio.Task[Challenge]]:
    """A silent approval by transaction id that goes on meanwhile."""
    coming = phone.device.approve_silently(phone.sid, **BY_TRANSACTION, within_seconds=within_seconds)
    approval = asyncio.ensure_future(coming)
    try:
        yield approval
    finally:
        approval.cancel()
        await asyncio.wait([approval])


async def has_place(phone: Phone) -> bool:
    """Whether the factor may open one more stream now."""
    async with phone.client.stream("GET", STREAM, auth=("token", phone.token())) as stream:
        return stream.status_code == 200


async def seen(tenant: Tenant, phone: Phone, created: Json) -> Json:
    """The challenge as the backend sees it."""
    return await tenant.get(f"{phone.entity}/Challenges/{created['sid']}")


@EITHER_WAY
async def test_a_challenge_that_is_there_is_approved_and_its_metadata_say_how(
    tenant: Tenant, phone: Phone, expecting: Expecting
) -> None:
    """So does its receipt, which anybody can check."""
    created = await tenant.challenge(phone.entity, phone.sid, **HIDDEN)
    approved = await phone.device.approve_silently(phone.sid, **expecting(created))
    assert (approved.sid, approved.status) == (created["sid"], "approved")

    shown = await seen(tenant, phone, created)
    assert (shown["status"], shown["metadata"]) == ("approved", {"mode": "silent"})
    path = f"/pushward/v1/services/{phone.factor.service_sid}/entities/{phone.factor.identity}"
    stored = await tenant.get(f"{path}/challenges/{created['sid']}/receipt")
    proof = receipt.verify(stored["jws"], phone.device.factors.public_key_spki_b64(phone.sid))
    assert (proof.challenge_sid, proof.members["mode"]) == (created["sid"], "silent")


async def test_an_approval_by_the_user_has_no_mode(tenant: Tenant, phone: Phone) -> None:
    """An auditor can tell the two apart."""
    created = await tenant.challenge(phone.entity, phone.sid, **HIDDEN)
    await phone.decide(created["sid"], "approved")
    assert (await seen(tenant, phone, created))["metadata"] is None


async def test_a_challenge_that_comes_while_it_listens_is_approved_and_others_are_left(
    tenant: Tenant, phone: Phone
) -> None:
    """Others that were there, and that come before it."""
    others = [await tenant.challenge(phone.entity, phone.sid, "Not begun here")]
    async with approving(phone) as approval:
        others.append(await tenant.challenge(phone.entity, phone.sid, HiddenDetails='{"transaction_id":"t-47"}'))
        created = await tenant.challenge(phone.entity, phone.sid, **HIDDEN)
        assert (await approval).sid == created["sid"]
    assert [(await seen(tenant, phone, other))["status"] for other in others] == ["pending", "pending"]


async def test_without_a_place_for_a_stream_it_asks_again(tenant: Tenant, phone: Phone) -> None:
    """All of the factor's streams are taken; what comes is found all the same."""
    async with AsyncExitStack() as taken:
        for _ in range(STREAMS_MAX):
            stream = phone.client.stream("GET", STREAM, auth=("token", phone.token()))
            assert (await taken.enter_async_context(stream)).status_code == 200
        assert not await has_place(phone)
        async with approving(phone) as approval:
            created = await tenant.challenge(phone.entity, phone.sid, **HIDDEN)
            assert (await approval).sid == created["sid"]


async def test_only_others_came(tenant: Tenant, phone: Phone) -> None:
    """They are named, and wait for their user."""
    other = await tenant.challenge(phone.entity, phone.sid, "Not begun here")
    with pytest.raises(AnotherChallengeError) as raised:
        await phone.device.approve_silently(phone.sid, **BY_TRANSACTION, within_seconds=SOON_SECONDS)
    assert raised.value.challenge_sids == (other["sid"],)
    assert (await seen(tenant, phone, other))["status"] == "pending"


async def test_another_factors_challenge_is_not_approved(tenant: Tenant, phone: Phone, enrol: Enrol) -> None:
    """Of the same user, with the same transaction id."""
    tablet = await enrol(phone.factor.service_sid, identity=phone.factor.identity)
    created = await tenant.challenge(phone.entity, tablet.sid, **HIDDEN)
    for expected in (by_sid(created), BY_TRANSACTION):
        with pytest.raises(ChallengeNotArrivedError):
            await phone.device.approve_silently(phone.sid, **expected, within_seconds=SOON_SECONDS)
    assert (await seen(tenant, tablet, created))["status"] == "pending"


@EITHER_WAY
async def test_an_expired_challenge_is_told_apart(tenant: Tenant, phone: Phone, expecting: Expecting) -> None:
    """It stays expired."""
    date = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=2)
    created = await tenant.challenge(
        phone.entity, phone.sid, ExpirationDate=date.strftime("%Y-%m-%dT%H:%M:%SZ"), **HIDDEN
    )

    async def status() -> str:
        return str((await seen(tenant, phone, created))["status"])

    await eventually(status, "expired")
    with pytest.raises(ChallengeExpiredError):
        await phone.device.approve_silently(phone.sid, **expecting(created))
    assert (await seen(tenant, phone, created))["metadata"] is None


@EITHER_WAY
async def test_a_challenge_that_was_answered_elsewhere_is_told_apart(
    tenant: Tenant, phone: Phone, expecting: Expecting
) -> None:
    """The first answer stays."""
    created = await tenant.challenge(phone.entity, phone.sid, **HIDDEN)
    await phone.decide(created["sid"], "denied")
    with pytest.raises(ChallengeNotPendingError):
        await phone.device.approve_silently(phone.sid, **expecting(created))
    shown = await seen(tenant, phone, created)
    assert (shown["status"], shown["metadata"]) == ("denied", None)


async def test_of_two_silent_approvals_one_counts(tenant: Tenant, phone: Phone) -> None:
    """The other is told that it was answered; nothing is answered twice."""
    created = await tenant.challenge(phone.entity, phone.sid, **HIDDEN)
    both = [phone.device.approve_silently(phone.sid, **by_sid(created)) for _ in range(2)]
    came_to = await asyncio.gather(*both, return_exceptions=True)
    approved = [one for one in came_to if isinstance(one, Challenge)]
    refused = [one for one in came_to if isinstance(one, ChallengeNotPendingError)]
    assert (len(approved), len(refused)) == (1, 1), came_to


async def test_in_the_background_nothing_is_approved(tenant: Tenant, phone: Phone) -> None:
    """The same device, its app out of sight."""
    created = await tenant.challenge(phone.entity, phone.sid, **HIDDEN)
    async with Device(
        tenant.base_url, phone.store, transport=plain_http.transport(), foreground=lambda: False
    ) as hidden:
        with pytest.raises(NotInForegroundError):
            await hidden.approve_silently(phone.sid, **by_sid(created))
    assert (await seen(tenant, phone, created))["status"] == "pending"


async def test_a_factor_that_is_deleted_meanwhile_ends_it(tenant: Tenant, phone: Phone) -> None:
    """Nothing will come. On the stream the server says so; a device that isn't listening yet is not known any more."""
    async with approving(phone) as approval:
        await tenant.delete(phone.path)
        with pytest.raises((FactorDeletedError, AuthenticationError)):
            await approval


async def test_it_gives_its_stream_back(tenant: Tenant, phone: Phone) -> None:
    """Also when nothing came: the factor's three places are free again."""
    for _ in range(STREAMS_MAX):
        with pytest.raises(ChallengeNotArrivedError):
            await phone.device.approve_silently(phone.sid, **BY_TRANSACTION, within_seconds=SOON_SECONDS)
    await until(lambda: has_place(phone))
