"""Pages are served as they are, with the types that browsers insist on and a policy that lets in nothing foreign."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount

from samples.backend.pages import SecurityHeaders, SourceFiles, content_security_policy

TYPES = {
    "index.html": "text/html; charset=utf-8",
    "app.css": "text/css; charset=utf-8",
    "module.js": "text/javascript; charset=utf-8",
    "app.webmanifest": "application/manifest+json",
    "icon.svg": "image/svg+xml",
    "icon.png": "image/png",
}


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A place with a file of each kind, and one beside it that is nobody's business."""
    pages = tmp_path / "pages"
    (pages / "device").mkdir(parents=True)
    for name in (*TYPES, "device/index.html", "notes.md", "program.py"):
        (pages / name).write_text(name)
    (tmp_path / "secret.js").write_text("secret")
    application = Starlette(
        routes=[Mount("/", SourceFiles(directory=pages, html=True))],
        middleware=[Middleware(SecurityHeaders, base_url="https://verify.example.com")],
    )
    transport = httpx.ASGITransport(application)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8081") as client:
        yield client


@pytest.mark.parametrize(("name", "media_type"), TYPES.items())
async def test_each_kind_has_its_type(client: httpx.AsyncClient, name: str, media_type: str) -> None:
    """Whatever the machine's own table says; a copy is asked about each time."""
    answer = await client.get(f"/{name}")
    assert (answer.text, answer.headers["content-type"]) == (name, media_type)
    assert answer.headers["cache-control"] == "no-cache"
    again = await client.get(f"/{name}", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.headers["cache-control"]) == (304, "no-cache")


async def test_directories_have_an_index(client: httpx.AsyncClient) -> None:
    """With a slash, so that what the page loads is found beside it."""
    assert (await client.get("/")).text == "index.html"
    assert (await client.get("/device/")).text == "device/index.html"
    assert (await client.get("/device")).headers["location"] == "http://127.0.0.1:8081/device/"


@pytest.mark.parametrize("path", ["/notes.md", "/program.py", "/%2e%2e/secret.js", "/..%2fsecret.js", "/none.js"])
async def test_nothing_else_is_served(client: httpx.AsyncClient, path: str) -> None:
    """Neither other kinds of files, nor other places."""
    assert (await client.get(path)).status_code == 404


def test_the_policy_names_pushward_without_its_path() -> None:
    """An origin is scheme, host and port."""
    assert "connect-src 'self' https://verify.example.com:8443;" in content_security_policy(
        "https://verify.example.com:8443/some/where"
    )


async def test_the_policy_is_on_errors_too(client: httpx.AsyncClient) -> None:
    """And allows nothing inline."""
    policy = (await client.get("/none")).headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src ")
    assert policy.endswith("base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
    assert "unsafe" not in policy
