"""Answers GetInsights: whose figures, of which time, within which bounds."""

from typing import Final

from google.protobuf.timestamp_pb2 import Timestamp

from pushward import error_codes, ids
from pushward.api.insights.v1 import insights_pb2
from pushward.api.registry.v1 import registry_pb2
from pushward.api.registry.v1.registry_pb2_grpc import RegistryStub
from pushward.clock import Clock
from pushward.errors import BadRequestError
from pushward.rpc.context import account_of
from services.insights.app.ports import FiguresReader
from services.insights.domain.figures import Figures, total
from services.insights.domain.windows import WINDOW_SECONDS, WINDOWS_READ_MAX, ceiling, floor

SINCE_DEFAULT_SECONDS: Final = 86_400
SECONDS_MAX: Final = 253_402_300_799  # the end of the year 9999


class Reading:
    """The query."""

    def __init__(self, figures: FiguresReader, registry: RegistryStub, clock: Clock) -> None:
        self._figures = figures
        self._registry = registry
        self._clock = clock

    async def get(self, request: insights_pb2.GetInsightsRequest) -> insights_pb2.GetInsightsReply:
        """The figures. Raises NotFoundError for another account's service, ForbiddenError, BadRequestError 60306.

        A factor that isn't the service's has no figures: whether it exists is not told.
        """
        account_of(request.context)
        since, until = self._span(request)
        if request.factor_sid and not ids.is_sid(request.factor_sid, ids.FACTOR):
            raise BadRequestError("factor must be the SID of a factor (YF…).", code=error_codes.INVALID_REQUEST)
        await self._registry.CheckService(
            registry_pb2.CheckServiceRequest(context=request.context, service_sid=request.service_sid)
        )
        service_sid = _canonical(request.service_sid)
        sid = _canonical(request.factor_sid) or service_sid
        counted = await self._figures.read(sid, service_sid, since, until)
        reply = insights_pb2.GetInsightsReply(
            window_seconds=WINDOW_SECONDS,
            windows=[
                insights_pb2.Window(start=Timestamp(seconds=window), figures=_message(figures))
                for window, figures in counted.windows
            ],
            total=_message(total(figures for _, figures in counted.windows)),
        )
        if counted.stored_ms is not None:
            reply.counted_at.FromMilliseconds(counted.stored_ms)
        return reply

    def _span(self, request: insights_pb2.GetInsightsRequest) -> tuple[int, int]:
        """The windows that were asked for: from the one that ``since`` lies in to the one that ``until`` ends in."""
        until = request.until.seconds if request.HasField("until") else int(self._clock.now().timestamp())
        since = request.since.seconds if request.HasField("since") else until - SINCE_DEFAULT_SECONDS
        if not 0 <= since <= until <= SECONDS_MAX:
            raise BadRequestError("since must not be later than until.", code=error_codes.INVALID_REQUEST)
        first, last = floor(since), ceiling(until)
        if last - first > WINDOWS_READ_MAX * WINDOW_SECONDS:
            days = WINDOWS_READ_MAX * WINDOW_SECONDS // 86_400
            raise BadRequestError(
                f"since and until may be {days} days apart at most.", code=error_codes.INVALID_REQUEST
            )
        return first, last


def _canonical(sid: str) -> str:
    """As it is stored; an empty one stays empty."""
    return sid[:2] + sid[2:].lower()


def _message(figures: Figures) -> insights_pb2.Figures:
    return insights_pb2.Figures(
        created=figures.created,
        approved=figures.approved,
        denied=figures.denied,
        expired=figures.expired,
        answered=figures.answered,
        time_to_answer_ms_sum=figures.time_to_answer_ms_sum,
        time_to_answer_ms_max=figures.time_to_answer_ms_max,
        suspected_push_bombing=figures.suspected_push_bombing,
    )
