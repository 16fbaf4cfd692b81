"""Time-based one-time codes (RFC 6238): which time steps a code stands for, and what authenticators are set up with.

Pure: time comes in as a value. HMAC and truncation are cryptography's, which makes codes of 6 to 8 digits; a shorter
code is the end of a longer one, since each is the same number modulo a power of ten (RFC 4226, section 5.3).
"""

import base64
import hmac
from datetime import datetime
from typing import Final
from urllib.parse import quote, urlencode

from cryptography.hazmat.primitives.hashes import SHA1, SHA256, SHA512
from cryptography.hazmat.primitives.twofactor.hotp import HOTP

from pushward.values import TotpAlgorithm, TotpConfig

SECRET_BYTES: Final = 20
"""Of a secret that we make: the length that RFC 4226 recommends."""
DIGITS_MAX: Final = 8
_BASE32_GROUP: Final = 8

_HASHES: Final[dict[TotpAlgorithm, SHA1 | SHA256 | SHA512]] = {
    TotpAlgorithm.SHA1: SHA1(),  # noqa: S303 - what authenticators know; HMAC doesn't need a hash without collisions
    TotpAlgorithm.SHA256: SHA256(),
    TotpAlgorithm.SHA512: SHA512(),
}


def code_at(secret: bytes, config: TotpConfig, step: int) -> str:
    """The code of one time step."""
    # The length of secrets is their owner's rule; existing ones may be shorter than this library would have them.
    longest = HOTP(secret, DIGITS_MAX, _HASHES[config.alg], enforce_key_length=False).generate(step)
    return longest.decode("ascii")[-config.code_length :]


def matching_steps(secret: bytes, config: TotpConfig, code: str, now: datetime) -> tuple[int, ...]:
    """The time steps around ``now`` whose code this is, in order: none of a wrong code, seldom more than one.

    ``code`` is ASCII. Every step is compared, and in constant time, whichever matches.
    """
    present = int(now.timestamp()) // config.time_step
    steps = range(present - config.skew, present + config.skew + 1)
    matches = [hmac.compare_digest(code_at(secret, config, step), code) for step in steps]
    return tuple(step for step, is_match in zip(steps, matches, strict=True) if is_match)


def unpadded(secret: bytes) -> bytes:
    """The same for all secrets that differ in zeros at their end: HMAC fills its key up with them (RFC 2104)."""
    return secret.rstrip(b"\0")


def secret_text(secret: bytes) -> str:
    """A secret as authenticators take it: base32 in capitals, without padding."""
    return base64.b32encode(secret).decode("ascii").rstrip("=")


def secret_of(text: str) -> bytes:
    """The secret that base32 in either case, padded or not, stands for. Raises ValueError."""
    digits = text.rstrip("=")
    return base64.b32decode(digits + "=" * (-len(digits) % _BASE32_GROUP), casefold=True)


def otpauth_uri(secret: bytes, issuer: str, account_name: str, config: TotpConfig) -> str:
    """What a QR code for an authenticator says (contract section 5, item 1)."""
    parameters = {
        "secret": secret_text(secret),
        "issuer": issuer,
        "algorithm": config.alg.upper(),
        "digits": config.code_length,
        "period": config.time_step,
    }
    label = f"{quote(issuer, safe='')}:{quote(account_name, safe='')}"
    return f"otpauth://totp/{label}?{urlencode(parameters, safe='', quote_via=quote)}"
