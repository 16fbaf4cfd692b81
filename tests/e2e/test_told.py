"""What a running Pushward tells about itself, to anybody."""

from collections.abc import AsyncIterator

import httpx
import pytest

from services.edge.app.openapi.document import document
from services.edge.wiring import described_operations
from tests.support import plain_http
from tests.support.system import System
from tests.support.tenant import Tenant, refused


@pytest.fixture
async def anybody(system: System) -> AsyncIterator[httpx.AsyncClient]:
    """Without credentials."""
    async with plain_http.client(system.base_url) as client:
        yield client


@pytest.mark.exercises("GET /pushward/v1/openapi.json")
async def test_the_document_is_the_one_that_answers_are_checked_against(anybody: httpx.AsyncClient) -> None:
    """The suite makes its own from the same code."""
    assert (await anybody.get("/pushward/v1/openapi.json")).json() == document(described_operations())


@pytest.mark.exercises("GET /pushward/v1/docs")
async def test_the_document_comes_as_a_page_too(anybody: httpx.AsyncClient) -> None:
    """For people."""
    answer = await anybody.get("/pushward/v1/docs")
    assert answer.text.startswith("<!doctype html>")


@pytest.mark.exercises("GET /pushward/v1/errors/{code}")
@pytest.mark.provokes(60391)
async def test_more_info_leads_to_what_the_code_means(tenant: Tenant, service: str, anybody: httpx.AsyncClient) -> None:
    """As a page, and as JSON; a code that is none is not found."""
    missing = f"/v2/Services/{service}/Entities/nobody-here/Challenges/YC{service[2:]}"
    refusal = await tenant.client.get(missing)
    assert refused(refusal) == (404, 60391)
    more_info = refusal.json()["more_info"]
    assert "<h1>60391: Challenge not found</h1>" in (await anybody.get(more_info)).text
    told = (await anybody.get(more_info, headers={"Accept": "application/json"})).json()
    assert (told["code"], told["status"]) == (60391, 404)
    assert refused(await anybody.get("/pushward/v1/errors/1")) == (404, 20404)
