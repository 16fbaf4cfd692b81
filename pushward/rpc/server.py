"""A network server: our services, guarded and bounded, with gRPC's health and reflection services.

It says NOT_SERVING until it is told that it is ready, and again from the moment it stops. Stopping refuses new calls,
lets running ones finish for a grace period and then cancels them.
"""

import os
from collections.abc import Callable, Sequence
from typing import Final

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import SERVICE_NAME as HEALTH_SERVICE
from grpc_health.v1.health import aio as health
from grpc_reflection.v1alpha import reflection

from pushward.rpc.address import TlsFiles, check_address, unix_path
from pushward.rpc.guard import GuardInterceptor
from pushward.rpc.inprocess import InProcessServer
from pushward.rpc.limits import (
    KEEPALIVE_INTERVAL_MS,
    KEEPALIVE_INTERVAL_MS_MIN,
    KEEPALIVE_TIMEOUT_MS,
    MAX_CONCURRENT_RPCS,
    MAX_MESSAGE_BYTES,
    STOP_GRACE_SECONDS,
)

Registration = Callable[[grpc.aio.Server], None]
"""Adds servicers to a server, e.g. ``partial(add_RegistryServicer_to_server, registry)``.

It does nothing else: `serve` runs it twice, the second time to learn the services' names.
"""

OPTIONS: Final = (
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.keepalive_time_ms", KEEPALIVE_INTERVAL_MS),
    ("grpc.keepalive_timeout_ms", KEEPALIVE_TIMEOUT_MS),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.http2.min_ping_interval_without_data_ms", KEEPALIVE_INTERVAL_MS_MIN),
    ("grpc.so_reuseport", 0),  # a second server on the same port must fail, not take half of the calls
)
OWNER_ONLY: Final = 0o600
ALL_SERVICES: Final = ""


class NetworkServer:
    """A started server. Made by `serve`."""

    def __init__(self, server: grpc.aio.Server, address: str, services: Sequence[str]) -> None:
        self.address = address
        self._server = server
        self._services = (ALL_SERVICES, *services)
        self._health = health.HealthServicer()

    async def start(self) -> None:
        """Begins to take calls; not ready yet."""
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        await self.set_ready(False)
        await self._server.start()

    async def set_ready(self, ready: bool) -> None:
        """Tells whoever asks gRPC's health service, for each of our services and for all."""
        status = health_pb2.HealthCheckResponse.SERVING if ready else health_pb2.HealthCheckResponse.NOT_SERVING
        for service in self._services:
            await self._health.set(service, status)

    async def stop(self, grace_seconds: float = STOP_GRACE_SECONDS) -> None:
        """Says NOT_SERVING, refuses new calls, waits for running ones up to ``grace_seconds``, cancels the rest."""
        await self._health.enter_graceful_shutdown()
        await self._server.stop(grace_seconds)


async def serve(
    registrations: Sequence[Registration],
    address: str,
    tls: TlsFiles | None = None,
    *,
    max_concurrent_rpcs: int = MAX_CONCURRENT_RPCS,
) -> NetworkServer:
    """A server of ``registrations`` at ``address`` (``unix:PATH`` or ``HOST:PORT``; port 0: any, see ``.address``).

    Raises `pushward.rpc.address.UnsafeAddressError` for an address that needs mutual TLS, and RuntimeError for one that
    can't be bound. A Unix socket is its owner's alone.
    """
    check_address(address, tls)
    server = grpc.aio.server(
        interceptors=[GuardInterceptor()], options=OPTIONS, maximum_concurrent_rpcs=max_concurrent_rpcs
    )
    for register in registrations:
        register(server)
    services = _services_of(registrations)
    reflection.enable_server_reflection((*services, HEALTH_SERVICE, reflection.SERVICE_NAME), server)
    if tls is None:
        port = server.add_insecure_port(address)
    else:
        port = server.add_secure_port(address, tls.server_credentials())
    path = unix_path(address)
    if path is not None:
        os.chmod(path, OWNER_ONLY)
    else:
        address = f"{address.rpartition(':')[0]}:{port}"
    network_server = NetworkServer(server, address, services)
    await network_server.start()
    return network_server


def _services_of(registrations: Sequence[Registration]) -> list[str]:
    recorder = InProcessServer()
    for register in registrations:
        register(recorder)
    return recorder.services
