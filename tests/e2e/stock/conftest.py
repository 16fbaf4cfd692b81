"""The stock client, set up as the documents say, and what its tests begin with."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.stock.backend import Backend, Enrolled
from tests.support.installation import Installation
from tests.support.system import System


@pytest.fixture
def backend(system: System, installation: Installation, monkeypatch: pytest.MonkeyPatch) -> Iterator[Backend]:
    """A backend that was moved over."""
    # They change the host of every request: whoever sets a base URL must not set them.
    for setting in ("TWILIO_EDGE", "TWILIO_REGION"):
        monkeypatch.delenv(setting, raising=False)
    with Backend.of(system.base_url, installation.account) as backend:
        yield backend


@pytest.fixture
def service(backend: Backend) -> Any:  # Any: the library ships no types
    """A new service of the backend's, as the library addresses it. Hides the fixture that gives a SID."""
    return backend.new_service()


@pytest.fixture
def enrolled(service: Any) -> Enrolled:  # Any: as above
    """Somebody new with a verified push factor."""
    return Enrolled.by(service)
