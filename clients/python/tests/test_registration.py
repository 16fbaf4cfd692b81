"""Enrolling: one key, one factor, whatever gets lost on the way."""

import pytest
from fake_edge import FakeEdge, basic_credentials, envelope
from pushward_device import (
    AnswerFormatError,
    AuthenticationError,
    Device,
    Factor,
    FactorNotVerifiedError,
    FactorStatus,
    MemoryKeyStore,
    NetworkError,
    PermissionDeniedError,
    ServerUnavailableError,
)
from pushward_device.models import Platform
from pushward_device.strict_json import JsonObject

APP_ID = "com.example.app"


async def test_registering_makes_a_verified_factor_that_the_store_keeps(
    edge: FakeEdge, device: Device, store: MemoryKeyStore
) -> None:
    """Create a key, POST Factors, prove possession, remember."""
    factor = await device.register_factor(edge.issue(), "Test phone", app_id=APP_ID)

    assert factor.status is FactorStatus.VERIFIED
    assert edge.factors[factor.sid].status == "verified"
    assert device.factors.all() == store.factors() == (factor,)
    assert factor.credential_sid == "CR" + factor.sid[2:]
    assert edge.factors[factor.sid].public_key_b64 == device.factors.public_key_spki_b64(factor.sid)


async def test_enrolment_carries_the_access_token_and_what_comes_after_carries_a_jwt(
    edge: FakeEdge, device: Device
) -> None:
    """The access token is for one request only."""
    payload = edge.issue()
    await device.register_factor(payload, "Test phone", app_id=APP_ID, metadata={"os": "Linux"})

    enrolment, proof = edge.requests
    assert basic_credentials(enrolment) == ("token", payload.token)
    assert b"Metadata=%7B%22os%22%3A+%22Linux%22%7D" in enrolment.content
    assert payload.token not in basic_credentials(proof)[1]


async def test_a_push_token_goes_along_with_its_platform(edge: FakeEdge, device: Device) -> None:
    """fcm and apn have a token, none has none."""
    factor = await device.register_factor(
        edge.issue(), "Test phone", app_id=APP_ID, platform="fcm", notification_token="t" * 40
    )
    assert (edge.factors[factor.sid].platform, edge.factors[factor.sid].notification_token) == ("fcm", "t" * 40)


@pytest.mark.parametrize(("platform", "token"), [("fcm", None), ("none", "t" * 40)])
async def test_a_platform_without_its_token_is_refused_before_anything_is_made(
    edge: FakeEdge, device: Device, store: MemoryKeyStore, platform: Platform, token: str | None
) -> None:
    """A mistake in the program costs no access token and leaves no key."""
    with pytest.raises(ValueError, match="notification token"):
        await device.register_factor(
            edge.issue(),
            "Test phone",
            app_id=APP_ID,
            platform=platform,
            notification_token=token,
        )
    assert not edge.requests
    assert not store.keys


async def test_a_lost_answer_to_an_enrolment_costs_nothing(edge: FakeEdge, device: Device) -> None:
    """Not repeated by itself; a second call uses the same key and finds the same factor."""
    payload = edge.issue()
    edge.lose_answer("POST", "/Factors$")
    with pytest.raises(NetworkError):
        await device.register_factor(payload, "Test phone", app_id=APP_ID)
    assert edge.count("POST", "/Factors$") == 1

    factor = await device.register_factor(payload, "Test phone", app_id=APP_ID)
    assert list(edge.factors) == [factor.sid]


async def test_a_lost_answer_to_the_proof_is_made_good_without_the_access_token(edge: FakeEdge, device: Device) -> None:
    """The factor is stored by then; registering again only proves possession."""
    payload = edge.issue()
    edge.lose_answer("POST", "/Factors/YF")
    with pytest.raises(NetworkError):
        await device.register_factor(payload, "Test phone", app_id=APP_ID)

    factor = await device.register_factor(payload, "Test phone", app_id=APP_ID)
    assert factor.status is FactorStatus.VERIFIED
    assert edge.count("POST", "/Factors$") == 1


async def test_registering_twice_with_one_token_answers_with_the_factor_that_is_there(
    edge: FakeEdge, device: Device
) -> None:
    """Nothing is sent for what was done."""
    payload = edge.issue()
    factor = await device.register_factor(payload, "Test phone", app_id=APP_ID)
    sent = len(edge.requests)
    assert await device.register_factor(payload, "Test phone", app_id=APP_ID) == factor
    assert len(edge.requests) == sent


async def test_a_refused_enrolment_is_not_repeated_and_leaves_no_key(
    edge: FakeEdge, device: Device, store: MemoryKeyStore
) -> None:
    """Not even on a 401 with a Date: an access token doesn't get better by waiting."""
    payload = edge.issue()
    edge.tokens.clear()
    with pytest.raises(AuthenticationError) as refused:
        await device.register_factor(payload, "Test phone", app_id=APP_ID)
    assert (refused.value.status, refused.value.code) == (401, 20101)
    assert edge.count("POST", "/Factors$") == 1
    assert not store.keys
    assert store.clock_correction_seconds == 0


async def test_a_server_that_is_away_keeps_the_key_for_the_next_try(
    edge: FakeEdge, device: Device, store: MemoryKeyStore
) -> None:
    """After a 5xx nobody knows whether the factor was made."""
    edge.put_in_the_way("POST", "/Factors$", envelope(503, 20503, "Later"))
    with pytest.raises(ServerUnavailableError):
        await device.register_factor(edge.issue(), "Test phone", app_id=APP_ID)
    assert len(store.keys) == 1


async def test_an_answer_without_credential_sid_stores_nothing(
    edge: FakeEdge, device: Device, store: MemoryKeyStore
) -> None:
    """Without it no JWT can be made (contract §3.2)."""

    def forget_credential(answer: JsonObject) -> None:
        answer["config"] = {}

    edge.alter_answer = forget_credential
    with pytest.raises(AnswerFormatError, match="credential_sid"):
        await device.register_factor(edge.issue(), "Test phone", app_id=APP_ID)
    assert not store.keys
    assert not device.factors.all()


async def test_a_proof_by_another_key_is_refused(edge: FakeEdge, device: Device, factor: Factor) -> None:
    """The server's 60311 arrives as what it is."""
    edge.put_in_the_way("POST", factor.sid, envelope(403, 60311, "Factor verification failed"))
    with pytest.raises(PermissionDeniedError) as refused:
        await device.verify_factor(factor.sid)
    assert refused.value.code == 60311


async def test_a_factor_that_stays_unverified_is_an_error(edge: FakeEdge, device: Device) -> None:
    """A 200 alone proves nothing."""

    def stay_unverified(answer: JsonObject) -> None:
        answer["status"] = "unverified"

    edge.alter_answer = stay_unverified
    with pytest.raises(FactorNotVerifiedError):
        await device.register_factor(edge.issue(), "Test phone", app_id=APP_ID)
    assert [factor.status for factor in device.factors.all()] == [FactorStatus.UNVERIFIED]


def test_a_payload_shows_no_token(edge: FakeEdge) -> None:
    """What is printed or logged by accident holds no secret."""
    payload = edge.issue()
    assert payload.token not in repr(payload)
