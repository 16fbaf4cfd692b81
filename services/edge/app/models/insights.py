"""Figures on the wire: GET /pushward/v1/services/{service_sid}/insights. Ours, so names are in lower case."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from pushward import ids
from pushward.api.insights.v1 import insights_pb2 as insights
from pushward.challenge_view import date_text
from services.edge.app.models.shapes import Date, FactorSid, ServiceSid, sid_pattern, told
from services.edge.app.params import Params

Moment = Annotated[datetime, Meta(tz=True)]
"""RFC 3339, with a time zone."""


class InsightsParams(Params, frozen=True, kw_only=True, rename="lower"):
    """Whose figures, and of which time: windows that it touches. Neither end given: the last 24 hours."""

    factor: Annotated[str, told(pattern=sid_pattern(ids.FACTOR))] | None = None
    since: Moment | None = None
    until: Moment | None = None


class FiguresBody(msgspec.Struct, kw_only=True):
    """What happened to challenges. `suspected_push_bombing` counts windows of factors: at most one for each window."""

    created: int
    approved: int
    denied: int
    expired: int
    answered: int
    time_to_answer_ms_sum: int
    time_to_answer_ms_max: int
    suspected_push_bombing: int


class WindowBody(FiguresBody, kw_only=True):
    """The figures of `window_seconds` from `start` on."""

    start: Date


class InsightsBody(msgspec.Struct):
    """A service's figures, or one factor's, the newest window first; windows in which nothing happened are left out."""

    service_sid: ServiceSid
    factor_sid: FactorSid | None
    window_seconds: int
    counted_at: Date | None
    total: FiguresBody
    windows: list[WindowBody]


def insights_body(service_sid: str, factor_sid: str | None, reply: insights.GetInsightsReply) -> InsightsBody:
    """The figures as JSON."""
    return InsightsBody(
        service_sid=service_sid,
        factor_sid=factor_sid,
        window_seconds=reply.window_seconds,
        counted_at=date_text(reply.counted_at) if reply.HasField("counted_at") else None,
        total=FiguresBody(**_figures(reply.total)),
        windows=[WindowBody(start=date_text(window.start), **_figures(window.figures)) for window in reply.windows],
    )


def _figures(figures: insights.Figures) -> dict[str, int]:
    return {name: getattr(figures, name) for name in FiguresBody.__struct_fields__}
