"""Whoever follows a quickstart gets what it says."""

import asyncio
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import pytest
from playwright.async_api import expect

from deploy.embedded.waiting import wait_until
from tests.browser.chromium import launched
from tests.e2e.cli.samples_run import Run
from tests.e2e.quickstarts.reader import Reader
from tests.support.child import ROOT
from tests.support.quickstart import blocks_of, is_printed

PAGES = ROOT / "docs" / "quickstarts"
QUICKSTARTS = {"python-device": 7, "silent-approval": 10, "totp": 8}
FOLLOWED = {"README.md": 3, **{f"docs/quickstarts/{name}.md": count for name, count in QUICKSTARTS.items()}}
"""How many blocks of each page are followed: a mark that is misspelt would leave one out."""

WEB_FOLLOWED = 5
WEB_APP_PORT = "9000"
START_SECONDS_MAX = 30.0

Elsewhere = Mapping[str, str]


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[Path, Elsewhere]]:
    """What `make run` serves: its var directory, and where what the pages name really is."""
    with Run.made() as run:
        base_url, samples_url = run.start()
        yield run.var, {"http://127.0.0.1:8080": base_url, "http://127.0.0.1:8081": samples_url}


@pytest.mark.parametrize("name", FOLLOWED)
def test_a_page_holds(running: tuple[Path, Elsewhere], tmp_path: Path, name: str) -> None:
    """From its first command to its last line of output."""
    var, elsewhere = running
    with Reader(ROOT / name, tmp_path, var, elsewhere) as reader:
        assert reader.follow() == FOLLOWED[name]


async def test_the_web_app_approves_and_denies_in_a_browser(running: tuple[Path, Elsewhere], tmp_path: Path) -> None:
    """As its reader would: pay and approve, pay and deny; after a reload the factor is still there."""
    var, elsewhere = running
    port = str(free_port())
    with Reader(PAGES / "web.md", tmp_path, var, {**elsewhere, WEB_APP_PORT: port}) as reader:
        assert reader.follow() == WEB_FOLLOWED
        url = f"http://127.0.0.1:{port}"
        assert await asyncio.to_thread(wait_until, lambda: answers(f"{url}/config"), START_SECONDS_MAX)
        async with launched() as browser:
            page = await browser.new_page()
            errors: list[str] = []
            page.on("pageerror", lambda error: errors.append(str(error)))
            page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
            await page.goto(url)
            for answer, status in (("Approve", "approved"), ("Deny", "denied"), ("Approve", "approved")):
                await page.get_by_role("button", name="Pay").click()
                sheet = page.get_by_role("dialog")
                await expect(sheet.get_by_role("heading")).to_have_text("Pay 12.00 EUR to ACME Ltd?")
                await expect(sheet.get_by_role("listitem")).to_have_text(["Amount: 12.00 EUR", "Payee: ACME Ltd"])
                await sheet.get_by_role("button", name=answer).click()
                await expect(page.locator("#result")).to_have_text(status)
                await page.reload()
            assert errors == []


def answers(url: str) -> bool:
    """Whether somebody serves this."""
    try:
        return httpx.get(url).is_success
    except httpx.TransportError:
        return False


def free_port() -> int:
    """A port that nobody has now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_every_page_is_in_the_index() -> None:
    """And leads nowhere that isn't there."""
    index = (PAGES / "README.md").read_text()
    for page in PAGES.glob("*.md"):
        assert page.name == "README.md" or f"({page.name})" in index


def test_blocks_are_read_with_their_marks(tmp_path: Path) -> None:
    """A language, marks, text, and the line where it begins."""
    page = tmp_path / "page.md"
    page.write_text("Say:\n\n```bash run types=y\necho hi\n```\n\n```text prints\nhi\n```\n")
    command, printed = blocks_of(page)
    assert (command.language, command.marks, command.text, command.line) == (
        "bash",
        frozenset({"run", "types=y"}),
        "echo hi\n",
        4,
    )
    assert (command.value("types"), printed.value("types")) == ("y", None)


@pytest.mark.parametrize(
    ("expected", "printed", "holds"),
    [("a", "a\n", True), ("a", "b", False), ("a…c", "abc", True), ("a.c", "abc", False), ("a\nb", "a\nb\n", True)],
)
def test_what_is_printed_is_compared(expected: str, printed: str, holds: bool) -> None:
    """To the letter, but for what … stands for."""
    assert is_printed(expected, printed) is holds
