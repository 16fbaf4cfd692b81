"""The table of public addresses: what it refuses, and that no wrapping gets around it."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushward.outbound.addresses import REFUSED_IPV4, REFUSED_IPV6, is_public, parse

IPV4 = st.integers(0, 2**32 - 1).map(IPv4Address)
IPV6 = st.integers(0, 2**128 - 1).map(IPv6Address)


def inside(networks: Sequence[IPv4Network | IPv6Network]) -> st.SearchStrategy[IPv4Address | IPv6Address]:
    """Addresses of any of the networks, their ends included."""
    return st.sampled_from(networks).flatmap(
        lambda network: st.integers(0, network.num_addresses - 1).map(lambda offset: network[offset])
    )


def wrappings(inner: IPv4Address) -> list[IPv6Address]:
    """The forms in which an IPv6 address carries an IPv4 one."""
    value = int(inner)
    public_server = int(IPv4Address("8.8.8.8"))
    return [
        IPv6Address(0xFFFF << 32 | value),
        IPv6Address(0x64FF9B << 96 | value),
        IPv6Address(0x2002 << 112 | value << 80 | 1),
        IPv6Address(0x20010000 << 96 | public_server << 64 | ~value & 0xFFFFFFFF),
        IPv6Address(0x20010000 << 96 | value << 64 | ~public_server & 0xFFFFFFFF),
    ]


@given(inside(REFUSED_IPV4))
def test_an_address_of_a_special_ipv4_range_is_refused(address: IPv4Address) -> None:
    """Private, loopback, link-local, documentation, multicast and reserved ranges, from end to end."""
    assert not is_public(address)


@given(inside(REFUSED_IPV6))
def test_an_address_of_a_special_ipv6_range_is_refused(address: IPv6Address) -> None:
    """Also where the range lies within global unicast; Teredo's part of it is judged by what it carries."""
    if address not in IPv6Network("2001::/32"):
        assert not is_public(address)


@given(IPV4)
def test_a_wrapped_ipv4_address_is_judged_as_the_bare_one(inner: IPv4Address) -> None:
    """Mapped, NAT64, 6to4 and Teredo open no way around the IPv4 table."""
    assert {is_public(wrapped) for wrapped in wrappings(inner)} == {is_public(inner)}


@given(IPV6)
def test_an_ipv6_address_outside_global_unicast_is_refused(address: IPv6Address) -> None:
    """What isn't known to be public is refused; only a carried IPv4 address speaks for itself."""
    carriers = [IPv6Network("::ffff:0:0/96"), IPv6Network("64:ff9b::/96")]
    if address not in IPv6Network("2000::/3") and not any(address in carrier for carrier in carriers):
        assert not is_public(address)


@given(IPV4)
def test_whatever_is_public_to_us_is_global_to_python_too(address: IPv4Address) -> None:
    """Our table is the stricter one."""
    assert address.is_global or not is_public(address)


@pytest.mark.parametrize(
    "text",
    [
        "127.0.0.1",
        "169.254.169.254",
        "::",
        "::1",
        "::7f00:1",
        "::ffff:169.254.169.254",
        "64:ff9b::a00:1",
        "64:ff9b:1::808:808",
        "2002:7f00:1::",
        "fc00::1",
        "fd12:3456::1",
        "fe80::1",
        "fe80::1%eth0",
        "2606:4700::1%eth0",
        "fec0::1",
        "ff02::1",
        "100::1",
        "5f00::1",
        "2001:db8::1",
        "3fff::1",
        "255.255.255.255",
    ],
)
def test_a_well_known_inner_address_is_refused(text: str) -> None:
    """The ones that attacks use, by name."""
    address = parse(text)
    assert address is not None
    assert not is_public(address)


@pytest.mark.parametrize(
    "text", ["8.8.8.8", "1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "2a00:1450:4001::1", "::ffff:8.8.8.8"]
)
def test_a_public_address_is_accepted(text: str) -> None:
    """The table doesn't refuse the internet."""
    address = parse(text)
    assert address is not None
    assert is_public(address)


@pytest.mark.parametrize("text", ["127.1", "2130706433", "0x7f.0.0.1", "0177.0.0.1", "example.com", ""])
def test_a_form_that_is_not_canonical_is_no_address(text: str) -> None:
    """So it can't be judged as one thing and connected to as another."""
    assert parse(text) is None
