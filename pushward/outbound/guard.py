"""Holds connections to what ``addresses`` allows: once when a name is resolved, and once more when a socket is made.

The second look is at the very address that the socket will connect to, so nothing between the two (a cache, an
address literal, a name that resolves anew) can slip another one in.
"""

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from aiohttp.abc import AbstractResolver, ResolveResult

from pushward.outbound.addresses import is_loopback, is_public, parse
from pushward.outbound.urls import Reach

LOOKUPS_AT_ONCE_MAX: Final = 64
"""Lookups block a thread each; the bound keeps one tenant's dead name server from holding up everybody's lookups."""

ADDRESSES_PER_NAME_MAX: Final = 32


class AddressRefusedError(OSError):
    """The name, or the address, leads where tenants may not make us connect to."""


def check_address(text: str, reach: Reach) -> None:
    """Raises AddressRefusedError unless ``text`` is an address within ``reach``."""
    address = parse(text)
    if address is None or not (is_public(address) or (reach.loopback and is_loopback(address))):
        raise AddressRefusedError(f"{text} is not a public address")


class GuardedResolver(AbstractResolver):
    """The system's resolver; refuses a name unless every address of it is within reach."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        self._threads = ThreadPoolExecutor(LOOKUPS_AT_ONCE_MAX, thread_name_prefix="outbound-lookup")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Raises AddressRefusedError, OSError if the name has no address."""
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(
            self._threads, lambda: socket.getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM)
        )
        for *_, sockaddr in found:
            check_address(str(sockaddr[0]), self._reach)
        return [
            ResolveResult(
                hostname=host,
                host=str(sockaddr[0]),
                port=port,
                family=found_family,
                proto=protocol,
                flags=socket.AI_NUMERICHOST,
            )
            for found_family, _, protocol, _, sockaddr in found[:ADDRESSES_PER_NAME_MAX]
        ]

    async def close(self) -> None:
        """Lets the threads go; a lookup that still runs is abandoned."""
        self._threads.shutdown(wait=False, cancel_futures=True)


class GuardedSockets:
    """Makes the sockets of a connector, each only for an address within reach."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach

    def __call__(self, address_info: tuple[Any, ...]) -> socket.socket:  # Any: as socket.getaddrinfo has it
        """A socket for ``address_info``, which is what it will be connected to."""
        family, kind, protocol, _, sockaddr = address_info
        check_address(str(sockaddr[0]), self._reach)
        return socket.socket(family=family, type=kind, proto=protocol)
