"""A service's figures by window: GET /pushward/v1/services/{service_sid}/insights."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from google.protobuf.timestamp_pb2 import Timestamp

from pushward import ids
from pushward.api.insights.v1 import insights_pb2 as insights
from pushward.api.insights.v1.insights_pb2_grpc import InsightsStub
from pushward.eventlog.codec import timestamp_of
from pushward.ids import parse_sid
from services.edge.app.models.insights import InsightsBody, InsightsParams, insights_body
from services.edge.app.operation import Answer, Call, Operation
from services.edge.app.urls import EXTENSIONS

PATH: Final = f"{EXTENSIONS}/services/{{service_sid}}/insights"


class InsightsEndpoints:
    """The operation on figures."""

    def __init__(self, insights_stub: InsightsStub) -> None:
        self._insights = insights_stub

    def operations(self) -> Sequence[Operation]:
        """All of them."""
        return (Operation("GET", PATH, InsightsParams, InsightsBody, 200, self.fetch),)

    async def fetch(self, call: Call, params: InsightsParams) -> Answer:
        """Figures of a service, or of one of its factors."""
        service_sid, factor = call.path["service_sid"], _canonical(params.factor)
        request = insights.GetInsightsRequest(
            context=call.context,
            service_sid=service_sid,
            factor_sid=factor,
            since=_timestamp(params.since),
            until=_timestamp(params.until),
        )
        return Answer(insights_body(service_sid, factor or None, await self._insights.GetInsights(request)))


def _canonical(factor: str | None) -> str:
    """A SID with its digits in lower case, as in a path; anything else as it came, for its owner to refuse."""
    return str(parse_sid(factor or "", ids.FACTOR, ids.SHARD_COUNT_MAX) or factor or "")


def _timestamp(moment: datetime | None) -> Timestamp | None:
    return None if moment is None else timestamp_of(moment)
