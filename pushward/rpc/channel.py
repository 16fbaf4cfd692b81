"""Opens the channels to other services, over the network or inside the process, with the same bounds and errors."""

import json
from typing import Final

import grpc

from pushward.rpc.address import TlsFiles, check_address
from pushward.rpc.client import ClientChannel
from pushward.rpc.inprocess import InProcessChannel, InProcessServer
from pushward.rpc.limits import (
    CONNECT_TIMEOUT_MS,
    KEEPALIVE_INTERVAL_MS,
    KEEPALIVE_TIMEOUT_MS,
    MAX_MESSAGE_BYTES,
    RECONNECT_DELAY_MS_INITIAL,
    RECONNECT_DELAY_MS_MAX,
)

OPTIONS: Final = (
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.keepalive_time_ms", KEEPALIVE_INTERVAL_MS),
    ("grpc.keepalive_timeout_ms", KEEPALIVE_TIMEOUT_MS),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.initial_reconnect_backoff_ms", RECONNECT_DELAY_MS_INITIAL),
    ("grpc.min_reconnect_backoff_ms", CONNECT_TIMEOUT_MS),  # gRPC's name for how long one attempt may take
    ("grpc.max_reconnect_backoff_ms", RECONNECT_DELAY_MS_MAX),
    ("grpc.enable_http_proxy", 0),  # a proxy set for outbound calls is not for our own
    ("grpc.service_config", json.dumps({"loadBalancingConfig": [{"round_robin": {}}]})),
)


def open_channel(address: str, tls: TlsFiles | None = None) -> ClientChannel:
    """A channel to the service that listens at ``address``; connects, and reconnects, by itself.

    Raises `pushward.rpc.address.UnsafeAddressError` for an address that needs mutual TLS.
    """
    return ClientChannel(network_channel(address, tls))


def open_inprocess(server: InProcessServer) -> ClientChannel:
    """A channel to a server of this process."""
    return ClientChannel(InProcessChannel(server))


def network_channel(address: str, tls: TlsFiles | None = None) -> grpc.aio.Channel:
    """The channel inside `open_channel`'s: gRPC's own errors, no default deadline."""
    check_address(address, tls)
    if tls is None:
        return grpc.aio.insecure_channel(address, OPTIONS)
    return grpc.aio.secure_channel(address, tls.channel_credentials(), OPTIONS)
