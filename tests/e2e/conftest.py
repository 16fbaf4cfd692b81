"""One running system for each shape and session; each test makes a Service of its own on it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
from contextlib import AsyncExitStack

import pytest
from pushward_device import Clock

from deploy.embedded.postgres import EmbeddedPostgres
from tests.support.installation import Installation
from tests.support.phone import Phone
from tests.support.receiver import Receiver
from tests.support.system import Shape, System, running
from tests.support.tenant import Tenant

LAST = "last"

Enrol = Callable[..., Awaitable[Phone]]
"""Enrols a phone for a service: `await enrol(service_sid, identity=…, clock=…)`."""


def pytest_configure(config: pytest.Config) -> None:
    """Markers of this suite."""
    config.addinivalue_line("markers", f"{LAST}: looks at what all other tests of a shape have left behind")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests marked `last` come after the others; pytest then groups all by shape, and keeps that order in each."""
    items.sort(key=lambda item: item.get_closest_marker(LAST) is not None)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failure is shown with what the system's processes said."""
    report = yield
    if report.failed and isinstance(item, pytest.Function):
        for system in item.funcargs.values():
            if isinstance(system, System):
                report.sections.append((f"system {system.shape}", system.tail()))
    return report


@pytest.fixture(scope="session")
def installation(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """The databases that systems start from, with two accounts."""
    return Installation(postgres, tmp_path_factory.mktemp("installation"))


@pytest.fixture(scope="session", params=[Shape.ONE, Shape.SPLIT], ids=str)
def system(
    request: pytest.FixtureRequest, installation: Installation, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[System]:
    """A running system that its tests share. None of them may harm it."""
    shape: Shape = request.param
    with running(shape, installation.copy(), tmp_path_factory.mktemp(shape)) as system:
        yield system


@pytest.fixture
async def tenant(system: System, installation: Installation) -> AsyncIterator[Tenant]:
    """A backend."""
    async with Tenant(system.base_url, installation.account) as tenant:
        yield tenant


@pytest.fixture
async def other_tenant(system: System, installation: Installation) -> AsyncIterator[Tenant]:
    """Somebody else's backend."""
    async with Tenant(system.base_url, installation.other_account) as tenant:
        yield tenant


@pytest.fixture
async def service(tenant: Tenant) -> str:
    """The SID of a new service of the tenant's."""
    return await tenant.new_service()


@pytest.fixture
async def enrol(tenant: Tenant) -> AsyncIterator[Enrol]:
    """Enrols phones, which are closed with the test."""
    async with AsyncExitStack() as stack:

        async def enrolled(service_sid: str, identity: str | None = None, clock: Clock | None = None) -> Phone:
            return await stack.enter_async_context(Phone.enrolled(tenant, service_sid, identity, clock))

        yield enrolled


@pytest.fixture
async def phone(enrol: Enrol, service: str) -> Phone:
    """A phone of somebody new, enrolled and verified."""
    return await enrol(service)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """An endpoint that receives webhooks."""
    async with Receiver.listening() as receiver:
        yield receiver
