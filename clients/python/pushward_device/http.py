"""One connection to a Pushward edge: who we are, what time it is there, and what a refusal means.

After enrolment each request carries a device JWT. A JWT is kept until shortly before its end. On a 401 with a `Date`
the difference of the clocks is remembered and the request is made once more, with a new JWT (contract §3.5).
Enrolment is never repeated. Redirects are not followed, proxies and credentials (.netrc) of the environment not used: a
token goes to the host it is meant for, over TLS unless that is this machine, or nowhere.
"""

import asyncio
import base64
from collections.abc import AsyncIterator, Generator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from urllib.parse import quote

import httpx

from pushward_device.base_url import checked_base_url
from pushward_device.clock import Clock
from pushward_device.errors import (
    AnswerFormatError,
    ApiError,
    AuthenticationError,
    NetworkError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitedError,
    ServerUnavailableError,
)
from pushward_device.jose import JWT_LIFETIME_SECONDS, device_jwt
from pushward_device.keystore import KeyStore
from pushward_device.models import SIGNATURE_FIELDS_HEADER, Factor
from pushward_device.strict_json import parse_object
from pushward_device.version import __version__

TIMEOUT_SECONDS = 10.0
"""For each step of an exchange: to connect, to send, to wait for the next bytes."""

EXCHANGE_SECONDS_MAX = 30.0
"""For all of an exchange; for a stream, until it opens."""

STREAM_SILENCE_SECONDS_MAX = 60.0
"""An open stream says something at least this often, if only a comment; else it is taken for dead."""

ANSWER_BYTES_MAX = 8 * 1024 * 1024
JWT_MARGIN_SECONDS = 60
TOKEN_USER = "token"  # noqa: S105 - the literal user name of every device
USER_AGENT = f"pushward-device/{__version__}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What of an answer matters here: its bytes and, for a challenge, the header that came with them."""

    body: bytes
    signature_fields: str | None


class DeviceAuth(httpx.Auth):
    """Signs a factor's requests; corrects the clock and signs once more when the server says 401 and its time."""

    def __init__(self, factor: Factor, store: KeyStore, clock: Clock) -> None:
        self._factor = factor
        self._store = store
        self._clock = clock
        self._jwt = ""
        self._signed_at_seconds = 0.0
        self._correction_seconds = 0.0

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        self._authorize(request)
        response = yield request
        if response.status_code == httpx.codes.UNAUTHORIZED and self._correct_clock(response.headers.get("Date")):
            self._authorize(request)
            yield request

    def _authorize(self, request: httpx.Request) -> None:
        request.headers["Authorization"] = basic_token(self._current_jwt())

    def _current_jwt(self) -> str:
        correction = self._store.clock_correction_seconds
        now = self._clock.now() + correction
        age = now - self._signed_at_seconds
        fresh = 0 <= age < JWT_LIFETIME_SECONDS - JWT_MARGIN_SECONDS
        if not self._jwt or not fresh or correction != self._correction_seconds:
            self._jwt = device_jwt(
                credential_sid=self._factor.credential_sid,
                account_sid=self._factor.account_sid,
                now_seconds=int(now),
                sign=lambda message: self._store.sign(self._factor.key_id, message),
            )
            self._signed_at_seconds = now
            self._correction_seconds = correction
        return self._jwt

    def _correct_clock(self, server_date: str | None) -> bool:
        if server_date is None:
            return False
        try:
            server_seconds = parsedate_to_datetime(server_date).timestamp()
        except (ValueError, OverflowError):
            return False
        self._jwt = ""
        self._store.set_clock_correction_seconds(round(server_seconds - self._clock.now()))
        return True


class Connection:
    """HTTP to one edge. Answers have status 2xx; all else is raised."""

    def __init__(
        self, base_url: str, store: KeyStore, clock: Clock, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._store = store
        self._clock = clock
        self._auths: dict[str, DeviceAuth] = {}
        self._client = httpx.AsyncClient(
            base_url=checked_base_url(base_url),
            transport=transport,
            timeout=TIMEOUT_SECONDS,
            follow_redirects=False,
            trust_env=False,
            headers={"User-Agent": USER_AGENT, "Accept": "application/json"},
        )

    async def aclose(self) -> None:
        """Close every socket."""
        await self._client.aclose()

    async def enrol(self, path: str, access_token: str, form: Mapping[str, str]) -> Answer:
        """POST with an access token; never repeated."""
        return await self._exchange("POST", path, httpx.BasicAuth(TOKEN_USER, access_token), form=form)

    async def request(
        self,
        method: str,
        path: str,
        factor: Factor,
        *,
        query: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
    ) -> Answer:
        """A request as one of this device's factors."""
        return await self._exchange(method, path, self._auth(factor), query=query, form=form)

    @asynccontextmanager
    async def stream(self, path: str, factor: Factor) -> AsyncIterator[AsyncIterator[bytes]]:
        """The bytes of an answer without end."""
        request = self._client.build_request(
            "GET",
            path,
            headers={"Accept": "text/event-stream", "Cache-Control": "no-store"},
            timeout=httpx.Timeout(TIMEOUT_SECONDS, read=STREAM_SILENCE_SECONDS_MAX),
        )
        with _network_errors():
            async with asyncio.timeout(EXCHANGE_SECONDS_MAX):
                response = await self._client.send(request, auth=self._auth(factor), stream=True)
        try:
            with _network_errors():
                if not response.is_success:
                    raise refusal(response, await _bounded_body(response))
                if response.headers.get("Content-Type", "").partition(";")[0].strip() != "text/event-stream":
                    raise AnswerFormatError("The answer isn't a stream of events.")
                yield response.aiter_bytes()
        finally:
            await response.aclose()

    async def _exchange(
        self,
        method: str,
        path: str,
        auth: httpx.Auth,
        *,
        query: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
    ) -> Answer:
        with _network_errors():
            async with (
                asyncio.timeout(EXCHANGE_SECONDS_MAX),
                self._client.stream(method, path, auth=auth, params=query, data=form) as response,
            ):
                body = await _bounded_body(response)
        if not response.is_success:
            raise refusal(response, body)
        return Answer(body=body, signature_fields=response.headers.get(SIGNATURE_FIELDS_HEADER))

    def _auth(self, factor: Factor) -> DeviceAuth:
        return self._auths.setdefault(factor.sid, DeviceAuth(factor, self._store, self._clock))


def basic_token(token: str) -> str:
    """The `Authorization` of a device: user `token`, the token as its password."""
    return "Basic " + base64.b64encode(f"{TOKEN_USER}:{token}".encode()).decode("ascii")


def path_of(*segments: str) -> str:
    """A path of these segments, each percent-encoded."""
    return "".join(f"/{quote(segment, safe='')}" for segment in segments)


def entity_path(factor: Factor) -> str:
    """The path of whom this factor verifies; its factors and challenges lie below."""
    return path_of("v2", "Services", factor.service_sid, "Entities", factor.identity)


def refusal(response: httpx.Response, body: bytes) -> ApiError:
    """The error that an answer without 2xx stands for."""
    code, message = _envelope(body)
    return _refusal_type(response.status_code)(
        status=response.status_code,
        code=code,
        message=message or f"{response.reason_phrase}.",
        retry_after_seconds=_seconds(response.headers.get("Retry-After")),
    )


def _refusal_type(status: int) -> type[ApiError]:
    by_status: dict[int, type[ApiError]] = {
        401: AuthenticationError,
        403: PermissionDeniedError,
        404: NotFoundError,
        429: RateLimitedError,
    }
    return ServerUnavailableError if status >= 500 else by_status.get(status, ApiError)


def _envelope(body: bytes) -> tuple[int | None, str]:
    try:
        envelope = parse_object(body)
    except ValueError:
        return None, ""
    code, message = envelope.get("code"), envelope.get("message")
    return (
        code if isinstance(code, int) and not isinstance(code, bool) else None,
        message if isinstance(message, str) else "",
    )


def _seconds(text: str | None) -> float | None:
    return float(text) if text is not None and text.isascii() and text.isdigit() else None


async def _bounded_body(response: httpx.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > ANSWER_BYTES_MAX:
            raise AnswerFormatError(f"The answer is longer than {ANSWER_BYTES_MAX} bytes.")
    return bytes(body)


@contextmanager
def _network_errors() -> Iterator[None]:
    try:
        yield
    except (httpx.TransportError, httpx.DecodingError, TimeoutError) as error:
        raise NetworkError(
            f"No complete answer from the server ({type(error).__name__}). It may have acted: read the state again."
        ) from error
