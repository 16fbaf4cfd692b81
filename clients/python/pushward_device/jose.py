"""The little of JOSE that the device protocol needs: ES256 over compact JWS, and its two encodings of a signature.

ES256 only, always; the algorithm is never taken from the token. Signatures on the wire are `r || s`, each left-padded
to 32 bytes (RFC 7518 §3.4), except for the proof of possession, which is DER (contract §3.3). base64url is canonical:
no padding, no foreign characters, no stray bits.
"""

import base64
import binascii
from collections.abc import Callable
from typing import TypeAlias

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from pushward_device.errors import TokenInvalidError
from pushward_device.strict_json import JsonObject, parse_object, serialize

COORDINATE_BYTES = 32
JWT_LIFETIME_SECONDS = 600
DEVICE_JWT_CONTENT_TYPE = "twilio-pba;v=1"

SignDer: TypeAlias = Callable[[bytes], bytes]
"""Signs a message with ECDSA-SHA256 and answers the DER signature."""


def device_jwt(*, credential_sid: str, account_sid: str, now_seconds: int, sign: SignDer) -> str:
    """The token of every call after enrolment (contract §3.4); valid for `JWT_LIFETIME_SECONDS`."""
    header: JsonObject = {"cty": DEVICE_JWT_CONTENT_TYPE, "kid": credential_sid, "typ": "JWT", "alg": "ES256"}
    payload: JsonObject = {"sub": account_sid, "exp": now_seconds + JWT_LIFETIME_SECONDS, "nbf": now_seconds}
    return _sign_compact(header, payload, sign)


def answer_jws(payload: JsonObject, sign: SignDer) -> str:
    """The signed answer to a challenge (contract §3.7)."""
    return _sign_compact({"typ": "JWT", "alg": "ES256"}, payload, sign)


def verify_compact(token: str, public_key: ec.EllipticCurvePublicKey) -> tuple[JsonObject, JsonObject]:
    """Header and payload of a compact JWS that `public_key` signed. Raises TokenInvalidError."""
    parts = token.split(".")
    if len(parts) != 3:
        raise TokenInvalidError("The token isn't three parts separated by dots.")
    header_json, payload_json, signature = (base64url_decode(part) for part in parts)
    try:
        header = parse_object(header_json)
        if header.get("alg") != "ES256" or header.get("typ") != "JWT":
            raise TokenInvalidError("The token's alg must be ES256 and its typ JWT.")
        if "crit" in header or "b64" in header:
            raise TokenInvalidError("The token asks for an extension that isn't known here.")
        public_key.verify(der_signature(signature), f"{parts[0]}.{parts[1]}".encode("ascii"), ec.ECDSA(hashes.SHA256()))
        return header, parse_object(payload_json)
    except InvalidSignature as error:
        raise TokenInvalidError("The signature isn't this key's, or the token was changed.") from error
    except ValueError as error:
        raise TokenInvalidError("A part of the token isn't JSON with one clear meaning.") from error


def raw_signature(der: bytes) -> bytes:
    """`r || s`, 64 bytes, of a DER signature; a short r or s is padded on the left."""
    r, s = decode_dss_signature(der)
    return r.to_bytes(COORDINATE_BYTES, "big") + s.to_bytes(COORDINATE_BYTES, "big")


def der_signature(raw: bytes) -> bytes:
    """DER of a raw signature of exactly 64 bytes. Raises TokenInvalidError."""
    if len(raw) != 2 * COORDINATE_BYTES:
        raise TokenInvalidError("The signature isn't 64 bytes long.")
    r, s = raw[:COORDINATE_BYTES], raw[COORDINATE_BYTES:]
    return encode_dss_signature(int.from_bytes(r, "big"), int.from_bytes(s, "big"))


def base64url(raw: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def base64url_decode(text: str) -> bytes:
    """The bytes of canonical base64url without padding. Raises TokenInvalidError."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise TokenInvalidError("A part of the token isn't base64url.") from error
    if base64url(raw) != text:
        raise TokenInvalidError("A part of the token isn't canonical base64url.")
    return raw


def public_key_to_spki_b64(key: ec.EllipticCurvePublicKey) -> str:
    """`Binding.PublicKey`: standard base64 of the SubjectPublicKeyInfo DER, 91 bytes (contract §3.1)."""
    spki = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(spki).decode("ascii")


def public_key_from_spki_b64(text: str) -> ec.EllipticCurvePublicKey:
    """The P-256 key that `public_key_to_spki_b64` wrote. Raises TokenInvalidError for any other text."""
    try:
        key = serialization.load_der_public_key(base64.b64decode(text, validate=True))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise TokenInvalidError("The public key isn't base64 of a SubjectPublicKeyInfo.") from error
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise TokenInvalidError("The public key isn't on P-256.")
    if public_key_to_spki_b64(key) != text:
        raise TokenInvalidError("The public key isn't in its canonical form.")
    return key


def _sign_compact(header: JsonObject, payload: JsonObject, sign: SignDer) -> str:
    signing_input = f"{base64url(serialize(header))}.{base64url(serialize(payload))}"
    return f"{signing_input}.{base64url(raw_signature(sign(signing_input.encode('ascii'))))}"
