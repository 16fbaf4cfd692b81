"""What a device shows: its factor, a challenge, and the very members that it signs."""

import json
from typing import Any

from pushward_device import Challenge, Factor
from pushward_device.answer import Decision, signed_payload

from pushward.cli.console import escaped

Members = dict[str, Any]
"""A JSON object. Any: members of every type."""


def factor_members(factor: Factor, public_key: str) -> Members:
    """An enrolment, for programs. The public key is what its receipts are checked with."""
    return {
        "factor_sid": factor.sid,
        "status": factor.status.value,
        "identity": factor.identity,
        "service_sid": factor.service_sid,
        "account_sid": factor.account_sid,
        "public_key": public_key,
    }


def factor_pairs(factor: Factor, public_key: str) -> dict[str, str]:
    """The same for people."""
    return {name.replace("_", " "): str(value) for name, value in factor_members(factor, public_key).items()}


def challenge_members(challenge: Challenge) -> Members:
    """A challenge as it came, for programs."""
    return challenge.members()


def challenge_pairs(challenge: Challenge) -> dict[str, str]:
    """What its user must see: the message first."""
    return {
        "message": challenge.message,
        **{field.label: field.value for field in challenge.fields},
        **{f"({name})": value for name, value in challenge.hidden_details.items()},
        "status": challenge.status.value,
        "until": f"{challenge.expiration_date:%Y-%m-%d %H:%M:%S} UTC",
        "challenge": challenge.sid,
    }


def signed_text(challenge: Challenge, decision: Decision) -> str:
    """What is signed, as text. Raises a NotSignedError."""
    return escaped(json.dumps(signed_payload(challenge, decision), indent=2, ensure_ascii=False))
