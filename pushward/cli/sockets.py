"""The HTTP sockets: bound once, before anything else starts, so a port in use is told at once and by its setting."""

import errno
import socket
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Final

from pushward.cli.errors import CommandError
from pushward.config.settings import Settings

BACKLOG: Final = 2048
PORT_MAX: Final = 65535


def bind_http(settings: Settings) -> socket.socket:
    """A listening socket on the address that the settings name. Raises CommandError, naming PUSHWARD_HTTP_PORT."""
    return _bind(settings.http_host, settings.http_port, "PUSHWARD_HTTP")


def bind_metrics(settings: Settings) -> Sequence[socket.socket]:
    """A listening socket for each process that serves, on consecutive ports; none if metrics aren't served.

    Raises CommandError, naming PUSHWARD_METRICS_PORT: a scraper that reads somebody else's figures would not notice.
    """
    first = settings.metrics_port
    if first is None:
        return []
    last = first + settings.workers - 1
    if last > PORT_MAX:
        raise CommandError(f"PUSHWARD_METRICS_PORT={first} and {settings.workers} workers need ports up to {last}.")
    with ExitStack() as bound:
        ports = [first and first + number for number in range(settings.workers)]  # 0 stays 0: any that is free
        sockets = [bound.enter_context(_bind(settings.metrics_host, port, "PUSHWARD_METRICS")) for port in ports]
        bound.pop_all()
        return sockets


def base_url(listening: socket.socket) -> str:
    """The URL of a listening socket, its real port included."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _bind(host: str, port: int, setting: str) -> socket.socket:
    """``setting`` is the prefix of the two settings that named host and port."""
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listening = socket.socket(family, kind, protocol)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Answers are small and complete; waiting for more to send with them costs 40 ms.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listening.bind(address)
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        if error.errno == errno.EADDRINUSE:
            raise CommandError(
                f"Port {port} of {host} is in use. Set {setting}_PORT to another one (0: any that is free)."
            ) from error
        if error.errno == errno.EACCES:
            raise CommandError(f"Port {port} needs privileges that we lack. Set {setting}_PORT above 1023.") from error
        raise CommandError(f"Can't listen on {setting}_HOST={host}, {setting}_PORT={port}: {error.strerror}") from error
    listening.setblocking(False)
    return listening
