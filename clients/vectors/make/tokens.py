"""tokens.json: device JWTs, the Authorization they go into, what isn't one, and receipts."""

import json
from typing import Final

from clients.vectors.make.known import (
    ACCOUNT_SID,
    CREDENTIAL_SID,
    NOW_SECONDS,
    SIGNATURE_FIELDS,
    Json,
    Object,
    challenge,
)
from clients.vectors.make.signing import base64_of, base64url, compact, spki

LIFETIME_SECONDS: Final = 600

# Searched for among the seconds after NOW_SECONDS: about one in 65 536 has two leading zero bytes.
SHORT_AT_SECONDS: Final = {
    "r is one byte short in the signature.": NOW_SECONDS + 98,
    "s is one byte short in the signature.": NOW_SECONDS + 408,
    "r is two bytes short in the signature.": NOW_SECONDS + 54_758,
    "s is two bytes short in the signature.": NOW_SECONDS + 205_794,
}


def jwt_header(credential_sid: str = CREDENTIAL_SID) -> Object:
    """The header of a device's JWT."""
    return {"cty": "twilio-pba;v=1", "kid": credential_sid, "typ": "JWT", "alg": "ES256"}


def jwt_payload(now_seconds: int) -> Object:
    """The payload of a device's JWT that is made at this second of the server's time."""
    return {"sub": ACCOUNT_SID, "exp": now_seconds + LIFETIME_SECONDS, "nbf": now_seconds}


def content() -> Object:
    """The whole file."""
    moments = {"A device's JWT is valid for ten minutes from now.": NOW_SECONDS} | SHORT_AT_SECONDS
    return {
        "about": "Device JWTs: exact members; `example` has a good signature, yours has another. Then Basic "
        "credentials, tokens that prove nothing, base64url, and receipts.",
        "device_jwts": [_jwt(name, seconds) for name, seconds in moments.items()],
        "authorizations": [
            {"name": "An access token.", "token": "YK1.secret", "header": f"Basic {base64_of(b'token:YK1.secret')}"},
            {"name": "A JWT.", "token": "aa.bb.cc", "header": f"Basic {base64_of(b'token:aa.bb.cc')}"},
        ],
        "refused_device_jwts": _refused(),
        "base64url": [
            {"name": f"{len(value)} bytes.", "bytes_base64": base64_of(value), "text": base64url(value)}
            for value in (b"", b"\xfb", b"\xfb\xff", b"\xfb\xff\xfe", b'{"a":"\xc3\xbc?>"}')
        ],
        "invalid_base64url": [
            {"name": name, "text": text}
            for name, text in {
                "With padding.": "-w==",
                "With stray bits at its end.": "-x",
                "An impossible length.": "-",
                "The other alphabet.": "+/8",
                "A space in it.": "-_ 8",
                "A line break at its end.": "-_8\n",
            }.items()
        ],
        "receipts": _receipts(),
    }


def _jwt(name: str, now_seconds: int) -> Object:
    header, payload = jwt_header(), jwt_payload(now_seconds)
    return {
        "name": name,
        "key": "device",
        "credential_sid": CREDENTIAL_SID,
        "account_sid": ACCOUNT_SID,
        "now_seconds": now_seconds,
        "header": header,
        "payload": payload,
        "example": compact(header, payload),
    }


def _refused() -> list[Json]:
    header, payload = jwt_header(), jwt_payload(NOW_SECONDS)
    good = compact(header, payload)
    tokens = {
        "Signed by another key.": compact(header, payload, "another device"),
        "Without a signature, and saying so.": f"{_part({**header, 'alg': 'none'})}.{_part(payload)}.",
        "HS256.": compact({**header, "alg": "HS256"}, payload),
        "Another content type.": compact({**header, "cty": "JWT"}, payload),
        "Without kid.": compact({n: v for n, v in header.items() if n != "kid"}, payload),
        "It asks for an extension.": compact({**header, "crit": ["exp"]}, payload),
        "Another account.": compact(header, {**payload, "sub": "AC0001" + "b" * 28}),
        "Valid for longer than 900 seconds.": compact(header, {**payload, "exp": NOW_SECONDS + 901}),
        "exp is text.": compact(header, {**payload, "exp": str(NOW_SECONDS + 600)}),
        "nbf has a fraction.": compact(header, {**payload, "nbf": NOW_SECONDS + 0.5}),
        "Expired.": compact(header, jwt_payload(NOW_SECONDS - LIFETIME_SECONDS - 31)),
        "Not valid yet.": compact(header, jwt_payload(NOW_SECONDS + 31)),
        "A member twice.": compact(json.dumps(header).replace("{", '{"alg":"ES256",', 1).encode(), payload),
        "The end of the signature is missing.": good[:-4],
        "With padding.": good + "==",
        "Four parts.": good + ".AA",
    }
    return [
        {"name": name, "key": "device", "account_sid": ACCOUNT_SID, "now_seconds": NOW_SECONDS, "token": token}
        for name, token in tokens.items()
    ]


def _receipts() -> list[Json]:
    asked = challenge()
    signed = {name: asked[name] for name in SIGNATURE_FIELDS} | {"status": "approved"}
    silent = {**signed, "mode": "silent"}
    header: Object = {"typ": "JWT", "alg": "ES256"}
    twice = json.dumps(signed).replace("{", '{"status":"denied",', 1).encode()
    public, other = base64_of(spki("device")), base64_of(spki("another device"))
    good = compact(header, signed)
    changed = ".".join((_part(header), _part({**signed, "status": "denied"}), good.rpartition(".")[2]))
    right: list[Json] = [
        {"name": name, "public_spki_base64": public, "jws": compact(header, payload), "payload": payload}
        for name, payload in {"An approval.": signed, "A silent approval says so.": silent}.items()
    ]
    wrong: list[Json] = [
        {"name": name, "public_spki_base64": key, "jws": jws, "error": "ReceiptInvalidError"}
        for name, key, jws in (
            ("Another key.", other, good),
            ("The answer was changed under the signature.", public, changed),
            ("HS256 in the header.", public, compact({"typ": "JWT", "alg": "HS256"}, signed)),
            ("A member twice, under a good signature.", public, compact(header, twice)),
            ("No key.", "", good),
            ("Two parts.", public, good.rpartition(".")[0]),
        )
    ]
    return [*right, *wrong]


def _part(members: Object) -> str:
    return base64url(json.dumps(members, separators=(",", ":")).encode())
