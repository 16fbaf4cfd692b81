"""HTTP clients for loopback, without TLS: to load the system's certificates takes longer than most of our tests."""

import ssl
from typing import Final

import httpx

TIMEOUT_SECONDS: Final = 30.0
NO_CERTIFICATES: Final = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def client(base_url: str, auth: tuple[str, str] | None = None) -> httpx.AsyncClient:
    """A client of one server; without ``auth`` it says who it is with each request, or doesn't."""
    return httpx.AsyncClient(base_url=base_url, auth=auth, timeout=TIMEOUT_SECONDS, verify=NO_CERTIFICATES)


def transport() -> httpx.AsyncHTTPTransport:
    """What a library's own client sends through."""
    return httpx.AsyncHTTPTransport(verify=NO_CERTIFICATES)
