"""What a delivery's body says, and how it is signed."""

import base64
import hashlib
import hmac

import pytest

from services.webhook.domain.body import SECRET_BYTES, V2_FIELDS, body_fields, new_secret, standard_headers

RENDERED = {name: f"value of {name}" for name in V2_FIELDS} | {"unknown": "to the contract"}


def test_version_1_sends_only_what_the_original_sends() -> None:
    """The contract names each field."""
    assert list(body_fields("u", RENDERED, "v1")) == [
        "uuid",
        "type",
        "account_sid",
        "service_sid",
        "entity_identity",
        "factor_sid",
        "factor_type",
        "challenge_sid",
    ]


def test_version_2_sends_all_that_the_contract_names() -> None:
    """And nothing else that an owner might render."""
    assert set(body_fields("u", RENDERED, "v2")) == {"uuid", *V2_FIELDS}


def test_a_field_that_the_event_does_not_have_is_left_out() -> None:
    """A factor's event has no challenge."""
    assert body_fields("u", {"type": "factor.created"}, "v2") == {"uuid": "u", "type": "factor.created"}


def test_the_signature_is_the_one_of_standard_webhooks() -> None:
    """HMAC-SHA256 of ``id.timestamp.body`` under the secret's bytes, as their libraries check it."""
    secret = new_secret(bytes(range(SECRET_BYTES)))
    headers = standard_headers(secret, "the-id", 1_700_000_000, b"a=1&b=2")
    expected = hmac.digest(bytes(range(SECRET_BYTES)), b"the-id.1700000000.a=1&b=2", hashlib.sha256)
    assert headers == {
        "webhook-id": "the-id",
        "webhook-timestamp": "1700000000",
        "webhook-signature": "v1," + base64.b64encode(expected).decode(),
    }


@pytest.mark.parametrize("secret", ["", "c2VjcmV0", "whsec_not base64!"])
def test_what_is_no_signing_secret_signs_nothing(secret: str) -> None:
    """Rather an error than a signature that nobody can check."""
    with pytest.raises(ValueError, match="signing secret"):
        standard_headers(secret, "id", 0, b"")
