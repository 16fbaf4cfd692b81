"""Compact JWS with any part right or wrong: written apart from the server's and the device's own code."""

import base64
import hashlib
import hmac
import json
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

Members = dict[str, Any]
"""A JSON object. Any: whatever an attacker writes."""

ES256: Final[Members] = {"typ": "JWT", "alg": "ES256"}


def es256(key: ec.EllipticCurvePrivateKey, payload: Members | bytes, header: Members = ES256) -> str:
    """Signed with ECDSA: what a device makes, if header and payload are right. Bytes are signed as they are."""
    signed = _signing_input(header, payload)
    r, s = decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(SHA256())))
    return f"{signed}.{_base64url(r.to_bytes(32) + s.to_bytes(32))}"


def hs256(secret: bytes, payload: Members, header: Members) -> str:
    """Signed with a shared secret, such as a public key that a careless library takes for one."""
    signed = _signing_input({**header, "alg": "HS256"}, payload)
    return f"{signed}.{_base64url(hmac.digest(secret, signed.encode(), hashlib.sha256))}"


def unsigned(payload: Members, header: Members) -> str:
    """``alg`` none."""
    return f"{_signing_input({**header, 'alg': 'none'}, payload)}."


def changed(members: Members, changes: Members) -> Members:
    """``members`` with changes; one that is changed to None is left out."""
    return {name: value for name, value in (members | changes).items() if value is not None}


def _signing_input(header: Members, payload: Members | bytes) -> str:
    encoded = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return f"{_base64url(json.dumps(header).encode())}.{_base64url(encoded)}"


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
