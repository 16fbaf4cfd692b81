"""GetInsights: whose figures, of which time, within which bounds."""

from datetime import UTC, datetime, timedelta

import pytest

from pushward.api.insights.v1 import insights_pb2
from pushward.errors import BadRequestError, NotFoundError
from services.insights.domain.happening import Kind
from services.insights.domain.windows import WINDOW_SECONDS, WINDOWS_READ_MAX
from tests.integration.insights.conftest import OTHER_ACCOUNT, World, asked_by, long_ago
from tests.integration.insights.history import SERVICE, ask_and_answer, factor
from tests.support.waiting import until

PHONE, TABLET = factor(1, 1), factor(3, 1)


Request = insights_pb2.GetInsightsRequest


def asking(
    since: datetime | None = None, to: datetime | None = None, *, service: str = SERVICE, factor_sid: str = ""
) -> Request:
    """A request of the service's account."""
    request = Request(context=asked_by(), service_sid=service, factor_sid=factor_sid)
    if since is not None:
        request.since.FromDatetime(since)
    if to is not None:
        request.until.FromDatetime(to)
    return request


async def test_a_service_is_the_sum_of_its_shards_and_a_factor_is_itself(world: World) -> None:
    """By window, the newest first; the total of all; and when they were stored."""
    begin = long_ago()
    await ask_and_answer(world.log, PHONE, begin, [Kind.APPROVED, Kind.DENIED])
    await ask_and_answer(world.log, TABLET, begin, [Kind.APPROVED])
    await ask_and_answer(world.log, PHONE, begin + timedelta(seconds=WINDOW_SECONDS), [Kind.EXPIRED])
    await ask_and_answer(world.log, PHONE, begin, [Kind.APPROVED], service="VA" + "0" * 32)
    await world.fill()
    async with world.process() as stub:
        whole = await stub.GetInsights(asking(begin))
        one = await stub.GetInsights(asking(begin, factor_sid=TABLET[:2] + TABLET[2:].upper()))
    assert [(window.start.ToDatetime(UTC), window.figures.created) for window in whole.windows] == [
        (begin + timedelta(seconds=WINDOW_SECONDS), 1),
        (begin, 3),
    ]
    assert whole.window_seconds == WINDOW_SECONDS
    assert whole.total == insights_pb2.Figures(
        created=4,
        approved=2,
        denied=1,
        expired=1,
        answered=3,
        time_to_answer_ms_sum=6_000,
        time_to_answer_ms_max=2_000,
    )
    assert timedelta() <= datetime.now(UTC) - whole.counted_at.ToDatetime(UTC) < timedelta(minutes=2)
    assert (one.total.created, one.total.approved, len(one.windows)) == (1, 1, 1)


async def test_a_span_takes_in_the_windows_that_it_touches(world: World) -> None:
    """From the one that it begins in to the one that it ends in."""
    begin = long_ago()
    for number in range(4):
        await ask_and_answer(world.log, PHONE, begin + number * timedelta(seconds=WINDOW_SECONDS), [Kind.APPROVED])
    await world.fill()
    window = timedelta(seconds=WINDOW_SECONDS)
    second = timedelta(seconds=1)
    async with world.process() as stub:
        for since, to, starts in (
            (begin + window, begin + 2 * window, [1]),
            (begin + window + second, begin + 2 * window + second, [2, 1]),
            (begin + 2 * window, begin + 2 * window, []),
        ):
            reply = await stub.GetInsights(asking(since, to))
            assert [found.start.ToDatetime(UTC) for found in reply.windows] == [begin + n * window for n in starts]


async def test_without_a_span_it_is_the_last_day(world: World) -> None:
    """Not what was before."""
    await ask_and_answer(world.log, PHONE, long_ago() - timedelta(days=2), [Kind.APPROVED])
    await ask_and_answer(world.log, PHONE, long_ago(), [Kind.DENIED])
    await world.fill()
    async with world.process() as stub:
        figures = (await stub.GetInsights(asking())).total
    assert (figures.created, figures.approved, figures.denied) == (1, 0, 1)


async def test_nothing_is_told_of_what_isnt_the_accounts(world: World) -> None:
    """Another account's service isn't there; a factor of another service has no figures."""
    stranger = "VA" + "0" * 32
    await ask_and_answer(world.log, PHONE, long_ago(), [Kind.APPROVED], service=stranger)
    await world.fill()
    async with world.process() as stub:
        foreign = Request(context=asked_by(OTHER_ACCOUNT), service_sid=SERVICE)
        for request in (asking(service=stranger), foreign):
            with pytest.raises(NotFoundError):
                await stub.GetInsights(request)
        reply = await stub.GetInsights(asking(factor_sid=PHONE))
    assert (list(reply.windows), reply.HasField("counted_at")) == ([], False)


@pytest.mark.parametrize("factor_sid", ["YF1", "VA" + "0" * 32, "alice"])
async def test_a_factor_that_can_be_none_is_refused(world: World, factor_sid: str) -> None:
    """With the parameter's name."""
    async with world.process() as stub:
        with pytest.raises(BadRequestError, match="factor") as refusal:
            await stub.GetInsights(asking(factor_sid=factor_sid))
    assert refusal.value.code == 60306


async def test_a_span_has_bounds(world: World) -> None:
    """Backwards is none, and a week is the longest."""
    begin = long_ago()
    longest = timedelta(seconds=WINDOWS_READ_MAX * WINDOW_SECONDS)
    async with world.process() as stub:
        await stub.GetInsights(asking(begin, begin + longest))
        for since, to in (
            (begin, begin - timedelta(seconds=1)),
            (begin, begin + longest + timedelta(seconds=1)),
            (datetime(1969, 1, 1, tzinfo=UTC), begin),
        ):
            with pytest.raises(BadRequestError, match="since"):
                await stub.GetInsights(asking(since, to))


async def test_without_kafka_the_timer_counts(world: World) -> None:
    """A process of insights, nothing else, and a log."""
    await ask_and_answer(world.log, PHONE, long_ago(), [Kind.APPROVED])
    async with world.process(insights_recount_seconds=1) as stub:

        async def counted() -> bool:
            return (await stub.GetInsights(asking())).total.approved == 1

        await until(counted)
