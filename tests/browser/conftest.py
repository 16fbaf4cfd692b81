"""One bank and one browser for the session; each test has visitors of its own, who leave nothing behind.

Playwright's objects belong to the event loop that they were made in, so these tests share the session's loop. In place
of a loop of its own, each test is looked at when it ends: no task of it may go on, nothing may have gone wrong unseen.
"""

import asyncio
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from deploy.embedded.postgres import EmbeddedPostgres
from tests.browser.chromium import launched
from tests.browser.sample_bank import SampleBank
from tests.browser.visitor import Visitor
from tests.support.installation import Installation
from tests.support.tenant import Tenant

SECONDS_MAX = 180

Arrive = Callable[..., Awaitable[Visitor]]
"""Lets somebody arrive: `await arrive()`, with whatever options Playwright's contexts take."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Async tests in this directory run in the session's loop."""
    for item in items:
        if "tests/browser" in item.path.as_posix() and isinstance(item, pytest.Function):
            item.add_marker(pytest.mark.timeout(SECONDS_MAX))
            if inspect.iscoroutinefunction(item.function):
                item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failure is shown with what the bank's processes said."""
    report = yield
    if report.failed and isinstance(item, pytest.Function):
        for bank in item.funcargs.values():
            if isinstance(bank, SampleBank):
                report.sections.append(("bank", bank.tail()))
    return report


@pytest.fixture(scope="session")
def bank(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SampleBank]:
    """A bank that all tests share. Who stops something of it starts it again."""
    installation = Installation(postgres, tmp_path_factory.mktemp("installation"))
    with SampleBank.open(installation.stores, tmp_path_factory.mktemp("bank")) as bank:
        yield bank


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """A browser that all tests share."""
    async with launched() as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="session")
async def arrive(browser: Browser, bank: SampleBank) -> AsyncIterator[Arrive]:
    """Lets people arrive, who leave with the test."""
    before = asyncio.all_tasks()
    visitors: list[Visitor] = []
    async with AsyncExitStack() as stack:

        async def arriving(**options: object) -> Visitor:
            visitors.append(await stack.enter_async_context(Visitor.arriving(browser, bank, **options)))
            return visitors[-1]

        yield arriving
    left = {task for task in asyncio.all_tasks() - before if not task.done()} - {asyncio.current_task()}
    assert not left, f"goes on after the test: {left}"
    assert [trouble for visitor in visitors for trouble in visitor.troubles] == []


@pytest_asyncio.fixture(loop_scope="session")
async def tenant(bank: SampleBank) -> AsyncIterator[Tenant]:
    """The bank's access to Pushward."""
    async with bank.tenant() as tenant:
        yield tenant


@pytest_asyncio.fixture(loop_scope="session")
async def visitor(arrive: Arrive) -> Visitor:
    """Somebody new, at a wide screen."""
    return await arrive()
