"""Absolute URLs: `url`, `links`, `meta.*_url`, `more_info`.

Their base is PUSHWARD_PUBLIC_URL. Without it, in development only, it is the scheme and host of the request: a caller
could otherwise make us hand out links to a host of its choice.
"""

import re
from typing import Final
from urllib.parse import quote, urlencode

from starlette.types import Scope

from services.edge.app.form import Pairs
from services.edge.app.headers import header

EXTENSIONS: Final = "/pushward/v1"
API_KEYS: Final = f"{EXTENSIONS}/keys"
_HOST: Final = re.compile(rb"[A-Za-z0-9.-]{1,253}(:\d{1,5})?|\[[0-9a-fA-F:.]{2,45}\](:\d{1,5})?")


class Urls:
    """The URLs of everything, below one base such as `https://verify.example.com`."""

    __slots__ = ("base",)

    def __init__(self, base: str) -> None:
        self.base = base

    def service(self, sid: str) -> str:
        """Of a service."""
        return f"{self.base}/v2/Services/{sid}"

    def entity(self, service_sid: str, identity: str) -> str:
        """Of an entity; its factors and challenges lie below."""
        return f"{self.base}/v2/Services/{service_sid}/Entities/{quote(identity, safe='')}"

    def api_key(self, sid: str) -> str:
        """Of an API key."""
        return f"{self.base}{API_KEYS}/{sid}"

    def error(self, code: int) -> str:
        """Where an error code is explained."""
        return f"{self.base}{EXTENSIONS}/errors/{code}"


def with_query(url: str, pairs: Pairs) -> str:
    """`url` with a query string of `pairs`."""
    return f"{url}?{urlencode(pairs)}"


class UrlSource:
    """Says which URLs a request is answered with."""

    def __init__(self, public_url: str | None) -> None:
        self._public = None if public_url is None else Urls(public_url.rstrip("/"))

    def urls(self, scope: Scope) -> Urls:
        """The URLs for the answer to this request."""
        if self._public is not None:
            return self._public
        host = header(scope, b"host")
        if host is None or _HOST.fullmatch(host) is None:
            address, port = scope.get("server") or ("127.0.0.1", None)
            authority = address if port is None else f"{address}:{port}"
        else:
            authority = host.decode("ascii")
        return Urls(f"{scope['scheme']}://{authority}")
