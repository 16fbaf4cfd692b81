"""What strangers send: JSON objects of a few texts, each with a limit. Refusals name the member.

Amounts are text or whole numbers, never floats: what is shown and signed is what was typed.
"""

import json
import re
import unicodedata
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from starlette.requests import Request

from samples.backend.errors import InvalidRequestError, NotJsonError, TooLargeError
from samples.backend.identity import normalised

BODY_BYTES_MAX: Final = 16 * 1024
USERNAME_CHARACTERS_MAX: Final = 128
PAYEE_CHARACTERS_MAX: Final = 70
AMOUNT_MAX: Final = Decimal("1000000.00")
CENT: Final = Decimal("0.01")

Body = Mapping[str, Any]
"""A JSON object. Any: members of every type, looked at one by one."""

_AMOUNT: Final = re.compile(r"[0-9]{1,9}(\.[0-9]{1,2})?")
_TRANSACTION_ID: Final = re.compile(r"[A-Za-z0-9._:-]{8,64}")
_FACTOR_SID: Final = re.compile(r"YF[0-9a-fA-F]{32}")
_CHALLENGE_SID: Final = re.compile(r"YC[0-9a-fA-F]{32}")
_INVISIBLE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""They make a text look like another one, or reorder others."""
_JOINERS: Final = frozenset("\u200c\u200d")
"""Not without them: words of Persian and Hindi, and some emoji."""


async def json_object(request: Request) -> Body:
    """The request's body. A page of another origin can't send this type without asking first, and we never agree."""
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != "application/json":
        raise NotJsonError("Send JSON, as Content-Type: application/json.")
    try:
        value = json.loads(await limited_body(request))
    except (ValueError, RecursionError) as error:
        raise InvalidRequestError("The body isn't JSON.") from error
    if not isinstance(value, dict):
        raise InvalidRequestError("The body must be a JSON object.")
    return value


async def limited_body(request: Request) -> bytes:
    """The body, however long it claims to be."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_BYTES_MAX:
            raise TooLargeError(f"The body is longer than {BODY_BYTES_MAX} bytes.")
    return bytes(body)


def username(body: Body) -> str:
    """What the user typed."""
    typed = _text(body, "username", USERNAME_CHARACTERS_MAX)
    if not normalised(typed):
        raise InvalidRequestError("username must be a name of at least one character.")
    return typed


def payee(body: Body) -> str:
    """Who gets the money, as it is shown and signed."""
    return _text(body, "payee", PAYEE_CHARACTERS_MAX).strip()


def amount(body: Body) -> Decimal:
    """What is paid, in cents at the finest."""
    value = body.get("amount")
    written = str(value) if type(value) is int else value
    if not isinstance(written, str) or not _AMOUNT.fullmatch(written.strip()):
        raise InvalidRequestError('amount must be a number as text, such as "940.00", with at most two decimals.')
    number = Decimal(written.strip())
    if not CENT <= number <= AMOUNT_MAX:
        raise InvalidRequestError(f"amount must be between {CENT} and {AMOUNT_MAX}.")
    return number.quantize(CENT)


def transaction_id(body: Body) -> str | None:
    """The app's own name for what it asks, if it gives one."""
    return _matching(body, "transaction_id", _TRANSACTION_ID, "8 to 64 letters, digits or . _ : -")


def factor_sid(body: Body) -> str | None:
    """The device to ask, if it is named."""
    return _matching(body, "factor_sid", _FACTOR_SID, "a factor's SID (YF…)")


def challenge_sid(body: Body) -> str:
    """The challenge to look at."""
    sid = _matching(body, "challenge_sid", _CHALLENGE_SID, "a challenge's SID (YC…)")
    if sid is None:
        raise InvalidRequestError("challenge_sid is missing.")
    return sid


def calls_after(request: Request) -> int:
    """The number in the query, 0 if there is none."""
    written = request.query_params.get("after", "0")
    if not re.fullmatch(r"[0-9]{1,15}", written):
        raise InvalidRequestError("after must be a call's number.")
    return int(written)


def _text(body: Body, name: str, characters_max: int) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value.strip() or len(value) > characters_max:
        raise InvalidRequestError(f"{name} must be a text of 1 to {characters_max} characters.")
    if any(unicodedata.category(character) in _INVISIBLE for character in value if character not in _JOINERS):
        raise InvalidRequestError(f"{name} holds characters that can't be seen, or that reorder others.")
    return value


def _matching(body: Body, name: str, pattern: re.Pattern[str], what: str) -> str | None:
    value = body.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise InvalidRequestError(f"{name} must be {what}.")
    return value
