"""The account's events: GET /pushward/v1/events, at once or as a long poll."""

import asyncio
from collections.abc import Sequence
from typing import Final

from pushward import error_codes as codes
from pushward.api.relay.v1 import relay_pb2 as relay
from pushward.api.relay.v1.relay_pb2_grpc import RelayStub
from services.edge.app.models.events import EventsPage, EventsParams, events_page
from services.edge.app.operation import Answer, Call, Operation
from services.edge.app.urls import EXTENSIONS

PATH: Final = f"{EXTENSIONS}/events"
ANSWER_SECONDS_MAX: Final = 5.0
"""For the answer itself, beyond what the caller wants to wait."""


class EventEndpoints:
    """The operation on events."""

    def __init__(self, relay_stub: RelayStub) -> None:
        self._relay = relay_stub
        self._draining = asyncio.Event()

    def operations(self) -> Sequence[Operation]:
        """All of them."""
        return (
            Operation(
                "GET",
                PATH,
                EventsParams,
                EventsPage,
                200,
                self.list,
                waits=_waits,
                refusals=(codes.INVALID_PARAMETER, codes.CONFLICT),
            ),
        )

    async def list(self, call: Call, params: EventsParams) -> Answer:
        """The next events of a shard."""
        reply = await self._awaited(_request(call, params, params.wait)) if params.wait else None
        if reply is None:
            reply = await self._relay.ListEvents(_request(call, params, 0))
        return Answer(events_page(reply))

    def drain(self) -> None:
        """Answers those who wait, with what there is."""
        self._draining.set()

    async def _awaited(self, request: relay.ListEventsRequest) -> relay.ListEventsReply | None:
        """The reply once there is one; None if the process leaves before."""
        asked = asyncio.create_task(self._ask(request), name="events-poll")
        drained = asyncio.create_task(self._draining.wait(), name="events-drain")
        try:
            await asyncio.wait({asked, drained}, return_when=asyncio.FIRST_COMPLETED)
            return await asked if asked.done() else None
        finally:
            asked.cancel()
            drained.cancel()
            await asyncio.wait({asked, drained})

    async def _ask(self, request: relay.ListEventsRequest) -> relay.ListEventsReply:
        return await self._relay.ListEvents(request, timeout=request.wait_seconds + ANSWER_SECONDS_MAX)


def _waits(params: EventsParams) -> bool:
    return params.wait > 0


def _request(call: Call, params: EventsParams, wait_seconds: int) -> relay.ListEventsRequest:
    return relay.ListEventsRequest(
        context=call.context,
        shard=params.shard,
        after=params.after,
        limit=params.limit,
        wait_seconds=wait_seconds,
    )
