"""Codes: the vectors of RFC 6238, appendix B, whatever their length; which steps count; what a QR code says."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushward.security import totp
from pushward.values import TotpAlgorithm, TotpConfig
from tests.support.authenticator import Authenticator

SHA1, SHA256, SHA512 = TotpAlgorithm
SEEDS = {
    SHA1: b"12345678901234567890",
    SHA256: b"12345678901234567890123456789012",
    SHA512: b"1234567890123456789012345678901234567890123456789012345678901234",
}
VECTORS = [
    (59, SHA1, "94287082"),
    (59, SHA256, "46119246"),
    (59, SHA512, "90693936"),
    (1111111109, SHA1, "07081804"),
    (1111111109, SHA256, "68084774"),
    (1111111109, SHA512, "25091201"),
    (1111111111, SHA1, "14050471"),
    (1111111111, SHA256, "67062674"),
    (1111111111, SHA512, "99943326"),
    (1234567890, SHA1, "89005924"),
    (1234567890, SHA256, "91819424"),
    (1234567890, SHA512, "93441116"),
    (2000000000, SHA1, "69279037"),
    (2000000000, SHA256, "90698825"),
    (2000000000, SHA512, "38618901"),
    (20000000000, SHA1, "65353130"),
    (20000000000, SHA256, "77737706"),
    (20000000000, SHA512, "47863826"),
]
SECRET = SEEDS[SHA1]
NOON = datetime(2026, 3, 1, 12, 0, 15, tzinfo=UTC)
STEP = int(NOON.timestamp()) // 30


def config(skew: int = 1, code_length: int = 6, time_step: int = 30, alg: TotpAlgorithm = SHA1) -> TotpConfig:
    """A configuration."""
    return TotpConfig(alg, skew, code_length, time_step)


@pytest.mark.parametrize(("seconds", "alg", "code"), VECTORS)
def test_codes_are_those_of_the_rfc(seconds: int, alg: TotpAlgorithm, code: str) -> None:
    """Appendix B; a shorter code is the same one's end, with its zeros."""
    for length in range(3, 9):
        made = totp.code_at(SEEDS[alg], config(code_length=length, alg=alg), seconds // 30)
        assert made == code[-length:]


@given(
    st.binary(min_size=10, max_size=128),
    st.sampled_from(TotpAlgorithm),
    st.integers(3, 8),
    st.integers(20, 60),
    st.integers(1, 2**33),
)
def test_codes_are_those_of_an_authenticator(
    secret: bytes, alg: TotpAlgorithm, code_length: int, time_step: int, seconds: int
) -> None:
    """Whatever the secret and the configuration."""
    made = totp.code_at(secret, config(0, code_length, time_step, alg), seconds // time_step)
    assert made == Authenticator(secret, alg.upper(), code_length, time_step).stopped(seconds).code()


@pytest.mark.parametrize("skew", [0, 1, 2])
@pytest.mark.parametrize("ahead", range(-3, 4))
def test_as_many_steps_count_before_and_after_as_the_skew_says(skew: int, ahead: int) -> None:
    """And no more."""
    code = totp.code_at(SECRET, config(), STEP + ahead)
    expected = (STEP + ahead,) if abs(ahead) <= skew else ()
    assert totp.matching_steps(SECRET, config(skew), code, NOON) == expected


@pytest.mark.parametrize("code", ["000000", "", "12345", "1234567"])
def test_a_wrong_code_stands_for_no_step(code: str) -> None:
    """Neither does one of another length."""
    assert totp.matching_steps(SECRET, config(2), code, NOON) == ()


def test_a_code_that_several_steps_share_stands_for_each_of_them() -> None:
    """Three digits repeat soon: found by looking for a moment at which they do."""
    short = config(2, code_length=3)
    step = next(step for step in range(STEP, STEP + 100_000) if _same(short, step, step + 2))
    now = datetime.fromtimestamp((step + 1) * 30, UTC)
    assert {step, step + 2} <= set(totp.matching_steps(SECRET, short, totp.code_at(SECRET, short, step), now))


def _same(of: TotpConfig, one: int, other: int) -> bool:
    return totp.code_at(SECRET, of, one) == totp.code_at(SECRET, of, other)


@given(st.binary(max_size=130))
def test_a_secret_is_read_back_in_either_case_padded_or_not(secret: bytes) -> None:
    """As people and programs write base32."""
    text = totp.secret_text(secret)
    padded = text + "=" * (-len(text) % 8)
    assert {totp.secret_of(each) for each in (text, text.lower(), padded, padded.lower())} == {secret}


@pytest.mark.parametrize("text", ["A", "ABC", "AB1C", "JBSW Y3DP", "ÄÄÄÄÄÄÄÄ", "AB==CD", "=A"])
def test_what_is_no_base32_is_refused(text: str) -> None:
    """ValueError, whatever is wrong."""
    with pytest.raises(ValueError, match=r"padding|digit|ASCII"):
        totp.secret_of(text)


def test_a_qr_code_says_all_that_an_authenticator_needs() -> None:
    """The label is issuer:account, each percent-encoded; nothing is left to defaults."""
    uri = totp.otpauth_uri(SECRET, "Bank & Söhne", "jo@example.com: phone/1", config(1, 8, 60, SHA256))
    assert uri == (
        "otpauth://totp/Bank%20%26%20S%C3%B6hne:jo%40example.com%3A%20phone%2F1"
        "?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Bank%20%26%20S%C3%B6hne&algorithm=SHA256&digits=8&period=60"
    )
    scanned = Authenticator.scanning(uri)
    assert scanned == Authenticator(SECRET, "SHA256", 8, 60, "Bank & Söhne", "jo@example.com: phone/1")
