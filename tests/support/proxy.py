"""A way to PostgreSQL that can be cut: a Unix socket in front of the server's own."""

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

SOCKET = ".s.PGSQL.5432"
GOODBYE = b"SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0"


class Proxy:
    """Forwards bytes; ``cut_before_next_answer`` lets a request through and drops the connection before the answer."""

    def __init__(self, upstream: Path, directory: Path, url: str) -> None:
        self.url = url
        self.cuts = 0
        self._upstream = upstream
        self._path = directory / SOCKET
        self._cut_next = False
        self._server: asyncio.Server | None = None
        self._refuses = True
        self._writers: set[asyncio.StreamWriter] = set()
        self._clients: set[asyncio.StreamWriter] = set()

    @classmethod
    @asynccontextmanager
    async def to_socket_of(cls, url: str) -> AsyncIterator["Proxy"]:
        """A proxy to the server of ``url``, which names its socket's directory as ``host``."""
        parts = urlsplit(url)
        upstream = Path(parse_qs(parts.query)["host"][0]) / SOCKET
        with tempfile.TemporaryDirectory(prefix="proxy-") as directory:
            user = parts.netloc.split("@")[0]
            proxy = cls(upstream, Path(directory), f"postgresql://{user}@{parts.path}?host={directory}")
            await proxy.accept()
            try:
                yield proxy
            finally:
                await proxy.refuse()

    def cut_before_next_answer(self) -> None:
        """The next answer from the server is dropped, with the connection."""
        self._cut_next = True

    async def say_goodbye(self) -> None:
        """What a server that shuts down says to every client; the connections are still open when they read it."""
        for client in self._clients:
            client.write(b"E" + (len(GOODBYE) + 4).to_bytes(4) + GOODBYE)
            await client.drain()

    async def accept(self) -> None:
        """Lets connections through."""
        self._refuses = False
        self._server = await asyncio.start_unix_server(self._serve, self._path)

    async def refuse(self) -> None:
        """Drops all connections and takes no more."""
        self._refuses = True
        if self._server is not None:
            self._server.close()
            for writer in list(self._writers):
                writer.close()
            await self._server.wait_closed()
            self._path.unlink(missing_ok=True)
            self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up_reader, up_writer = await asyncio.open_unix_connection(self._upstream)
        if self._refuses:  # since it was accepted: it must not outlive the others
            writer.close()
            up_writer.close()
            return
        self._writers |= {writer, up_writer}
        self._clients.add(writer)
        requests = asyncio.create_task(_pump(reader, up_writer))
        with contextlib.suppress(ConnectionError):
            while answer := await up_reader.read(65536):
                if self._cut_next:
                    self._cut_next = False
                    self.cuts += 1
                    break
                writer.write(answer)
                await writer.drain()
        self._clients.discard(writer)
        for side in (writer, up_writer):
            side.close()
            self._writers.discard(side)
        await asyncio.gather(requests, return_exceptions=True)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while chunk := await reader.read(65536):
            writer.write(chunk)
            await writer.drain()
    writer.close()
