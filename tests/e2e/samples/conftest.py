"""A sample backend with a service of its own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.e2e.samples.backend import SampleBackend
from tests.support.installation import Installation
from tests.support.system import System


@pytest.fixture
async def backend(
    system: System, installation: Installation, service: str, tmp_path: Path
) -> AsyncIterator[SampleBackend]:
    """One that serves, and whose webhook is there."""
    async with SampleBackend.serving(system.base_url, installation.account, service, tmp_path) as backend:
        await backend.has_its_webhook()
        yield backend
