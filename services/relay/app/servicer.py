"""ListEvents: an account's events of a shard, and how far the shard was read for it.

Nothing here needs Kafka. What is new is read by one query; whoever then waits is served from the tail that this
process keeps anyway, so a crowd that waits costs the database nothing; what it then gets, one look at the epoch.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

from grpc import aio

from pushward import error_codes
from pushward.api.relay.v1 import relay_pb2
from pushward.api.relay.v1.relay_pb2_grpc import RelayServicer
from pushward.errors import BadRequestError, ConflictError, NotFoundError
from pushward.eventlog.codec import timestamp_of
from pushward.eventlog.event import StoredEvent
from pushward.eventlog.port import LogReader
from pushward.ids import SHARD_COUNT_MAX
from pushward.rpc.context import account_of
from services.relay.app.account_events import AccountEvents, Scan
from services.relay.app.ownership import belongs_to
from services.relay.app.waiting import Waiting
from services.relay.domain.bounds import EVENTS_DEFAULT, EVENTS_MAX, ROWS_MAX, WAIT_SECONDS_MAX, page

Context = aio.ServicerContext[Any, Any]  # Any: as grpc declares it
POSITION_MAX: Final = 2**63 - 1


class TenantEvents(RelayServicer):
    """Serves edge."""

    def __init__(
        self,
        events: AccountEvents,
        tail: LogReader,
        waiting: Waiting,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._events = events
        self._tail = tail
        self._waiting = waiting
        self._monotonic = monotonic

    async def ListEvents(self, request: relay_pb2.ListEventsRequest, context: Context) -> relay_pb2.ListEventsReply:
        """A page, at once or as soon as there is something on it.

        Raises ForbiddenError, BadRequestError, NotFoundError, ConflictError, TooManyRequestsError, UnavailableError.
        """
        account_sid = account_of(request.context).account_sid
        _check(request)
        limit = request.limit or EVENTS_DEFAULT
        scan = await self._events.scan(account_sid, request.shard, request.after, ROWS_MAX, limit)
        if scan is None:
            raise NotFoundError("There is no such shard.")
        if request.after > scan.head:
            raise ConflictError(
                f"Position {request.after} is from the future: shard {request.shard} ends at {scan.head}.",
                code=error_codes.CONFLICT,
            )
        if request.wait_seconds and not scan.events and scan.through >= scan.head:
            with self._waiting.place(account_sid):
                scan = await self._awaited(scan, account_sid, request)
        return _reply(request, scan)

    async def _awaited(self, scan: Scan, account_sid: str, request: relay_pb2.ListEventsRequest) -> Scan:
        """The scan carried on until it has an event of the account's, or the time is up."""
        until = self._monotonic() + request.wait_seconds
        begun, waits = scan, True
        while waits and not scan.events:
            left = until - self._monotonic()
            waits = await self._waiting.arrived(account_sid, request.shard, scan.through, left)
            if rows := await self._tail.read(request.shard, scan.through, ROWS_MAX):
                scan = _carried_on(scan, rows, account_sid)
        if scan is not begun:  # rows of a new epoch may not pass for the old one's
            scan = replace(scan, epoch=await self._events.epoch())
        return scan


def _check(request: relay_pb2.ListEventsRequest) -> None:
    for name, value, highest in (
        ("shard", request.shard, SHARD_COUNT_MAX - 1),
        ("after", request.after, POSITION_MAX),
        ("limit", request.limit, EVENTS_MAX),
        ("wait", request.wait_seconds, WAIT_SECONDS_MAX),
    ):
        if not 0 <= value <= highest:
            raise BadRequestError(f"{name} must be between 0 and {highest}.")


def _carried_on(scan: Scan, rows: Sequence[StoredEvent], account_sid: str) -> Scan:
    last = rows[-1]
    return replace(
        scan,
        head=max(scan.head, last.position),
        through=last.position,
        through_id=last.event_id,
        events=[event for event in rows if belongs_to(event, account_sid)],
    )


def _reply(request: relay_pb2.ListEventsRequest, scan: Scan) -> relay_pb2.ListEventsReply:
    sized = ((event, len(event.envelope) + len(event.payload)) for event in scan.events)
    events = page(sized, request.limit or EVENTS_DEFAULT)
    whole = len(events) == len(scan.events)
    through, through_id = (scan.through, scan.through_id) if whole else (events[-1].position, events[-1].event_id)
    return relay_pb2.ListEventsReply(
        epoch=scan.epoch,
        shard=request.shard,
        scanned_through=through,
        head=scan.head,
        shards=scan.shards,
        last_event_id=b"" if through_id is None else through_id.bytes,
        after_event_id=b"" if scan.after_id is None else scan.after_id.bytes,
        events=[_event(event) for event in events],
    )


def _event(event: StoredEvent) -> relay_pb2.Event:
    return relay_pb2.Event(
        position=event.position,
        stream_id=event.stream_id.bytes,
        version=event.version,
        event_id=event.event_id.bytes,
        type=event.type,
        schema=event.schema,
        recorded_at=timestamp_of(event.recorded_at),
        envelope=event.envelope,
        payload=event.payload,
    )
