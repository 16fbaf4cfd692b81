"""Which IP addresses a tenant may make us connect to: those of the public internet, by our own table.

An address that only carries an IPv4 address (mapped, NAT64, 6to4, Teredo) is judged by the address it carries, since
that is where its packets end. Whatever the tables don't know to be public is refused. ``ipaddress.is_global`` alone
would let translated addresses and the anycast relays through, and changes with the Python release.

Not covered: a NAT64 gateway with a prefix of the operator's own looks like any public network; keep such prefixes from
the hosts that call out.
"""

from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

REFUSED_IPV4: Final = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network (RFC 791)
        "10.0.0.0/8",  # private use (RFC 1918)
        "100.64.0.0/10",  # shared by carriers (RFC 6598)
        "127.0.0.0/8",  # loopback (RFC 1122)
        "169.254.0.0/16",  # link-local: also the clouds' metadata services (RFC 3927)
        "172.16.0.0/12",  # private use (RFC 1918)
        "192.0.0.0/24",  # protocol assignments (RFC 6890)
        "192.0.2.0/24",  # documentation (RFC 5737)
        "192.31.196.0/24",  # AS112 (RFC 7535)
        "192.52.193.0/24",  # AMT (RFC 7450)
        "192.88.99.0/24",  # 6to4 relays (RFC 7526)
        "192.168.0.0/16",  # private use (RFC 1918)
        "192.175.48.0/24",  # AS112 (RFC 7534)
        "198.18.0.0/15",  # benchmarking (RFC 2544)
        "198.51.100.0/24",  # documentation (RFC 5737)
        "203.0.113.0/24",  # documentation (RFC 5737)
        "224.0.0.0/4",  # multicast (RFC 5771)
        "240.0.0.0/4",  # reserved, and the broadcast address (RFC 1112)
    )
)

GLOBAL_UNICAST_IPV6: Final = IPv6Network("2000::/3")
"""The only part of IPv6 from which public addresses are given out (RFC 4291)."""

REFUSED_IPV6: Final = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments: benchmarking, ORCHID and others (RFC 2928)
        "2001:db8::/32",  # documentation (RFC 3849)
        "2620:4f:8000::/48",  # AS112 (RFC 7534)
        "3fff::/20",  # documentation (RFC 9637)
    )
)


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether packets to ``address`` go to the public internet. An address with a zone never does."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in REFUSED_IPV4)
    if address.scope_id is not None:
        return False
    for network, carried in _CARRIERS:
        if address in network:
            return all(is_public(inner) for inner in carried(int(address)))
    return address in GLOBAL_UNICAST_IPV6 and not any(address in network for network in REFUSED_IPV6)


def is_loopback(address: IPv4Address | IPv6Address) -> bool:
    """Whether ``address`` is this machine itself."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped.is_loopback
    return address.is_loopback


def parse(text: str) -> IPv4Address | IPv6Address | None:
    """The address that ``text`` is, None if it is a name (or a short or octal form, which nobody should be offered)."""
    try:
        return ip_address(text)
    except ValueError:
        return None


def _low_32(value: int) -> tuple[IPv4Address, ...]:
    return (IPv4Address(value & 0xFFFF_FFFF),)


def _after_16(value: int) -> tuple[IPv4Address, ...]:
    return (IPv4Address(value >> 80 & 0xFFFF_FFFF),)


def _server_and_client(value: int) -> tuple[IPv4Address, ...]:
    """Teredo's server in clear, and its client with all bits flipped (RFC 4380, section 4)."""
    return IPv4Address(value >> 64 & 0xFFFF_FFFF), IPv4Address(~value & 0xFFFF_FFFF)


_CARRIERS: Final[tuple[tuple[IPv6Network, Callable[[int], tuple[IPv4Address, ...]]], ...]] = (
    (IPv6Network("::ffff:0:0/96"), _low_32),  # mapped (RFC 4291)
    (IPv6Network("64:ff9b::/96"), _low_32),  # NAT64 (RFC 6052)
    (IPv6Network("2002::/16"), _after_16),  # 6to4 (RFC 3056)
    (IPv6Network("2001::/32"), _server_and_client),  # Teredo (RFC 4380)
)
