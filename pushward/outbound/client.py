"""One POST to a URL that a tenant chose: no redirects, no cookies, no proxy, nothing unbounded.

Connections are kept open between calls and were checked when they were made (``guard``). An answer with any status is
an answer; only what kept one from coming is an error.
"""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

import aiohttp
import yarl

from pushward.outbound.guard import AddressRefusedError, GuardedResolver, GuardedSockets
from pushward.outbound.urls import PUBLIC_ONLY, Reach, UrlRefusedError, check_url

CONNECT_SECONDS: Final = 5.0
ANSWER_SECONDS: Final = 10.0
"""From the lookup of the name to the last byte of the answer."""

CONNECTIONS_MAX: Final = 512
ANSWER_BYTES_MAX: Final = 16 * 1024
LOOKUP_CACHE_SECONDS: Final = 10
IDLE_CONNECTION_SECONDS: Final = 4.0
"""Less than the 5 s after which common servers close: a call on a connection that just closed would fail."""

USER_AGENT: Final = "Pushward"


class OutboundError(Exception):
    """No answer came.

    OutboundError
    ├── TargetRefusedError   the URL or an address it leads to isn't one that we call
    ├── UnreachableError     no name, no connection, no TLS, or the connection broke
    └── TimedOutError        not within ANSWER_SECONDS
    """


class TargetRefusedError(OutboundError):
    """The URL, or an address it leads to, isn't one that we call."""


class UnreachableError(OutboundError):
    """The name can't be found, nobody takes the connection, TLS fails, or the connection broke."""


class TimedOutError(OutboundError):
    """The answer wasn't complete within ANSWER_SECONDS."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. ``body`` ends after ANSWER_BYTES_MAX."""

    status: int
    body: bytes


class OutboundClient:
    """Calls out. Opens nothing before the first call; use as a context manager, or ``close`` it."""

    def __init__(
        self,
        reach: Reach = PUBLIC_ONLY,
        *,
        tls: ssl.SSLContext | None = None,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        self._reach = reach
        self._tls = tls
        self._timeout = aiohttp.ClientTimeout(total=answer_seconds, sock_connect=CONNECT_SECONDS)
        self._session: aiohttp.ClientSession | None = None
        self._resolver: GuardedResolver | None = None

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Sends ``body`` to ``url``, which is used exactly as it is. Raises OutboundError."""
        try:
            check_url(url, self._reach)
        except UrlRefusedError as error:
            raise TargetRefusedError(f"The URL {error}.") from error
        try:
            return await self._post(yarl.URL(url, encoded=True), headers, body)
        except TimeoutError as error:
            raise TimedOutError("No answer in time.") from error
        except aiohttp.ClientConnectorError as error:
            if isinstance(error.os_error, AddressRefusedError):
                raise TargetRefusedError(str(error.os_error)) from error
            raise UnreachableError(type(error).__name__) from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise UnreachableError(type(error).__name__) from error

    async def close(self) -> None:
        """Closes all connections."""
        if self._session is not None:
            session, self._session = self._session, None
            await session.close()
        if self._resolver is not None:
            await self._resolver.close()
            self._resolver = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _post(self, url: yarl.URL, headers: Mapping[str, str], body: bytes) -> Answer:
        session = self._session
        if session is None:
            session = self._session = self._open()
        async with session.post(url, data=body, headers=headers, allow_redirects=False) as response:
            text = await _read_at_most(response.content, ANSWER_BYTES_MAX)
            if not response.content.at_eof():
                response.close()
            return Answer(response.status, text)

    def _open(self) -> aiohttp.ClientSession:
        self._resolver = GuardedResolver(self._reach)
        connector = aiohttp.TCPConnector(
            resolver=self._resolver,
            socket_factory=GuardedSockets(self._reach),
            ssl=True if self._tls is None else self._tls,
            limit=CONNECTIONS_MAX,
            ttl_dns_cache=LOOKUP_CACHE_SECONDS,
            keepalive_timeout=IDLE_CONNECTION_SECONDS,
        )
        return aiohttp.ClientSession(
            connector=connector,
            timeout=self._timeout,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": USER_AGENT, "Accept": "*/*"},
            auto_decompress=False,
            trust_env=False,
        )


async def _read_at_most(content: aiohttp.StreamReader, count: int) -> bytes:
    parts: list[bytes] = []
    while count > 0 and (part := await content.read(count)):
        parts.append(part)
        count -= len(part)
    return b"".join(parts)
