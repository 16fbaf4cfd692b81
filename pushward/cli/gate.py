"""Keeps requests out of services that can't serve yet: before the schema is right there is nothing to ask.

Who calls meanwhile gets UNAVAILABLE, on either kind of channel, so it looks like any peer that is away for a while.
"""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from typing import Any, Final, TypeAlias

import grpc

from pushward.errors import UnavailableError
from pushward.service import Drains, Registrar, Service

STARTING: Final = "starting"
NOT_YET: Final = "Pushward is starting. Try again in a moment."

# Any: handlers of every request and reply type, here and below.
Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"


class Gate:
    """Shut until it is opened. ``reason`` says, for operators, what it waits for."""

    def __init__(self) -> None:
        self.reason: str | None = STARTING

    def open(self) -> None:
        """Lets requests through from now on."""
        self.reason = None

    def check(self) -> None:
        """Raises UnavailableError while the gate is shut."""
        if self.reason is not None:
            raise UnavailableError(NOT_YET)


class GatedService:
    """A service behind a gate: not ready, and its handlers refuse, while it is shut."""

    def __init__(self, service: Service, gate: Gate) -> None:
        self.name = service.name
        self._service = service
        self._gate = gate

    def register(self, server: Registrar) -> None:
        """Adds the service's servicers, gated."""
        self._service.register(_GatedRegistrar(server, self._gate))

    async def start(self) -> None:
        """As the service."""
        await self._service.start()

    def drain(self) -> None:
        """As the service, if it has something to drain."""
        if isinstance(self._service, Drains):
            self._service.drain()

    async def stop(self) -> None:
        """As the service."""
        await self._service.stop()

    async def ready(self) -> str | None:
        """What the gate waits for, then what the service says."""
        return self._gate.reason or await self._service.ready()


class _GatedRegistrar:
    def __init__(self, server: Registrar, gate: Gate) -> None:
        self._server = server
        self._gate = gate

    def add_generic_rpc_handlers(self, generic_rpc_handlers: Sequence[grpc.GenericRpcHandler]) -> None:
        """Generated code gives each handler twice; the named ones are used for both."""

    def add_registered_method_handlers(self, service_name: str, method_handlers: Mapping[str, Handler]) -> None:
        gated = {name: _gated(handler, self._gate) for name, handler in method_handlers.items()}
        self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service_name, gated),))
        self._server.add_registered_method_handlers(service_name, gated)


def _gated(handler: Handler, gate: Gate) -> Handler:
    if handler.unary_stream is not None:
        return grpc.unary_stream_rpc_method_handler(
            _gated_stream(handler.unary_stream, gate), handler.request_deserializer, handler.response_serializer
        )
    assert handler.unary_unary is not None, "no service takes a stream of requests"
    return grpc.unary_unary_rpc_method_handler(
        _gated_unary(handler.unary_unary, gate), handler.request_deserializer, handler.response_serializer
    )


def _gated_unary(behaviour: Callable[[Any, Any], Any], gate: Gate) -> Callable[[Any, Any], Any]:
    async def unary(request: Any, context: Any) -> Any:
        gate.check()
        return await behaviour(request, context)

    return unary


def _gated_stream(behaviour: Callable[[Any, Any], Any], gate: Gate) -> Callable[[Any, Any], Any]:
    async def stream(request: Any, context: Any) -> AsyncGenerator[Any, None]:
        gate.check()
        async with aclosing(behaviour(request, context)) as replies:
            async for reply in replies:
                yield reply

    return stream
