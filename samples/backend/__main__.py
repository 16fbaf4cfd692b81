"""Runs the backend until it is ended: `python -m samples.backend --dev var/dev.json`.

On this machine only: its pages show what a backend and Pushward say to each other.
"""

import argparse
import asyncio
import os
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import uvicorn

from samples.backend.app import create_app
from samples.backend.settings import Settings, SettingsError

HOST: Final = "127.0.0.1"
PORT: Final = 8081
PORT_MAX: Final = 65535
PORT_VARIABLE: Final = "BACKEND_PORT"
CONNECTIONS_MAX: Final = 512
DRAIN_SECONDS: Final = 2


def main() -> int:
    """The exit code."""
    arguments = _arguments()
    try:
        with _listening(arguments) as listening:
            settings = Settings.from_dev_file(arguments.dev, url_of(listening))
            if arguments.listening_fd is None:
                print(f"backend at {settings.own_url} for {settings.base_url}", flush=True)
            asyncio.run(_serve(settings, listening, arguments.until_stdin_ends))
    except (SettingsError, OSError, ValueError) as error:
        print(f"backend: {error}", file=sys.stderr)
        return 1
    return 0


def port_from(environment: Mapping[str, str]) -> int:
    """The one that is asked for, else the usual one. Raises SettingsError."""
    written = environment.get(PORT_VARIABLE, str(PORT))
    if not written.isdecimal() or int(written) > PORT_MAX:
        raise SettingsError(f"{PORT_VARIABLE} must be a port between 0 (any that is free) and {PORT_MAX}.")
    return int(written)


def bind(port: int) -> socket.socket:
    """A listening socket. Raises SettingsError that names the variable to set."""
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((HOST, port))
        listening.listen()
    except OSError as error:
        listening.close()
        raise SettingsError(
            f"Port {port} of {HOST} can't be had ({error.strerror}). Set {PORT_VARIABLE} to another one (0: any)."
        ) from error
    return listening


def url_of(listening: socket.socket) -> str:
    """Where it is reached, its real port included."""
    host, port = listening.getsockname()
    return f"http://{host}:{port}"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m samples.backend", description=__doc__)
    parser.add_argument("--dev", type=Path, default=Path("var/dev.json"), help="dev.json, which Pushward writes")
    parser.add_argument("--port", type=int, help=f"0: any; {PORT} or {PORT_VARIABLE} without it")
    parser.add_argument("--listening-fd", type=int, help="an inherited socket that listens, instead of a port")
    parser.add_argument("--until-stdin-ends", action="store_true", help="stop with whoever started this")
    return parser.parse_args()


def _listening(arguments: argparse.Namespace) -> socket.socket:
    if arguments.listening_fd is not None:
        return socket.socket(fileno=arguments.listening_fd)
    return bind(port_from(os.environ) if arguments.port is None else arguments.port)


async def _serve(settings: Settings, listening: socket.socket, until_stdin_ends: bool) -> None:
    config = uvicorn.Config(
        create_app(settings),
        log_level="warning",
        access_log=False,
        server_header=False,
        limit_concurrency=CONNECTIONS_MAX,
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )
    server = uvicorn.Server(config)
    if until_stdin_ends:
        stdin = sys.stdin.fileno()

        def stdin_ended() -> None:
            if not os.read(stdin, 1):
                asyncio.get_running_loop().remove_reader(stdin)
                server.should_exit = True

        asyncio.get_running_loop().add_reader(stdin, stdin_ended)
    await server.serve(sockets=[listening])


if __name__ == "__main__":
    sys.exit(main())
