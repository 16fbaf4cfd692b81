"""Forms and query strings (application/x-www-form-urlencoded) as pairs of text.

Strict where leniency would hide a defect: each escape whole, UTF-8, no U+0000, a bounded number of fields. Each pair is
split at its first `=`, since the iOS SDK leaves `=` raw inside values (contract section 3.10).
"""

import asyncio
import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import unquote_to_bytes

from starlette.types import Receive, Scope

from pushward import error_codes
from pushward.errors import BadRequestError, PayloadTooLargeError
from services.edge.app.headers import header

BODY_BYTES_MAX: Final = 64 * 1024
FIELDS_MAX: Final = 1000
BODY_SECONDS_MAX: Final = 10.0


_LENGTH_DIGITS_MAX: Final = 20  # Python converts no number of thousands of digits
_CONTENT_TYPE: Final = b"application/x-www-form-urlencoded"
_BROKEN_ESCAPE: Final = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_TOO_SLOW: Final = f"The body took longer than {BODY_SECONDS_MAX:g} seconds."
_TOO_LARGE: Final = f"The body is longer than {BODY_BYTES_MAX} bytes."

Pairs = Sequence[tuple[str, str]]


class ClientGoneError(Exception):
    """The client closed its connection before its request was whole: there is nobody to answer."""


def parse_pairs(encoded: bytes) -> Pairs:
    """The pairs of a form or query string, in order. Raises BadRequestError for what can't be read."""
    if _BROKEN_ESCAPE.search(encoded):
        raise BadRequestError("A percent sign isn't followed by two hex digits.", code=error_codes.INVALID_REQUEST)
    if b"\0" in encoded or b"%00" in encoded:
        raise BadRequestError("U+0000 isn't allowed in a parameter.", code=error_codes.INVALID_REQUEST)
    parts = encoded.split(b"&", FIELDS_MAX)
    if len(parts) > FIELDS_MAX:
        raise BadRequestError(f"There are more than {FIELDS_MAX} parameters.", code=error_codes.INVALID_REQUEST)
    pairs = []
    try:
        for part in parts:
            if part:
                name, _, value = part.partition(b"=")
                pairs.append((_decode(name), _decode(value)))
    except UnicodeDecodeError as error:
        raise BadRequestError("A parameter isn't UTF-8.", code=error_codes.INVALID_REQUEST) from error
    return pairs


async def read_form(scope: Scope, receive: Receive) -> Pairs:
    """The pairs of a request's body. Raises as ``read_body``, and BadRequestError for what isn't a form."""
    body = await read_body(scope, receive)
    if not body:
        return ()
    content_type = header(scope, b"content-type")
    if content_type is not None and content_type.partition(b";")[0].strip().lower() != _CONTENT_TYPE:
        raise BadRequestError(f"Send the body as {_CONTENT_TYPE.decode()}.", code=error_codes.INVALID_REQUEST)
    return parse_pairs(body)


async def read_body(scope: Scope, receive: Receive) -> bytes:
    """A request's body, which is read only as far as the bound.

    Raises BadRequestError, PayloadTooLargeError, ClientGoneError.
    """
    length = header(scope, b"content-length")
    if length is not None and length.isdigit() and int(length[:_LENGTH_DIGITS_MAX]) > BODY_BYTES_MAX:
        raise PayloadTooLargeError(_TOO_LARGE)
    try:
        async with asyncio.timeout(BODY_SECONDS_MAX):
            return await _whole_body(receive)
    except TimeoutError as error:
        raise BadRequestError(_TOO_SLOW, code=error_codes.INVALID_REQUEST) from error


async def _whole_body(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGoneError
        chunk: bytes = message.get("body", b"")
        body += chunk
        if len(body) > BODY_BYTES_MAX:
            raise PayloadTooLargeError(_TOO_LARGE)
        if not message.get("more_body", False):
            return body


def _decode(encoded: bytes) -> str:
    if b"+" in encoded:
        encoded = encoded.replace(b"+", b" ")
    if b"%" in encoded:
        return unquote_to_bytes(encoded).decode("utf-8")
    return encoded.decode("utf-8")
