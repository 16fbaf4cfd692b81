"""The RPC for edge."""

from typing import Any

from grpc import aio

from pushward.api.insights.v1 import insights_pb2
from pushward.api.insights.v1.insights_pb2_grpc import InsightsServicer
from services.insights.app.reading import Reading

Context = aio.ServicerContext[Any, Any]  # Any: as grpc declares it


class Insights(InsightsServicer):
    """Serves edge."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    async def GetInsights(
        self, request: insights_pb2.GetInsightsRequest, context: Context
    ) -> insights_pb2.GetInsightsReply:
        """Figures by window."""
        return await self._reading.get(request)
