"""What callers may write: each bound at its edge, each refusal with its code."""

import base64
from collections.abc import Callable

import pytest

from pushward.errors import BadRequestError
from pushward.values import FactorType, NotificationPlatform
from services.registry.domain import rules
from tests.unit.registry import given

KEY_TEXT = base64.b64encode(given.public_key(1)).decode()


@pytest.mark.parametrize("identity", ["ff483d1f", "A" * 64, "--------"])
def test_an_identity_has_8_to_64_letters_digits_and_dashes(identity: str) -> None:
    """Contract section 10, *Identity*."""
    assert rules.new_identity(identity) == identity


@pytest.mark.parametrize(
    ("check", "code"),
    [
        (lambda: rules.new_identity("short-1"), 60367),
        (lambda: rules.new_identity("A" * 65), 60367),
        (lambda: rules.new_identity("jo@example.com"), 60367),
        (lambda: rules.new_identity("ümlaut-id"), 60367),
        (lambda: rules.new_identity("ff483d1f\n"), 60367),
        (lambda: rules.factor_type("passkeys"), 60306),
        (lambda: rules.factor_type("sms"), 60369),
        (lambda: rules.factor_type(""), 60369),
        (lambda: rules.access_token_factor_type("totp"), 60305),
        (lambda: rules.access_token_friendly_name("n" * 65), 60305),
        (lambda: rules.ttl_seconds(59), 60305),
        (lambda: rules.ttl_seconds(301), 60305),
        (lambda: rules.ttl_seconds(0), 60305),
        (lambda: rules.friendly_name(""), 60306),
        (lambda: rules.friendly_name("n" * 65), 60306),
        (lambda: rules.public_key("RS256", KEY_TEXT), 60314),
        (lambda: rules.public_key("", KEY_TEXT), 60314),
        (lambda: rules.public_key("ES256", ""), 60314),
        (lambda: rules.public_key("ES256", KEY_TEXT[:-4]), 60314),
        (lambda: rules.public_key("ES256", KEY_TEXT[:20] + "\n" + KEY_TEXT[20:]), 60314),
        (lambda: rules.public_key("ES256", KEY_TEXT.rstrip("=") + "é"), 60314),
        (lambda: rules.public_key("ES256", base64.urlsafe_b64encode(b"\xff" * 91).decode()), 60314),
        (lambda: rules.public_key("ES256", "A" * 2000), 60314),
        (lambda: rules.auth_payload("A" * 1025), 60306),
        (lambda: rules.push_config("", "1", "none", None), 60370),
        (lambda: rules.push_config("a" * 101, "1", "none", None), 60370),
        (lambda: rules.push_config("a", "", "none", None), 60370),
        (lambda: rules.push_config("a", "1", "", None), 60370),
        (lambda: rules.push_config("a", "1", "gcm", None), 60370),
        (lambda: rules.push_config("a", "1", "fcm", None), 60370),
        (lambda: rules.push_config("a", "1", "fcm", "t" * 31), 60370),
        (lambda: rules.push_config("a", "1", "apn", "t" * 256), 60370),
        (lambda: rules.push_config_patch(None, None, "gcm", None), 60370),
        (lambda: rules.metadata("{" + " " * 1023 + "}"), 60300),
        (lambda: rules.metadata("[]"), 60300),
        (lambda: rules.metadata('{"a": "1", "a": "2"}'), 60300),
        (lambda: rules.metadata("{"), 60300),
    ],
)
def test_whatever_is_out_of_bounds_is_refused_with_its_code(check: Callable[[], object], code: int) -> None:
    """Contract sections 1a, 1c and 10."""
    with pytest.raises(BadRequestError) as raised:
        check()
    assert raised.value.code == code


@pytest.mark.parametrize("value", ["1", "true", "null", "[]", "{}"])
def test_metadata_names_the_member_that_is_no_string(value: str) -> None:
    """Contract section 10, *Non-string values*."""
    with pytest.raises(BadRequestError, match="'os'"):
        rules.metadata('{"model": "x", "os": ' + value + "}")


def test_what_is_in_bounds_comes_out_as_what_it_means() -> None:
    """Values at their bounds, defaults, and what `none` does to a token."""
    assert rules.factor_type("push") is FactorType.PUSH
    assert [rules.ttl_seconds(value) for value in (None, 60, 300)] == [60, 60, 300]
    assert rules.public_key("ES256", KEY_TEXT) == given.public_key(1)
    assert rules.metadata('{"os": "Android"}') == '{"os": "Android"}'
    assert rules.metadata("") is None
    assert rules.proof("not base64!") == b""
    config = rules.push_config("a" * 100, "1.0", "none", "ignored")
    assert (config.platform, config.token) == (NotificationPlatform.NONE, None)
    assert rules.push_config("a", "1.0", "fcm", "t" * 255).token == "t" * 255
    assert rules.push_config_patch("", "", "", "") == rules.PushConfigPatch(None, None, None, None)
