"""The server's trusted core against what devices compute: keys, proofs, tokens, receipts."""

import base64
from datetime import UTC, datetime
from typing import Final

import pytest
from starlette.types import Scope

from pushward import ids
from pushward.errors import BadRequestError
from pushward.security import base64url, device_token, es256
from pushward.security.base64url import NotBase64UrlError
from pushward.security.device_token import DeviceTokenError
from pushward.security.receipt import ReceiptError, verify_receipt
from services.edge.app.authentication import basic_credentials
from services.registry.domain import rules
from tests.unit.vectors.files import Members, each, spki_of

SHARD_COUNT: Final = 4


def _checked(case: Members, text: str, now_seconds: int) -> device_token.DeviceToken:
    token = device_token.parse(text, SHARD_COUNT)
    key = es256.parse_public_key(spki_of(case["key"]))
    device_token.check(token, key=key, account_sid=case["account_sid"], now=datetime.fromtimestamp(now_seconds, UTC))
    return token


@pytest.mark.parametrize("case", each("keys.json", "keys"))
def test_a_device_s_public_key_can_be_bound(case: Members) -> None:
    """The very bytes are kept."""
    spki = base64.b64decode(case["public_spki_base64"])
    assert rules.public_key("ES256", case["public_spki_base64"]) == spki
    assert len(spki) == 91


@pytest.mark.parametrize("case", each("keys.json", "invalid_public_keys"))
def test_nothing_else_can(case: Members) -> None:
    """400, 60314."""
    with pytest.raises(BadRequestError) as refused:
        rules.public_key("ES256", case["public_spki_base64"])
    assert refused.value.code == 60314


@pytest.mark.parametrize("case", each("keys.json", "proofs_of_possession"))
def test_a_proof_of_possession_is_its_key_s_alone(case: Members) -> None:
    """In DER; the raw form is none."""
    key = es256.parse_public_key(spki_of(case["key"]))
    message, proof = case["message"].encode(), base64.b64decode(case["auth_payload_example"])
    assert es256.verify_der(key, message, proof)
    assert es256.verify_raw(key, message, base64.b64decode(case["raw_base64"]))
    assert not es256.verify_der(key, message, base64.b64decode(case["raw_base64"]))
    assert not es256.verify_der(key, message + b" ", proof)


@pytest.mark.parametrize("case", each("keys.json", "invalid_raw_signatures"))
def test_a_raw_signature_of_another_length_is_none(case: Members) -> None:
    """Nobody guesses where padding should be."""
    key = es256.parse_public_key(spki_of("device"))
    assert not es256.verify_raw(key, b"", base64.b64decode(case["raw_base64"]))


@pytest.mark.parametrize("case", each("tokens.json", "device_jwts"))
def test_a_device_s_jwt_authenticates_for_ten_minutes(case: Members) -> None:
    """With the leeway before and after, and for its factor."""
    token = _checked(case, case["example"], case["now_seconds"])
    assert token.credential_sid == case["credential_sid"] == case["header"]["kid"]
    assert token.factor_sid == ids.factor_of_credential(case["credential_sid"])
    assert (token.subject, token.not_before_seconds) == (case["account_sid"], case["now_seconds"])
    for off in (-device_token.LEEWAY_SECONDS, 600 + device_token.LEEWAY_SECONDS - 1):
        _checked(case, case["example"], case["now_seconds"] + off)
    for off in (-device_token.LEEWAY_SECONDS - 1, 600 + device_token.LEEWAY_SECONDS):
        with pytest.raises(device_token.DeviceTokenTimeError):
            _checked(case, case["example"], case["now_seconds"] + off)


@pytest.mark.parametrize("case", each("tokens.json", "refused_device_jwts"))
def test_a_token_that_proves_nothing_authenticates_nobody(case: Members) -> None:
    """In its form, its signature, or its time."""
    with pytest.raises(DeviceTokenError):
        _checked(case, case["token"], case["now_seconds"])


@pytest.mark.parametrize("case", each("tokens.json", "authorizations"))
def test_a_token_comes_in_this_header(case: Members) -> None:
    """Basic, with the user name `token`."""
    scope: Scope = {"type": "http", "headers": [(b"authorization", case["header"].encode())]}
    assert basic_credentials(scope) == ("token", case["token"])


@pytest.mark.parametrize("case", each("tokens.json", "base64url"))
def test_base64url_has_one_text(case: Members) -> None:
    """There and back."""
    assert base64url.decode(case["text"]) == base64.b64decode(case["bytes_base64"])
    assert base64url.encode(base64.b64decode(case["bytes_base64"])) == case["text"]


@pytest.mark.parametrize("case", each("tokens.json", "invalid_base64url"))
def test_other_base64url_is_refused(case: Members) -> None:
    """No twin of any text."""
    with pytest.raises(NotBase64UrlError):
        base64url.decode(case["text"])


@pytest.mark.parametrize("case", each("tokens.json", "receipts"))
def test_a_receipt_proves_what_it_says_or_nothing(case: Members) -> None:
    """Its members, or a refusal."""
    key = base64.b64decode(case["public_spki_base64"])
    if "error" in case:
        with pytest.raises(ReceiptError):
            verify_receipt(case["jws"], key)
    else:
        assert verify_receipt(case["jws"], key) == case["payload"]
