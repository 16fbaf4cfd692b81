"""Device tokens: what a stock SDK sends is accepted, and a table of attacks is refused, each for its own reason."""

import json
from datetime import timedelta

import pytest

from pushward.security import base64url, device_token, es256
from pushward.security.device_token import DeviceTokenError, DeviceTokenTimeError
from tests.unit.security import tokens
from tests.unit.security.tokens import ACCOUNT, KEY, KID, NOW, ORDER, OTHER_KEY, SECONDS, SHARDS, header, part, payload

PUBLIC_KEY = es256.parse_public_key(tokens.spki(KEY))
SIGNED = part(header()) + "." + part(payload())
HS256_SIGNED = part(header(alg="HS256")) + "." + part(payload())
NONE_SIGNED = part(header(alg="none")) + "." + part(payload())


def admit(text: str, *, after_seconds: float = 0) -> device_token.DeviceToken:
    """All checks, as the registry does them."""
    token = device_token.parse(text, SHARDS)
    now = NOW + timedelta(seconds=after_seconds)
    device_token.check(token, key=PUBLIC_KEY, account_sid=ACCOUNT, now=now)
    return token


def with_signature(signature: bytes | str, signed: str = SIGNED) -> str:
    """A token with this very signature."""
    return signed + "." + (signature if isinstance(signature, str) else base64url.encode(signature))


def payload_with_exp(text: str) -> str:
    """The right payload, but for an `exp` that no JSON writer of ours would produce."""
    return json.dumps(payload(exp="EXP")).replace('"EXP"', text)


def test_a_token_as_the_sdks_send_it_names_its_factor() -> None:
    """Contract section 3.4."""
    admitted = admit(tokens.token())
    assert admitted.credential_sid == KID
    assert admitted.factor_sid == "YF" + KID[2:]
    assert admitted.expires_at_seconds == SECONDS + 600


def test_members_that_mean_nothing_here_are_ignored() -> None:
    """`jku` and `jwk` choose no key; `iat`, `jti` and `aud` change nothing."""
    head = header(jku="https://evil.example/keys", jwk={"kty": "EC"})
    admit(tokens.token(head, payload(iat=1, jti="x", aud="y")))


def test_both_forms_of_s_are_valid() -> None:
    """RFC 7518 knows no low-s rule, and devices make both forms: refusing one would lock out every other request."""
    r, s = tokens.rs(SIGNED)
    admit(with_signature(tokens.raw(r, s)))
    admit(with_signature(tokens.raw(r, ORDER - s)))


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        (header(alg=None), "alg"),
        (header(alg="none"), "alg"),
        (header(alg="None"), "alg"),
        (header(alg="es256"), "alg"),
        (header(alg="ES256K"), "alg"),
        (header(alg="ES384"), "alg"),
        (header(alg=["ES256"]), "alg"),
        (header(typ=None), "typ"),
        (header(typ="jwt"), "typ"),
        (header(typ="JWS"), "typ"),
        (header(cty=None), "cty"),
        (header(cty="twilio-fpa;v=1"), "cty"),
        (header(cty="twilio-pba;v=2"), "cty"),
        (header(crit=["exp"]), "crit"),
        (header(crit=[]), "crit"),
        (header(kid=None), "kid"),
        (header(kid=7), "kid"),
        (header(kid=KID.upper()), "kid"),
        (header(kid=KID + "\n"), "kid"),
        (header(kid="YF" + KID[2:]), "kid"),
        (header(kid=KID[:-1]), "kid"),
        (header(kid="../../etc/passwd"), "kid"),
        (header(kid="CR" + "0004" + "b" * 28), "shard"),
        (json.dumps(header())[:-1] + ', "alg": "none"}', "twice"),
        ('{"alg": "none", ' + json.dumps(header())[1:], "twice"),
        (json.dumps(header())[:-1] + ', "x": {"y": 1, "y": 2}}', "twice"),
        ("[]", "object"),
        ('"JWT"', "object"),
        ("", "Expecting value"),
        (b"\xff\xfe", "utf-8"),
        (b"\xef\xbb\xbf" + json.dumps(header()).encode(), "Expecting value"),
        ("[" * 1000, "deeper"),
    ],
)
def test_a_wrong_header_is_refused_whoever_signed_it(head: dict[str, object] | str | bytes, reason: str) -> None:
    """Each is signed with the factor's own key: form alone refuses it."""
    with pytest.raises(DeviceTokenError, match=reason):
        admit(tokens.token(head))


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (payload(sub=None), "sub"),
        (payload(sub=1), "sub"),
        (payload(sub=[ACCOUNT]), "sub"),
        (payload(sub=""), "account"),
        (payload(sub=ACCOUNT.upper()), "account"),
        (payload(sub="AC" + "0002" + "c" * 28), "account"),
        (payload(exp=None), "exp"),
        (payload(nbf=None), "nbf"),
        (payload(exp=True), "exp"),
        (payload(nbf=False), "nbf"),
        (payload(exp=str(SECONDS + 600)), "exp"),
        (payload(exp=float(SECONDS + 600)), "exp"),
        (payload(exp=SECONDS + 0.5), "exp"),
        (payload(nbf=-1), "nbf"),
        (payload(exp=2**53 + 1), "exp"),
        (payload(exp=10**30), "exp"),
        (payload_with_exp("1e400"), "large"),
        (payload_with_exp("9" * 400), "large"),
        (payload_with_exp("9" * 1000 + ".0"), "large"),
        (payload_with_exp("NaN"), "not JSON"),
        (payload_with_exp("Infinity"), "not JSON"),
        (payload(exp=SECONDS + 901), "too long"),
        (payload(exp=SECONDS + 10**9), "too long"),
        (payload(nbf=0, exp=SECONDS + 600), "too long"),
        (payload(exp=SECONDS), "after nbf"),
        (payload(exp=SECONDS - 1), "after nbf"),
        (json.dumps(payload())[:-1] + f', "exp": {SECONDS + 700}' + "}", "twice"),
        (json.dumps(payload())[:-1] + ', "sub": "AC"}', "twice"),
        ("null", "object"),
    ],
)
def test_wrong_claims_are_refused_whoever_signed_them(body: dict[str, object] | str, reason: str) -> None:
    """Each is signed with the factor's own key."""
    with pytest.raises(DeviceTokenError, match=reason):
        admit(tokens.token(body=body))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (with_signature(""), "64"),
        (with_signature(tokens.der_signature(SIGNED)), "64"),
        (with_signature(tokens.raw(*tokens.rs(SIGNED))[:-1]), "64"),
        (with_signature(tokens.raw(*tokens.rs(SIGNED))[1:]), "64"),
        (with_signature(tokens.raw(*tokens.rs(SIGNED)) + b"\0"), "64"),
        (with_signature(tokens.raw(*tokens.rs(SIGNED, OTHER_KEY))), "signature"),
        (with_signature(tokens.raw(0, 0)), "signature"),
        (with_signature(tokens.raw(0, 1)), "signature"),
        (with_signature(tokens.raw(1, 0)), "signature"),
        (with_signature(tokens.raw(ORDER, ORDER)), "signature"),
        (with_signature(b"\xff" * 64), "signature"),
        (with_signature(tokens.raw(*reversed(tokens.rs(SIGNED)))), "signature"),
        (with_signature(tokens.hs256(SIGNED, tokens.spki(KEY))), "64"),
        (with_signature(tokens.hs256(HS256_SIGNED, tokens.spki(KEY)), HS256_SIGNED), "alg"),
        (with_signature("", NONE_SIGNED), "alg"),
    ],
)
def test_a_signature_that_is_not_the_factors_raw_one_is_refused(text: str, reason: str) -> None:
    """DER, short, padded, zero, out of range, another's, and HMAC with the public key as its secret."""
    with pytest.raises(DeviceTokenError, match=reason):
        admit(text)


def test_what_was_signed_cannot_be_changed() -> None:
    """One bit in the header or the payload, and the signature is no longer the factor's."""
    head, body, signature = tokens.token().split(".")
    later = part(payload(exp=SECONDS + 700))
    other = part(header(kid="CR" + "0003" + "c" * 28))
    for text in (f"{head}.{later}.{signature}", f"{other}.{body}.{signature}"):
        with pytest.raises(DeviceTokenError, match="signature"):
            admit(text)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text + "=",
        lambda text: text + ".",
        lambda text: "." + text,
        lambda text: text.replace(".", "", 1),
        lambda text: text + ".e30",
        lambda text: text + "\n",
        lambda text: " " + text,
        lambda text: text.replace(".", ".=", 1),
        lambda text: text[:-1] + chr(ord(text[-1]) + 1),  # the same 64 bytes to a lax decoder: stray bits at the end
        lambda text: text[:-1] + "+",
        lambda text: text[:-1] + "é",
        lambda text: "A" * (device_token.TOKEN_CHARACTERS_MAX + 1),
        lambda text: "",
        lambda text: "..",
    ],
)
def test_a_token_has_exactly_one_spelling(spoil: object) -> None:
    """Padding, white space, foreign characters, stray bits, a missing or a fourth part."""
    assert callable(spoil)
    with pytest.raises(DeviceTokenError):
        admit(spoil(tokens.token()))


@pytest.mark.parametrize(("after_seconds", "ok"), [(-31, False), (-30, True), (0, True), (629.9, True), (630, False)])
def test_time_has_thirty_seconds_of_leeway_on_both_sides(after_seconds: float, ok: bool) -> None:
    """Contract section 10, *Device JWT*."""
    if ok:
        admit(tokens.token(), after_seconds=after_seconds)
    else:
        with pytest.raises(DeviceTokenTimeError):
            admit(tokens.token(), after_seconds=after_seconds)


def test_only_the_holder_of_the_key_learns_about_our_clock() -> None:
    """An expired token with a bad signature is bad, not expired."""
    with pytest.raises(DeviceTokenError) as raised:
        admit(tokens.token(key=OTHER_KEY), after_seconds=10_000)
    assert not isinstance(raised.value, DeviceTokenTimeError)
