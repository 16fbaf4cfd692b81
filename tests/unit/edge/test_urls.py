"""The base of absolute URLs."""

import pytest
from starlette.types import Scope

from services.edge.app.urls import UrlSource


def _scope_with(host: bytes | None) -> Scope:
    headers = [] if host is None else [(b"host", host)]
    return {"type": "http", "scheme": "http", "server": ("127.0.0.1", 8080), "headers": headers}


def test_a_public_url_wins_over_the_request() -> None:
    """Whatever a caller says its host is."""
    source = UrlSource("https://verify.example.com/")
    assert source.urls(_scope_with(b"evil.example")).base == "https://verify.example.com"


@pytest.mark.parametrize("host", [b"localhost:8080", b"127.0.0.1", b"[::1]:8080", b"a-b.example"])
def test_without_a_public_url_the_requests_host_is_used(host: bytes) -> None:
    """Development only."""
    assert UrlSource(None).urls(_scope_with(host)).base == f"http://{host.decode()}"


@pytest.mark.parametrize("host", [None, b"", b"a b", b"a/b", b"a@b", b"a:b:c", b'a"', b"\xff"])
def test_a_host_that_is_none_is_replaced_by_our_own_address(host: bytes | None) -> None:
    """Nothing of it gets into an answer."""
    assert UrlSource(None).urls(_scope_with(host)).base == "http://127.0.0.1:8080"
