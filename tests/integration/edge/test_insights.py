"""GET /pushward/v1/services/{sid}/insights: its parameters, its JSON, and that nothing else depends on it."""

import httpx
import pytest

from pushward.api.insights.v1 import insights_pb2
from pushward.errors import NotFoundError, UnavailableError
from tests.integration.edge.samples import INSIGHTS, SERVICE
from tests.integration.edge.world import VA, YF, World, device
from tests.support.tenant import refused

PATH = f"/pushward/v1/services/{VA}/insights"
FIGURES = {
    "created": 5,
    "approved": 2,
    "denied": 1,
    "expired": 1,
    "answered": 3,
    "time_to_answer_ms_sum": 9_000,
    "time_to_answer_ms_max": 5_000,
    "suspected_push_bombing": 1,
}


async def test_figures_come_by_window_with_their_total(world: World, client: httpx.AsyncClient) -> None:
    """Windows by their beginning; when they were counted."""
    world.insights.replies["GetInsights"] = INSIGHTS
    assert (await client.get(PATH)).json() == {
        "service_sid": VA,
        "factor_sid": None,
        "window_seconds": 300,
        "counted_at": "2026-01-01T00:00:00Z",
        "total": FIGURES,
        "windows": [{**FIGURES, "start": "2026-01-01T00:00:00Z"}],
    }


async def test_nothing_counted_yet_is_no_error(world: World, client: httpx.AsyncClient) -> None:
    """No windows, zeros, and no time of counting."""
    world.insights.replies["GetInsights"] = insights_pb2.GetInsightsReply(window_seconds=300)
    body = (await client.get(PATH, params={"factor": YF})).json()
    assert (body["factor_sid"], body["counted_at"], body["windows"]) == (YF, None, [])
    assert set(body["total"].values()) == {0}


async def test_the_case_of_a_factors_digits_does_not_matter(world: World, client: httpx.AsyncClient) -> None:
    """The answer has the canonical one, as the document promises; found by `tests/e2e/fuzz`."""
    world.insights.replies["GetInsights"] = insights_pb2.GetInsightsReply(window_seconds=300)
    body = (await client.get(PATH, params={"factor": f"YF{YF[2:].upper()}"})).json()
    assert (body["factor_sid"], world.insights.last.factor_sid) == (YF, YF)


async def test_times_are_taken_in_any_zone(world: World, client: httpx.AsyncClient) -> None:
    """As RFC 3339 writes them."""
    world.insights.replies["GetInsights"] = INSIGHTS
    await client.get(PATH, params={"since": "2026-01-01T02:00:00+02:00", "until": "2026-01-01T00:00:00.5Z"})
    asked = world.insights.last
    assert (asked.since.seconds, asked.until.seconds, asked.until.nanos) == (1_767_225_600, 1_767_225_600, 500_000_000)


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("since=yesterday", "since"),
        ("since=2026-01-01", "since"),
        ("since=2026-01-01T00:00:00", "since"),
        ("until=2026-13-01T00:00:00Z", "until"),
    ],
)
async def test_a_time_that_is_none_is_named(world: World, client: httpx.AsyncClient, query: str, name: str) -> None:
    """A time without a zone is none: nobody guesses."""
    answer = await client.get(f"{PATH}?{query}")
    assert refused(answer) == (400, 60306)
    assert answer.json()["message"].startswith(name)
    assert world.asked() == ["Authenticate"]


async def test_a_foreign_service_is_not_found(world: World, client: httpx.AsyncClient) -> None:
    """As everywhere."""
    world.insights.replies["GetInsights"] = NotFoundError("The service was not found.")
    assert refused(await client.get(PATH)) == (404, 20404)
    assert refused(await client.get("/pushward/v1/services/VA123/insights")) == (404, 20404)


async def test_a_device_sees_no_figures(world: World, client: httpx.AsyncClient) -> None:
    """Who asks is told to the service, which decides."""
    world.authenticated_as(device())
    world.insights.replies["GetInsights"] = INSIGHTS
    await client.get(PATH)
    assert world.insights.last.context.principal.WhichOneof("kind") == "device"


async def test_insights_being_away_is_told_here_only(world: World, client: httpx.AsyncClient) -> None:
    """503 for its own endpoint; everything else, and readiness, go on."""
    world.insights.replies["GetInsights"] = UnavailableError("away")
    world.registry.replies["GetService"] = SERVICE
    assert (await client.get(PATH)).status_code == 503
    assert (await client.get(f"/v2/Services/{VA}")).status_code == 200
