"""HTTP clients for loopback: each answer of Pushward is checked against its OpenAPI document (`conformity`).

Without TLS: to load the system's certificates takes longer than most of our tests.
"""

import ssl
from typing import Final

import httpx

from tests.support.conformity import CheckedTransport, Exchange, check

TIMEOUT_SECONDS: Final = 30.0
NO_CERTIFICATES: Final = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def client(base_url: str, auth: tuple[str, str] | None = None) -> httpx.AsyncClient:
    """A client of one server; without ``auth`` it says who it is with each request, or doesn't."""
    return httpx.AsyncClient(base_url=base_url, auth=auth, timeout=TIMEOUT_SECONDS, transport=transport())


def transport() -> httpx.AsyncHTTPTransport:
    """What a library's own client sends through."""
    return CheckedTransport(verify=NO_CERTIFICATES)


def get(url: str, auth: tuple[str, str] | None = None) -> httpx.Response:
    """One request where nothing else may run meanwhile. Raises httpx.TransportError."""
    answer = httpx.get(url, auth=auth, timeout=TIMEOUT_SECONDS, verify=NO_CERTIFICATES)
    check(Exchange("GET", url, answer.status_code, answer.headers, answer.content))
    return answer
