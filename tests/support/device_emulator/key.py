"""A device's key pair in its secure hardware, and how its signatures are written (contract section 3.1)."""

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from tests.support.push_factor import possession, spki_b64

COORDINATE_BYTES = 32


class DeviceKey:
    """P-256. The private key never leaves this object."""

    def __init__(self) -> None:
        self._private = ec.generate_private_key(ec.SECP256R1())
        self.short_signatures = 0
        """How many of the next signatures come out one byte short: the iOS SDK pads a small r or s by one byte only."""

    @property
    def public(self) -> str:
        """`Binding.PublicKey`."""
        return spki_b64(self._private)

    def proof(self, factor_sid: str) -> str:
        """`AuthPayload` of a factor's verification: DER, in base64."""
        return possession(self._private, factor_sid)

    def raw(self, signed: str) -> bytes:
        """The signature of a JWT or JWS: r and s."""
        r, s = decode_dss_signature(self._private.sign(signed.encode("ascii"), ec.ECDSA(SHA256())))
        whole = r.to_bytes(COORDINATE_BYTES) + s.to_bytes(COORDINATE_BYTES)
        if self.short_signatures:
            self.short_signatures -= 1
            return whole[1:]
        return whole
