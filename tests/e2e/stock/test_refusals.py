"""Refusals as the library raises them: existing code looks at `status` and `code`."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from twilio.base.exceptions import (
    TwilioException,
    TwilioRestException,
)

from tests.e2e.stock.backend import Backend, Enrolled, push_arguments
from tests.support.phone import new_identity

MISSING = "0" * 32


def new_key() -> ec.EllipticCurvePrivateKey:
    """A device's."""
    return ec.generate_private_key(ec.SECP256R1())


REFUSALS: dict[str, tuple[int, int, Callable[[Any, Enrolled], object]]] = {  # Any: the library ships no types
    "a setting out of its bounds": (400, 60200, lambda service, _: service.update(code_length=11)),
    "a webhook without https": (
        400,
        60306,
        lambda service, _: service.webhooks.create("Backend", ["*"], "ftp://example.com/hook"),
    ),
    "a malformed identity": (400, 60367, lambda service, _: service.entities.create(identity="jo@example.com")),
    "an entity that exists": (
        409,
        60301,
        lambda service, enrolled: service.entities.create(identity=enrolled.entity.fetch().identity),
    ),
    "an access token for too long": (
        400,
        60305,
        lambda service, _: service.access_tokens.create(new_identity(), "push", ttl=301),
    ),
    "a binding that is no key": (
        400,
        60314,
        lambda _, enrolled: enrolled.entity.new_factors.create(
            **push_arguments(new_key(), binding_public_key="MFkwEwYH")
        ),
    ),
    "a key that is enrolled already": (
        409,
        60317,
        lambda _, enrolled: enrolled.entity.new_factors.create(**push_arguments(enrolled.key)),
    ),
    "a platform without a credential": (
        400,
        52004,
        lambda _, enrolled: enrolled.factor.update(
            config_notification_platform="fcm", config_notification_token="t" * 40
        ),
    ),
    "a challenge of nobody's factor": (
        404,
        60390,
        lambda _, enrolled: enrolled.challenge(factor_sid=f"YF{MISSING}"),
    ),
    "a challenge without a message": (400, 60368, lambda _, enrolled: enrolled.challenge(details_message="")),
    "a challenge that expires too late": (
        400,
        60306,
        lambda _, enrolled: enrolled.challenge(expiration_date=datetime.now(UTC) + timedelta(hours=2)),
    ),
    "hidden details that aren't text": (
        400,
        60306,
        lambda _, enrolled: enrolled.challenge(hidden_details={"amount": 17}),
    ),
    "no such challenge": (404, 60391, lambda _, enrolled: enrolled.entity.challenges(f"YC{MISSING}").fetch()),
    "no such factor": (404, 60390, lambda _, enrolled: enrolled.entity.factors(f"YF{MISSING}").delete()),
}


@pytest.mark.provokes(of="code")
@pytest.mark.parametrize(("status", "code", "ask"), REFUSALS.values(), ids=REFUSALS)
def test_a_refusal_has_its_code(
    service: Any, enrolled: Enrolled, status: int, code: int, ask: Callable[[Any, Enrolled], object]
) -> None:
    """And a message that the library passes on. Any: the library ships no types."""
    with pytest.raises(TwilioRestException) as refusal:
        ask(service, enrolled)
    assert (refusal.value.status, refusal.value.code) == (status, code)
    assert ": " in refusal.value.msg


@pytest.mark.provokes(60318)
def test_a_factor_must_be_verified_to_be_challenged(service: Any) -> None:
    """403 60318. Any: as above."""
    entity = service.entities(new_identity())
    created = entity.new_factors.create(**push_arguments(new_key()))
    with pytest.raises(TwilioRestException) as refusal:
        entity.challenges.create(factor_sid=created.sid, details_message="Log in?")
    assert (refusal.value.status, refusal.value.code) == (403, 60318)


@pytest.mark.provokes(60311)
def test_a_signature_that_is_not_the_keys_verifies_nothing(service: Any) -> None:
    """403 60311. Any: as above."""
    entity = service.entities(new_identity())
    created = entity.new_factors.create(**push_arguments(new_key()))
    with pytest.raises(TwilioRestException) as refusal:
        entity.factors(created.sid).update(auth_payload="MAYCAQECAQE=")
    assert (refusal.value.status, refusal.value.code) == (403, 60311)
    assert entity.factors(created.sid).fetch().status == "unverified"


@pytest.mark.provokes(20003)
def test_a_wrong_auth_token_is_a_401(backend: Backend) -> None:
    """20003."""
    stranger = backend.as_caller(backend.client.username, "wrong")
    with pytest.raises(TwilioRestException) as refusal:
        stranger.verify.v2.services.create(friendly_name="Stock")
    assert (refusal.value.status, refusal.value.code) == (401, 20003)


@pytest.mark.provokes(60373)
def test_a_list_that_is_refused_says_why(enrolled: Enrolled) -> None:
    """The library raises its plain exception for lists, with our envelope in its text."""
    with pytest.raises(TwilioException, match=r'HTTP 400 \{"code":60373,"message":"PageSize '):
        enrolled.entity.factors.list(page_size=1001)
