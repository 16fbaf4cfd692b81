"""What a device must not lose: its keys, its factors, and how far its clock is off.

A key never leaves its store: the library asks the store to sign. So a store may as well be a secure element. A key is
made before the enrolment that uses it, named by the caller; a factor points to its key by that name.
"""

from typing import Protocol

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from pushward_device.errors import FactorUnknownError, KeyUnknownError
from pushward_device.jose import public_key_to_spki_b64
from pushward_device.models import Factor

KEYS_WITHOUT_FACTOR_MAX = 8
"""Enrolments whose outcome is unknown; the oldest key gives way."""


class KeyStore(Protocol):
    """A device's memory. Each method takes effect at once, wholly or not at all."""

    def ensure_key(self, key_id: str) -> str:
        """The public key of that name, as SPKI in base64; made on first use."""
        ...

    def public_key_spki_b64(self, key_id: str) -> str:
        """The public key of that name. Raises KeyUnknownError."""
        ...

    def sign(self, key_id: str, message: bytes) -> bytes:
        """The DER signature, ECDSA with SHA-256 on P-256. Raises KeyUnknownError."""
        ...

    def discard_key(self, key_id: str) -> None:
        """Forget a key that no factor uses; a used or unknown one is left as it is."""
        ...

    def factors(self) -> tuple[Factor, ...]:
        """Every factor, oldest first."""
        ...

    def factor(self, factor_sid: str) -> Factor:
        """One factor. Raises FactorUnknownError."""
        ...

    def put_factor(self, factor: Factor) -> None:
        """Keep a factor, in place of the one with its SID. Raises KeyUnknownError if its key isn't here."""
        ...

    def remove_factor(self, factor_sid: str) -> None:
        """Forget a factor and its key; an unknown one is fine."""
        ...

    @property
    def clock_correction_seconds(self) -> float:
        """What to add to this device's clock to get the server's; 0 until learnt."""
        ...

    def set_clock_correction_seconds(self, seconds: float) -> None:
        """Remember how far this device's clock is off."""
        ...


class MemoryKeyStore:
    """A key store that ends with the process."""

    def __init__(self) -> None:
        self.keys: dict[str, ec.EllipticCurvePrivateKey] = {}
        self.factors_by_sid: dict[str, Factor] = {}
        self.clock_correction_seconds = 0.0

    def ensure_key(self, key_id: str) -> str:
        if key_id not in self.keys:
            unused = [name for name in self.keys if not self._is_used(name)]
            for oldest in unused[: max(0, len(unused) - KEYS_WITHOUT_FACTOR_MAX + 1)]:
                del self.keys[oldest]
            self.keys[key_id] = ec.generate_private_key(ec.SECP256R1())
        return self.public_key_spki_b64(key_id)

    def public_key_spki_b64(self, key_id: str) -> str:
        return public_key_to_spki_b64(self._key(key_id).public_key())

    def sign(self, key_id: str, message: bytes) -> bytes:
        return self._key(key_id).sign(message, ec.ECDSA(hashes.SHA256()))

    def discard_key(self, key_id: str) -> None:
        if not self._is_used(key_id):
            self.keys.pop(key_id, None)

    def factors(self) -> tuple[Factor, ...]:
        return tuple(self.factors_by_sid.values())

    def factor(self, factor_sid: str) -> Factor:
        try:
            return self.factors_by_sid[factor_sid]
        except KeyError as error:
            raise FactorUnknownError(f"This key store has no factor {factor_sid}: enrol this device first.") from error

    def put_factor(self, factor: Factor) -> None:
        self._key(factor.key_id)
        self.factors_by_sid[factor.sid] = factor

    def remove_factor(self, factor_sid: str) -> None:
        factor = self.factors_by_sid.pop(factor_sid, None)
        if factor is not None:
            self.discard_key(factor.key_id)

    def set_clock_correction_seconds(self, seconds: float) -> None:
        self.clock_correction_seconds = float(seconds)

    def _key(self, key_id: str) -> ec.EllipticCurvePrivateKey:
        try:
            return self.keys[key_id]
        except KeyError as error:
            raise KeyUnknownError("This key store has no such key: enrol this device again.") from error

    def _is_used(self, key_id: str) -> bool:
        return any(factor.key_id == key_id for factor in self.factors_by_sid.values())
