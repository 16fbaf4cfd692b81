"""What is told about the interface, to anybody: the document, its page, and what each code means."""

import base64
import hashlib
import re
from collections.abc import AsyncIterator

import httpx
import pytest

from pushward.error_codes import DICTIONARY, ErrorCode
from services.edge.app.openapi.document import document
from services.edge.wiring import described_operations
from tests.integration.edge.world import PUBLIC_URL, World, client_of

DOCUMENT = "/pushward/v1/openapi.json"
PAGE = "/pushward/v1/docs"
ERROR = "/pushward/v1/errors/60311"


@pytest.fixture
async def anybody(world: World) -> AsyncIterator[httpx.AsyncClient]:
    """A client without credentials."""
    async with client_of(world.edge(), auth=None) as client:
        yield client


async def test_the_document_is_what_the_operations_are(world: World, anybody: httpx.AsyncClient) -> None:
    """As JSON, without asking any service."""
    answer = await anybody.get(DOCUMENT)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json() == document(described_operations(), PUBLIC_URL)
    assert world.asked() == []


async def test_the_page_tells_every_operation_and_code(anybody: httpx.AsyncClient) -> None:
    """Each under its name."""
    page = (await anybody.get(PAGE)).text
    for item in document(described_operations())["paths"].values():
        for operation in item.values():
            assert f'<h3 id="{operation["operationId"]}">' in page
    for entry in DICTIONARY:
        assert f'<a href="errors/{entry.code}">' in page


@pytest.mark.parametrize("path", [PAGE, ERROR])
async def test_a_page_uses_nothing_but_its_own_style(anybody: httpx.AsyncClient, path: str) -> None:
    """The policy names the style's hash and forbids the rest; the page has no script and loads nothing."""
    answer = await anybody.get(path)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    style = re.search(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'sha256-{digest}'" in answer.headers["content-security-policy"]
    assert not re.search(r"<script|<link|<img|src=|style=|@import|url\(", answer.text)
    assert "color-scheme: light dark" in style[1]


@pytest.mark.parametrize("entry", DICTIONARY, ids=lambda entry: str(entry.code))
async def test_each_code_has_a_page(anybody: httpx.AsyncClient, entry: ErrorCode) -> None:
    """For people as HTML, for programs as JSON."""
    path = f"/pushward/v1/errors/{entry.code}"
    page = await anybody.get(path)
    assert f"<h1>{entry.code}: {entry.title}</h1>" in page.text
    told = (await anybody.get(path, headers={"Accept": "application/json"})).json()
    assert told == {name: getattr(entry, name) for name in ("code", "status", "title", "when", "remedy")}


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        (None, "text/html"),
        ("*/*", "text/html"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "text/html"),
        ("application/json", "application/json"),
        ("application/json, text/html;q=0.5", "application/json"),
        ("application/*", "application/json"),
        ("APPLICATION/JSON;q=0.4, text/html; q=0.3", "application/json"),
        ("application/json;q=none", "text/html"),
        ("image/png", "text/html"),
    ],
)
async def test_a_codes_page_comes_as_it_is_wanted(anybody: httpx.AsyncClient, accept: str | None, kind: str) -> None:
    """HTML unless JSON is preferred; caches are told that it depends."""
    request = anybody.build_request("GET", ERROR)
    del request.headers["accept"]
    if accept is not None:
        request.headers["accept"] = accept
    answer = await anybody.send(request)
    assert answer.headers["content-type"].partition(";")[0] == kind
    assert answer.headers["vary"] == "Accept"


@pytest.mark.parametrize("code", ["60302", "0", "060311", "abc", "99999999999999999999"])
async def test_a_code_that_is_none_is_not_found(anybody: httpx.AsyncClient, code: str) -> None:
    """With the envelope."""
    answer = await anybody.get(f"/pushward/v1/errors/{code}")
    assert (answer.status_code, answer.json()["code"]) == (404, 20404)


@pytest.mark.parametrize("path", [DOCUMENT, PAGE, ERROR])
async def test_what_is_told_is_only_read(anybody: httpx.AsyncClient, path: str) -> None:
    """By GET and HEAD."""
    assert (await anybody.head(path)).status_code == 200
    refusal = await anybody.post(path)
    assert (refusal.status_code, refusal.json()["code"], refusal.headers["allow"]) == (405, 20004, "GET, HEAD")


async def test_without_a_public_url_the_document_names_no_host(world: World) -> None:
    """Whatever host a request claims."""
    async with client_of(world.edge(public_url=None), auth=None) as client:
        answer = await client.get(DOCUMENT, headers={"Host": "elsewhere.example.com"})
    assert answer.json()["servers"] == [{"url": "/"}]
