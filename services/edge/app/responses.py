"""Responses as ASGI messages: the contract's JSON, its error envelope, an empty body."""

from typing import Annotated, Final

import msgspec
from starlette.types import Scope, Send

from pushward.error_codes import METHOD_NOT_ALLOWED
from pushward.errors import PushwardError, UnauthenticatedError, mapping_of
from services.edge.app.headers import SECURITY_HEADERS, Headers, header
from services.edge.app.models.shapes import told
from services.edge.app.urls import Urls

_CHALLENGE: Final = ((b"www-authenticate", b'Basic realm="Pushward", charset="UTF-8"'),)
_JSON_HEADERS: Final = ((b"content-type", b"application/json"), *SECURITY_HEADERS)

_encode = msgspec.json.Encoder().encode


class Envelope(msgspec.Struct):
    """Every answer that isn't a success (contract section 0, Error envelope)."""

    code: int
    message: Annotated[str, told(minLength=1)]
    more_info: Annotated[str, told(format="uri", pattern="/pushward/v1/errors/[0-9]+$")]
    status: int


async def send_json(send: Send, status: int, body: msgspec.Struct, headers: Headers = ()) -> None:
    """A whole response with a JSON body."""
    encoded = _encode(body)
    length = (b"content-length", b"%d" % len(encoded))
    await send({"type": "http.response.start", "status": status, "headers": [*_JSON_HEADERS, length, *headers]})
    await send({"type": "http.response.body", "body": encoded})


async def send_empty(send: Send, status: int, headers: Headers = ()) -> None:
    """A whole response without a body."""
    await send({"type": "http.response.start", "status": status, "headers": [*SECURITY_HEADERS, *headers]})
    await send({"type": "http.response.body", "body": b""})


async def send_error(send: Send, scope: Scope, urls: Urls, error: PushwardError) -> None:
    """The envelope of `error`."""
    status = mapping_of(error).http_status
    headers: Headers = ()
    if isinstance(error, UnauthenticatedError):
        headers = _authentication_challenge(scope)
    if error.retry_after_seconds:
        headers = (*headers, (b"retry-after", b"%d" % error.retry_after_seconds))
    envelope = Envelope(code=error.code, message=error.message, more_info=urls.error(error.code), status=status)
    await send_json(send, status, envelope, headers)


async def send_method_not_allowed(send: Send, urls: Urls, allowed: str) -> None:
    """405 with the methods that there are. HTTP alone knows methods, so no error in the tree stands for it."""
    message = f"This method isn't allowed here; {allowed} are."
    envelope = Envelope(METHOD_NOT_ALLOWED, message, urls.error(METHOD_NOT_ALLOWED), 405)
    await send_json(send, 405, envelope, ((b"allow", allowed.encode("ascii")),))


def _authentication_challenge(scope: Scope) -> Headers:
    """WWW-Authenticate, as RFC 9110 wants it and Android's HttpURLConnection has needed it.

    Not for a script in a browser, which alone sends Sec-Fetch-Mode (other than `navigate`): the browser would ask its
    user for a password in a dialog of its own.
    """
    mode = header(scope, b"sec-fetch-mode")
    return _CHALLENGE if mode is None or mode == b"navigate" else ()
