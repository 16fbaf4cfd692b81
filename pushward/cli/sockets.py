"""The HTTP socket: bound once, before anything else starts, so a port in use is told at once and by its setting."""

import errno
import socket
from typing import Final

from pushward.cli.errors import CommandError
from pushward.config.settings import Settings

BACKLOG: Final = 2048


def bind_http(settings: Settings) -> socket.socket:
    """A listening socket on the address that the settings name. Raises CommandError, naming PUSHWARD_HTTP_PORT."""
    family, kind, protocol, _, address = socket.getaddrinfo(
        settings.http_host, settings.http_port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
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
                f"Port {settings.http_port} of {settings.http_host} is in use. "
                "Set PUSHWARD_HTTP_PORT to another one (0: any that is free)."
            ) from error
        if error.errno == errno.EACCES:
            raise CommandError(
                f"Port {settings.http_port} needs privileges that we lack. Set PUSHWARD_HTTP_PORT above 1023."
            ) from error
        raise CommandError(
            f"Can't listen on PUSHWARD_HTTP_HOST={settings.http_host}, "
            f"PUSHWARD_HTTP_PORT={settings.http_port}: {error.strerror}"
        ) from error
    listening.setblocking(False)
    return listening


def base_url(listening: socket.socket) -> str:
    """The URL of a listening socket, its real port included."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
