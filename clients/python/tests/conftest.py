"""A fake edge, and a device that is enrolled at it."""

from collections.abc import AsyncIterator

import pytest
from fake_clock import FakeClock
from fake_edge import BASE_URL, FakeEdge
from pushward_device import Device, Factor, MemoryKeyStore


@pytest.fixture
def edge() -> FakeEdge:
    """The contract's side of the conversation."""
    return FakeEdge()


@pytest.fixture
def clock(edge: FakeEdge) -> FakeClock:
    """The device's clock, right at first."""
    return FakeClock(edge)


@pytest.fixture
def store() -> MemoryKeyStore:
    """The device's memory."""
    return MemoryKeyStore()


@pytest.fixture
async def device(edge: FakeEdge, clock: FakeClock, store: MemoryKeyStore) -> AsyncIterator[Device]:
    """A device that isn't enrolled yet."""
    async with Device(BASE_URL, store, transport=edge, clock=clock) as device:
        yield device


@pytest.fixture
async def factor(edge: FakeEdge, device: Device) -> Factor:
    """The device's verified factor."""
    return await device.register_factor(edge.issue(), "Test phone", app_id="com.example.app")
