"""What the outbound tests share."""

import socket
from pathlib import Path

import pytest

from tests.integration.outbound.tls import Tls


@pytest.fixture
def unused_port() -> int:
    """A port of 127.0.0.1 where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def tls(tmp_path: Path) -> Tls:
    """A certificate that nobody trusts but who is told to."""
    return Tls(tmp_path)
