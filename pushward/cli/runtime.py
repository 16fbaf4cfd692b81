"""The composition root: what the services of one process share, and the order in which they start and stop.

    start   the edge and the gRPC servers at once, behind a shut gate: callers get 503, health says NOT_SERVING;
            when the databases are as this release needs them, and the log's epoch is this PostgreSQL's: the head watch,
            the services, then the gate opens;
            it shuts while the epoch isn't this PostgreSQL's any more, and a process that saw another begin ends;
            an edge that shares its socket takes no connection before that, which a sibling could have served: unless
            the databases aren't right, so that somebody says so
    stop    the edge drains first, then the gRPC servers, then the services from the outside in, then the channels

Nothing here waits for a peer: a peer that is away is a 503 of whoever needs it.
"""

import asyncio
import secrets
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Final, Self

import structlog

from pushward.cli.errors import CommandError
from pushward.cli.gate import Gate, GatedService
from pushward.cli.history import HistoryWatch
from pushward.cli.keys import key_ring, keys_database
from pushward.cli.peers import ProcessPeers, tls_files
from pushward.cli.schema import schema_problem
from pushward.cli.targets import EDGE, STORES
from pushward.config.settings import Settings
from pushward.database.migrate import Module
from pushward.database.pool import Database
from pushward.eventlog.epoch import History, Undoubted
from pushward.eventlog.heads import HeadWatch
from pushward.eventlog.memory import MemoryLog
from pushward.eventlog.module import LOG_MODULE
from pushward.eventlog.postgres import PostgresLogReader
from pushward.rpc.address import UnsafeAddressError
from pushward.rpc.limits import STOP_GRACE_SECONDS
from pushward.rpc.server import NetworkServer, serve
from pushward.security.kek import KEK_BYTES, FileKeyEncryption
from pushward.security.key_store_memory import MemoryKeyStore
from pushward.security.keys import KeyRing
from pushward.service import Runtime, Service
from pushward.telemetry.exposition import MetricsServer
from pushward.telemetry.metrics import Metrics

SCHEMA_POLL_SECONDS: Final = 0.5
READY_POLL_SECONDS: Final = 1.0
HEADS_CONNECTIONS_MAX: Final = 4

_log = structlog.get_logger(__name__)


class Host:
    """The services of one process. ``listening`` is the edge's socket, which other processes may share.

    With ``grpc`` the other services get servers, too; on ``metrics`` what the process measures can be read.
    """

    def __init__(
        self,
        settings: Settings,
        targets: Sequence[str],
        listening: socket.socket | None = None,
        *,
        shares_socket: bool = False,
        grpc: bool = False,
        metrics: socket.socket | None = None,
    ) -> None:
        self._settings = settings
        self._shares_socket = shares_socket
        self._stores = [store for store in STORES if store.name in targets]
        self._grpc = grpc
        self._databases: list[Database] = []
        self._history: HistoryWatch | None = None
        self._heads = self._head_watch()
        self._keys = self._key_ring()
        self._gate = Gate()
        self.peers = ProcessPeers(settings, [store.name for store in self._stores])
        self._metrics = Metrics()
        runtime = Runtime(self.peers, self._heads, self._keys, self._metrics, self._known_history())
        self._services = [GatedService(store.build(settings, runtime), self._gate) for store in self._stores]
        self._edge = self._built_edge(runtime, listening) if EDGE in targets else None
        self._edge_serves = False
        self.ready = asyncio.Event()
        self._metrics_server = None if metrics is None else MetricsServer(self._metrics, metrics)
        self._started: list[Service] = []
        self._network_servers: list[NetworkServer] = []
        self._opening: asyncio.Task[None] | None = None

    @classmethod
    @asynccontextmanager
    async def running(cls, settings: Settings, targets: Sequence[str]) -> AsyncIterator[Self]:
        """Services for this process's own use, ready."""
        host = cls(settings, targets)
        try:
            await host.start()
            await host.until_ready()
            yield host
        finally:
            await host.stop(asyncio.Event())

    async def until_ready(self) -> None:
        """Waits until requests can be served. Raises what a service failed to start with."""
        assert self._opening is not None, "start() comes first"
        ready = asyncio.create_task(self.ready.wait())
        await asyncio.wait({ready, self._opening}, return_when=asyncio.FIRST_COMPLETED)
        if not ready.done():
            ready.cancel()
            await self._opening

    async def start(self) -> None:
        """Begins to serve, gated. Raises what a server raises that can't listen."""
        if self._metrics_server is not None:
            await self._metrics_server.start()
        for service in self._services:
            service.register(self.peers.servers[service.name])
        if self._grpc:
            await self._listen()
        if not self._shares_socket:
            await self._take_connections()
        self._opening = asyncio.create_task(self._open(), name="host-opening")

    async def failed(self) -> None:
        """Returns never, or raises what a service failed to start with."""
        assert self._opening is not None, "start() comes first"
        await self._opening

    async def stop(self, hurried: asyncio.Event) -> None:
        """Finishes what was accepted, and leaves; once ``hurried``, open requests are waited for no longer.

        What fails to stop is logged, and keeps nothing else from it.
        """
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.gather(self._opening, return_exceptions=True)
        for name, stop in self._stops(hurried):
            try:
                await stop
            except Exception:
                _log.exception("stop_failed", what=name)

    def _built_edge(self, runtime: Runtime, listening: socket.socket | None) -> Service:
        """Imported here: a process without an edge doesn't pay for HTTP."""
        from services.edge import wiring

        return wiring.build(self._settings, runtime, listener=listening, siblings=self._services)

    def _stops(self, hurried: asyncio.Event) -> Iterator[tuple[str, Awaitable[object]]]:
        """From the outside in. Made one by one, each awaited before the next."""
        if self._edge is not None:
            yield EDGE, _unless(hurried, asyncio.create_task(self._edge.stop(), name="edge-draining"))
        for gated in self._services:
            gated.drain()
        yield "grpc", asyncio.gather(*(server.stop() for server in self._network_servers))
        for service in reversed(self._started):
            yield service.name, service.stop()
        for server in self.peers.servers.values():
            yield "in-process", server.stop(STOP_GRACE_SECONDS)
        yield "peers", self.peers.close()
        yield "heads", self._heads.stop()
        for database in self._databases:
            yield "database", database.close()
        if self._metrics_server is not None:
            yield "metrics", self._metrics_server.stop()

    async def _take_connections(self) -> None:
        """Lets the edge serve; once."""
        if self._edge is not None and not self._edge_serves:
            self._edge_serves = True
            await self._edge.start()

    async def _listen(self) -> None:
        """A gRPC server for each of our services, for those who run elsewhere."""
        for service in self._services:
            address = self._settings.address_of(service.name)
            try:
                server = await serve([service.register], address, tls_files(self._settings))
            except (RuntimeError, UnsafeAddressError) as error:
                raise CommandError(f"PUSHWARD_{service.name.upper()}_ADDRESS={address}: {error}") from error
            self._network_servers.append(server)
            _log.info("grpc_listening", target=service.name, address=server.address)

    async def _open(self) -> None:
        if self._stores:
            await self._wait_out(self._schema_problem)
        if self._history is not None:
            await self._wait_out(self._history.look)
            await self._heads.start()
        for service in self._services:
            self._started.append(service)
            await service.start()
        self._gate.open()
        await self._take_connections()
        await self._watch_readiness()

    async def _schema_problem(self) -> str | None:
        modules: list[Module] = [LOG_MODULE, *(store.module for store in self._stores)]
        return await schema_problem(self._settings, modules, self._keys if self._seals() else None)

    async def _wait_out(self, look: Callable[[], Awaitable[str | None]]) -> None:
        """Waits until there is no problem; the gate says which one it waits for."""
        while (problem := await look()) is not None:
            if problem != self._gate.reason:
                _log.warning("waiting_for_databases", reason=problem)
                self._gate.reason = problem
                await self._take_connections()
            await asyncio.sleep(SCHEMA_POLL_SECONDS)

    async def _watch_readiness(self) -> None:
        """Tells gRPC's health service, and the log, whenever readiness changes."""
        told: list[str] | None = None
        ready = self._metrics.gauge("ready", "Whether this process can serve requests")
        while True:
            if self._history is not None:
                self._gate.reason = await self._history.look()
            reasons = await self._reasons()
            if reasons != told:
                _log.info("not_ready" if reasons else "ready", reasons=reasons)
                for server in self._network_servers:
                    await server.set_ready(not reasons)
                ready.set(not reasons)
                told = reasons
            if not reasons:
                self.ready.set()
            await asyncio.sleep(READY_POLL_SECONDS)

    async def _reasons(self) -> list[str]:
        """Why requests can't be served now; empty when they can."""
        if self._edge is not None:
            reason = await self._edge.ready()  # asks its siblings, too
            return [] if reason is None else [reason]
        said = [(service.name, await service.ready()) for service in self._services]
        return [f"{name}: {reason}" for name, reason in said if reason is not None]

    def _seals(self) -> bool:
        return any(store.seals for store in self._stores)

    def _head_watch(self) -> HeadWatch:
        if not self._stores:
            return HeadWatch(MemoryLog(shard_count=0))  # never started: nobody here follows the log
        role = self._stores[0].module.role
        database = Database(self._settings.main_url(), role, "pushward-heads", size_max=HEADS_CONNECTIONS_MAX)
        self._databases.append(database)
        self._history = HistoryWatch(database)
        return HeadWatch(PostgresLogReader(database))

    def _known_history(self) -> History:
        return Undoubted() if self._history is None else self._history

    def _key_ring(self) -> KeyRing:
        if not self._seals():
            return KeyRing(MemoryKeyStore(), FileKeyEncryption(secrets.token_bytes(KEK_BYTES)))  # opens nothing
        database = keys_database(self._settings)
        self._databases.append(database)
        return key_ring(self._settings, database)


async def _unless(hurried: asyncio.Event, work: asyncio.Task[None]) -> None:
    """Waits for ``work``, unless somebody is in a hurry."""
    hurry = asyncio.create_task(hurried.wait())
    await asyncio.wait({work, hurry}, return_when=asyncio.FIRST_COMPLETED)
    hurry.cancel()
    if not work.done():
        work.cancel()
    await asyncio.gather(work, return_exceptions=hurried.is_set())
