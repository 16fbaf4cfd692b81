"""What a service is to the process that runs it, whatever the shape: one process for all, or one for each.

Each ``services/<name>/wiring.py`` has ``build(settings, runtime) -> Service``: it builds everything from one settings
object and does no I/O; ``start`` opens connections and begins to follow the log, ``stop`` finishes what was accepted.
"""

from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from grpc import aio

from pushward.eventlog.epoch import History, Undoubted
from pushward.eventlog.heads import HeadWatch
from pushward.security.keys import KeyRing
from pushward.telemetry.metrics import Metrics


class Registrar(Protocol):
    """What generated ``add_…Servicer_to_server`` functions need: a network server, or the in-process one."""

    def add_generic_rpc_handlers(self, generic_rpc_handlers: Any) -> None:  # Any: as grpc declares it
        """Takes the handlers of a service."""
        ...

    def add_registered_method_handlers(self, service_name: str, method_handlers: Any) -> None:  # Any: as above
        """Takes the handlers of a service by name."""
        ...


class Service(Protocol):
    """A target of ``pushward serve``."""

    name: str

    def register(self, server: Registrar) -> None:
        """Adds the service's servicers to a server; a service without RPCs adds nothing."""
        ...

    async def start(self) -> None:
        """Opens connections and begins background work. Doesn't wait for peers."""
        ...

    async def stop(self) -> None:
        """Finishes what was accepted, commits, gives up leases, closes connections."""
        ...

    async def ready(self) -> str | None:
        """None when requests can be served; otherwise, in one line, why not."""
        ...


@runtime_checkable
class Drains(Protocol):
    """A service with calls that wait for something to happen."""

    def drain(self) -> None:
        """Lets them answer now: the process is about to stop, and would wait for them."""
        ...


class Peers(Protocol):
    """Channels to the other services."""

    def channel(self, service: str) -> aio.Channel:
        """The channel to ``service``: to the network, or in-process. The same for each caller; closed by its owner."""
        ...


@dataclass(frozen=True, slots=True)
class Runtime:
    """What the services of one process share."""

    peers: Peers
    heads: HeadWatch  # wakes subscribers when the log grows
    keys: KeyRing
    metrics: Metrics = field(default_factory=Metrics)
    history: History = field(default_factory=Undoubted)  # asked before anything is appended or copied unasked
