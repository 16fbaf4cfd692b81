"""The edge as a source: GET /pushward/v1/events as a long poll, for tenants, who see their own events only.

Each answer says which event lies at the position that was asked after, so each proves that the log is still the same.
"""

import asyncio
import time
from datetime import datetime
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import msgspec

from pushward.config.loopback import is_loopback
from pushward.eventlog.event import StoredEvent
from pushward.subscribe.backoff import Backoff
from pushward.subscribe.errors import EpochChangedError, PositionFromFutureError, RefusedError, UnknownShardError
from pushward.subscribe.port import Proof, Stretch
from pushward.subscribe.rule import Position

PATH: Final = "/pushward/v1/events"
WAIT_SECONDS: Final = 20
ANSWER_SECONDS_MAX: Final = 15.0
LIMIT_MAX: Final = 500
EMPTY_SECONDS_MIN: Final = 0.5
"""An answer without anything takes at least this long, whatever the server does."""

_TRY_AGAIN: Final = frozenset({408, 429, 500, 502, 503, 504})


class _Event(msgspec.Struct):
    position: int
    stream_id: UUID
    version: int
    event_id: UUID
    type_number: int
    schema: int
    recorded_at: datetime
    envelope: bytes  # base64 on the wire, as msgspec has it
    payload: bytes


class _Page(msgspec.Struct):
    epoch: int
    shards: int
    head: int
    scanned_through: int
    after_event_id: UUID | None
    last_event_id: UUID | None
    events: list[_Event]


class EdgeSource:
    """An account's events. ``auth_token`` may also be an API key's secret, with its SID. Use as async context manager.

    ``client`` is for those who need their own TLS or proxy; it is closed by whoever made it.
    """

    def __init__(
        self,
        base_url: str,
        account_sid: str,
        auth_token: str,
        *,
        wait_seconds: int = WAIT_SECONDS,
        client: httpx.AsyncClient | None = None,
    ) -> None:
        address = urlsplit(base_url)
        if address.scheme != "https" and not is_loopback(address.hostname or ""):
            raise ValueError(f"{base_url!r} isn't https: credentials would be sent in the clear")
        self._url = base_url.rstrip("/") + PATH
        self._auth = httpx.BasicAuth(account_sid, auth_token)
        self._wait_seconds = wait_seconds
        self._client = client or httpx.AsyncClient()
        self._closes = client is None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._closes:
            await self._client.aclose()

    async def shards(self) -> int:
        """How many there are. Raises RefusedError."""
        return (await self._first_page(0)).shards

    async def head(self, shard: int) -> Position:
        """The last position of a shard. Raises UnknownShardError, RefusedError."""
        head = (await self._first_page(shard)).head
        page = await self._page(shard, head)
        if page is None:
            raise PositionFromFutureError(f"shard {shard} ended at {head}, and is shorter now")
        return Position(page.epoch, head, page.after_event_id)

    async def begin(self, shard: int, last: Position) -> None:
        """Checks a stored position."""
        await self._proven(shard, last, limit=1, wait=0)

    async def read(self, shard: int, last: Position, limit: int) -> Stretch:
        """What follows ``last``."""
        began = time.monotonic()
        page = await self._proven(shard, last, limit=min(limit, LIMIT_MAX), wait=self._wait_seconds)
        if page.scanned_through == last.position:
            await asyncio.sleep(max(0.0, EMPTY_SECONDS_MIN - (time.monotonic() - began)))
        events = [_event(shard, event) for event in page.events]
        return Stretch(shard, page.epoch, last.position, events, page.scanned_through, page.last_event_id)

    async def _proven(self, shard: int, last: Position, *, limit: int, wait: int) -> _Page:
        """A page after a position that the log still holds."""
        page = await self._page(shard, last.position, limit=limit, wait=wait)
        if page is None:
            first = await self._first_page(shard)
            if first.epoch != last.epoch:
                raise EpochChangedError(shard, last.epoch, first.epoch)
            raise PositionFromFutureError(
                f"shard {shard}: the stored position is {last.position}, the shard ends at {first.head}"
            )
        Proof(page.epoch, page.head, page.after_event_id).verify(shard, last)
        return page

    async def _first_page(self, shard: int) -> _Page:
        page = await self._page(shard, 0)
        assert page is not None, "position 0 is of no future"
        return page

    async def _page(self, shard: int, after: int, *, limit: int = 1, wait: int = 0) -> _Page | None:
        """The page after a position; None if that is from the future. Tries until the edge answers."""
        query = {"shard": shard, "after": after, "limit": limit, "wait": wait}
        backoff = Backoff(self._url)
        while True:
            try:
                answer = await self._get(query, wait)
            except httpx.TransportError as error:
                await backoff.pause(repr(error))
                continue
            if answer.status_code not in _TRY_AGAIN:
                backoff.succeeded()
                return _page_of(answer, shard)
            await backoff.pause(answer.status_code)

    async def _get(self, query: dict[str, int], wait: int) -> httpx.Response:
        return await self._client.get(self._url, params=query, auth=self._auth, timeout=wait + ANSWER_SECONDS_MAX)


def _page_of(answer: httpx.Response, shard: int) -> _Page | None:
    if answer.status_code == httpx.codes.OK:
        try:
            return msgspec.json.decode(answer.content, type=_Page)
        except msgspec.ValidationError as error:
            raise RefusedError(f"This is no answer of Pushward's: {error}") from error
        except msgspec.DecodeError as error:
            raise RefusedError("This is no answer of Pushward's: no JSON") from error
    if answer.status_code == httpx.codes.CONFLICT:
        return None
    if answer.status_code == httpx.codes.NOT_FOUND:
        raise UnknownShardError(f"there is no shard {shard}")
    raise RefusedError(f"{answer.status_code} {answer.text[:500]}")


def _event(shard: int, event: _Event) -> StoredEvent:
    return StoredEvent(
        shard=shard,
        position=event.position,
        stream_id=event.stream_id,
        version=event.version,
        event_id=event.event_id,
        type=event.type_number,
        schema=event.schema,
        recorded_at=event.recorded_at,
        envelope=event.envelope,
        payload=event.payload,
    )
