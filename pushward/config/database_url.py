"""PostgreSQL URLs, read before the driver does: they must be whole, and over a network name TLS with a verified server.

The driver shows what it can't read, which may be a part of the password; nothing here does. What it would read in two
ways is refused: `@`, `/`, `?` or `#` that a password left as they are, a parameter given twice. Where the URL names no
host, the driver takes PGHOST, or looks for a Unix socket.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from pushward.config.loopback import is_loopback

SCHEMES: Final = ("postgresql", "postgres")
PORT_MAX: Final = 65_535
VERIFIED: Final = "verify-full"

UNREADABLE: Final = (
    "is not a URL such as postgresql://user:password@host:5432/database. In a user or a password, "
    "write @ : / ? # % [ ] as %40 %3A %2F %3F %23 %25 %5B %5D"
)
PLAIN_TEXT: Final = (
    "connects over the network and doesn't insist on TLS with the server's certificate checked. "
    "Add sslmode=verify-full and sslrootcert=/path/to/ca.pem to its query, or use a Unix socket"
)

_HOST_AND_PORT: Final = re.compile(r"(?:\[(?P<ipv6>[0-9A-Fa-f:.]+)\]|(?P<name>[^\[\]:@]+))(?::(?P<port>[^:]*))?")


def url_problem(url: str, environment: Mapping[str, str], *, plain_text_allowed: bool) -> str | None:
    """What is wrong with ``url``, as the end of a sentence that begins with its name; None if nothing is."""
    try:
        parts = urlsplit(url)
        parameters = _parameters(parts.query)
        hosts = _hosts(parts, parameters, environment)
    except ValueError:
        return UNREADABLE
    if parts.scheme not in SCHEMES or "#" in url or "@" in parts.path:
        return UNREADABLE
    local = all(map(_is_local, hosts)) and "service" not in parameters
    if plain_text_allowed or local or parameters.get("sslmode") == VERIFIED:
        return None
    return PLAIN_TEXT


def _parameters(query: str) -> dict[str, str]:
    given = parse_qs(query, strict_parsing=True) if query else {}
    if any(len(values) > 1 for values in given.values()):
        raise ValueError("a parameter is given twice")
    return {name: values[0] for name, values in given.items()}


def _hosts(parts: SplitResult, parameters: Mapping[str, str], environment: Mapping[str, str]) -> Sequence[str]:
    """Hosts and socket directories to be tried; none where the driver looks for a Unix socket. Raises ValueError."""
    for port in parameters.get("port", "").split(","):
        _check_port(port)
    if parts.netloc.count("@") > 1:
        raise ValueError("more than one @")
    _, _, named = parts.netloc.rpartition("@")
    hosts = [unquote(host) for host in _split(named)] if named else []
    also_named = _split(parameters["host"]) if "host" in parameters else []
    return hosts or also_named or _split(environment.get("PGHOST", ""))


def _split(hosts: str) -> list[str]:
    return [_host(one) for one in hosts.split(",")] if hosts else []


def _host(text: str) -> str:
    if text.startswith("/"):
        return text
    match = _HOST_AND_PORT.fullmatch(text)
    if match is None:
        raise ValueError("no host")
    _check_port(match["port"] or "")
    return match["ipv6"] or match["name"]


def _check_port(text: str) -> None:
    port = unquote(text)
    if port and not (port.isascii() and port.isdigit() and int(port) <= PORT_MAX):
        raise ValueError("no port")


def _is_local(host: str) -> bool:
    return host.startswith("/") or is_loopback(host)
