"""What is kept with a lease: never an older position over a newer one, nor a position over the order to begin anew."""

import asyncio
from collections.abc import Sequence
from uuid import UUID, uuid4

import pytest

from pushward.errors import UnavailableError
from services.relay.adapters.memory_leases import MemoryLeases
from services.relay.app.keeping import Keeping
from services.relay.app.ports import Progress
from services.relay.domain.tail import Kept

SHARD = 0
EPOCH = 1
LEASE_SECONDS = 60.0
OWNER = UUID(int=1)


class FailingOnce(MemoryLeases):
    """Leases whose first write hangs until the test lets it fail."""

    def __init__(self) -> None:
        super().__init__({SHARD: []}, lambda: 0.0)
        self.writing = asyncio.Event()
        self.fails = asyncio.Event()

    async def keep(self, owner: UUID, progress: Sequence[Progress]) -> frozenset[int]:
        """As the port says, after the first time."""
        if not self.writing.is_set():
            self.writing.set()
            await self.fails.wait()
            raise UnavailableError("The database can't be reached.")
        return await super().keep(owner, progress)


def progress(position: int) -> Progress:
    """A position of the first term."""
    return Progress(SHARD, 1, Kept(EPOCH, position, uuid4() if position else None))


def never(lost: Progress) -> None:
    """Nothing is anybody else's here."""
    raise AssertionError(lost)


async def test_a_position_whose_write_failed_does_not_come_after_what_is_kept_at_once() -> None:
    """The partition is filled again from the start: until then nobody may take it to be full up to 100."""
    leases = FailingOnce()
    await leases.claim(OWNER, LEASE_SECONDS)
    keeping = Keeping(leases, OWNER, never)
    keeping.add(progress(100))
    flushing = asyncio.create_task(keeping.flush())
    await leases.writing.wait()
    again = asyncio.create_task(keeping.at_once(progress(0)))
    await asyncio.sleep(0)  # it waits for the write that is under way
    leases.fails.set()
    with pytest.raises(UnavailableError):
        await flushing
    await again
    await keeping.flush()
    assert leases.rows[SHARD].kept.position == 0


async def test_a_position_whose_write_failed_is_kept_later() -> None:
    """Unless a newer one has come meanwhile."""
    leases = FailingOnce()
    await leases.claim(OWNER, LEASE_SECONDS)
    keeping = Keeping(leases, OWNER, never)
    keeping.add(progress(100))
    leases.fails.set()
    with pytest.raises(UnavailableError):
        await keeping.flush()
    await keeping.flush()
    assert leases.rows[SHARD].kept.position == 100
