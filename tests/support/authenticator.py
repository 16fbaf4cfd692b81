"""An authenticator app: set up by an otpauth URI, it shows codes (RFC 6238), by code of its own."""

import hashlib
import hmac
import struct
import time
from base64 import b32decode
from dataclasses import dataclass, replace
from typing import Self
from urllib.parse import parse_qs, unquote, urlsplit


@dataclass(frozen=True, slots=True)
class Authenticator:
    """``period`` is in seconds; ``stopped_at`` is the time at which its clock was stopped, if it was."""

    secret: bytes
    algorithm: str = "SHA1"
    digits: int = 6
    period: int = 30
    issuer: str = ""
    account: str = ""
    stopped_at: float | None = None

    @classmethod
    def scanning(cls, uri: str) -> Self:
        """As a QR code sets it up."""
        parts = urlsplit(uri)
        assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
        given = {name: values[0] for name, values in parse_qs(parts.query, strict_parsing=True).items()}
        issuer, _, account = parts.path.removeprefix("/").partition(":")
        assert unquote(issuer) == given["issuer"]
        return cls(
            _unpadded(given["secret"]),
            given["algorithm"],
            int(given["digits"]),
            int(given["period"]),
            unquote(issuer),
            unquote(account),
        )

    @classmethod
    def typed_in(cls, secret: str, **settings: int | str) -> Self:
        """As somebody sets it up who can't scan."""
        return replace(cls(_unpadded(secret)), **settings)  # type: ignore[arg-type]  # each setting has its own type

    def stopped(self, at: float | None = None) -> Self:
        """One whose codes don't change while a test runs: a skew of steps gives it time enough."""
        return replace(self, stopped_at=time.time() if at is None else at)

    def code(self, steps_ahead: int = 0) -> str:
        """The code of the present step, or of one before or after it."""
        step = int(time.time() if self.stopped_at is None else self.stopped_at) // self.period + steps_ahead
        digest = hmac.digest(self.secret, struct.pack(">Q", step), getattr(hashlib, self.algorithm.lower()))
        offset = digest[-1] & 15
        (number,) = struct.unpack(">I", digest[offset : offset + 4])
        return str((number & 0x7FFFFFFF) % 10**self.digits).zfill(self.digits)

    def wrong_code(self) -> str:
        """A code of no step near the present one."""
        near = {self.code(steps) for steps in range(-5, 6)}
        return next(code for number in range(20) if (code := str(number).zfill(self.digits)) not in near)


def _unpadded(text: str) -> bytes:
    return b32decode(text + "=" * (-len(text) % 8))
