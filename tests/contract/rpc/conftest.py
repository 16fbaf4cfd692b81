"""``connect`` serves a notifier on each kind of channel in turn, and puts everything away after the test."""

from collections.abc import AsyncIterator, Awaitable
from pathlib import Path
from typing import Protocol

import pytest

from pushward.api.notifier.v1 import notifier_pb2_grpc
from tests.contract.rpc.peers import (
    Notifier,
    Peer,
    StreamHandler,
    UnaryHandler,
    answer,
    inprocess_peer,
    network_peer,
    tell_nothing,
)


class Connect(Protocol):
    """Serves a notifier with these handlers, or this servicer."""

    def __call__(
        self,
        unary: UnaryHandler = answer,
        stream: StreamHandler = tell_nothing,
        *,
        servicer: notifier_pb2_grpc.NotifierServicer | None = None,
        max_concurrent_rpcs: int = 100,
    ) -> Awaitable[Peer]: ...


@pytest.fixture(params=["network", "in-process"])
async def connect(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Connect]:
    """Makes peers behind one kind of channel."""
    make = network_peer if request.param == "network" else inprocess_peer
    peers: list[Peer] = []

    async def connect(
        unary: UnaryHandler = answer,
        stream: StreamHandler = tell_nothing,
        *,
        servicer: notifier_pb2_grpc.NotifierServicer | None = None,
        max_concurrent_rpcs: int = 100,
    ) -> Peer:
        peers.append(await make(servicer or Notifier(unary, stream), tmp_path, max_concurrent_rpcs))
        return peers[-1]

    yield connect
    for peer in peers:
        await peer.client.close()
        await peer.stop(0)
