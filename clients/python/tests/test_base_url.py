"""Which edges a device talks to."""

import pytest
from fake_edge import FakeEdge
from pushward_device import BaseUrlError, Device, MemoryKeyStore


@pytest.mark.parametrize(
    "base_url",
    ["https://verify.example.com/", "http://127.0.0.1:8080", "http://[::1]:8080", "http://localhost:8080"],
)
async def test_https_and_this_machine_are_taken(edge: FakeEdge, base_url: str) -> None:
    """With and without a slash at the end."""
    async with Device(base_url, MemoryKeyStore(), transport=edge) as device:
        await device.register_factor(edge.issue(), "Test phone", app_id="com.example.app")
    assert all(str(request.url).startswith(f"{base_url.rstrip('/')}/v2/") for request in edge.requests)


@pytest.mark.parametrize(
    "base_url",
    [
        "http://verify.example.com",
        "HTTP://192.0.2.7:8080",
        "http://127.0.0.1@verify.example.com",
        "http://localhost.example.com",
        "ftp://127.0.0.1",
        "verify.example.com",
        "https://",
        "https://[::1",
        "",
    ],
)
def test_any_other_base_url_is_refused_at_once(base_url: str) -> None:
    """Before a token could go out in plain text; whatever the transport."""
    with pytest.raises(BaseUrlError, match="https://"):
        Device(base_url, MemoryKeyStore(), transport=FakeEdge())
