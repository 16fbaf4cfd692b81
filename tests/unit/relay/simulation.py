"""Relays, a log and a broker in one place and in virtual time: what the tests of the loops play with."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from pushward.errors import UnavailableError
from pushward.eventlog.event import StoredEvent
from pushward.eventlog.heads import HeadWatch
from pushward.eventlog.memory import MemoryLog
from pushward.kafka.memory import MemoryBroker
from pushward.kafka.record import Published, published, topic_of
from pushward.telemetry.metrics import Metrics
from services.relay.adapters.memory_leases import MemoryLeases
from services.relay.app.ports import Lease, Progress
from services.relay.app.relay import Relay
from tests.support.probe.counter import counting, stream
from tests.support.virtual_time import VirtualTimeLoop

EPOCH: Final = 1
TOPIC: Final = topic_of(EPOCH)


class LeasesOf:
    """The leases as one process reaches them; ``away`` cuts it off from the store."""

    def __init__(self, leases: MemoryLeases) -> None:
        self._leases = leases
        self.away = False

    async def claim(self, owner: UUID, seconds: float) -> Sequence[Lease]:
        """As the port says."""
        self._reached()
        return await self._leases.claim(owner, seconds)

    async def keep(self, owner: UUID, progress: Sequence[Progress]) -> frozenset[int]:
        """As the port says."""
        self._reached()
        return await self._leases.keep(owner, progress)

    async def tell(self, owner: UUID, shard: int, term: int, alarm: str | None, trouble: str | None) -> None:
        """As the port says."""
        self._reached()
        await self._leases.tell(owner, shard, term, alarm, trouble)

    async def release(self, owner: UUID) -> None:
        """As the port says."""
        self._reached()
        await self._leases.release(owner)

    def _reached(self) -> None:
        if self.away:
            raise UnavailableError("The database can't be reached.")


class DoubtedHistory:
    """The log's history; ``doubt`` is what is wrong with it, if anything."""

    def __init__(self) -> None:
        self.doubt: str | None = None

    async def problem(self) -> str | None:
        """As the port says."""
        return self.doubt


class Process:
    """A relay's process. With a frozen clock it never notices that its lease has lapsed: a zombie."""

    def __init__(self, simulation: "Simulation") -> None:
        self._loop = simulation.loop
        self._frozen_at: float | None = None
        self.leases = LeasesOf(simulation.leases)
        self.heads = HeadWatch(simulation.log)
        self.metrics = Metrics()
        self.relay = Relay(
            simulation.broker,
            self.leases,
            simulation.log,
            self.heads,
            simulation.history,
            self.metrics,
            monotonic=self._monotonic,
        )

    def freeze(self) -> None:
        """Stops the clock, and cuts the process off from the leases: it goes on as if it still held them."""
        self._frozen_at = self._loop.time()
        self.leases.away = True

    async def kill(self) -> None:
        """As `kill -9` would: nothing is given back, and what was sent may still arrive."""
        tasks = [*self.relay._tasks, *(running.task for running in self.relay._running.values())]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _monotonic(self) -> float:
        return self._loop.time() if self._frozen_at is None else self._frozen_at


class Simulation:
    """One log, one broker, one store of leases, and processes."""

    def __init__(self, *, shards: int = 1, holds: bool = False) -> None:
        self.loop = VirtualTimeLoop()
        self.log = MemoryLog(shards)
        self.broker = MemoryBroker(holds=holds)
        self.leases = MemoryLeases(self.log.events, self.loop.time)
        self.history = DoubtedHistory()
        self.processes: list[Process] = []

    def append(self, count: int, shard: int = 0) -> None:
        """Events that every process hears of."""
        before = len(self.log.events[shard])
        for _ in range(count):
            self.loop.run(self.log.commit([counting(stream(shard), 0)]))
        for process in self.processes:
            process.heads.committed(self.log.events[shard][before:])

    def start(self) -> Process:
        """A process, which knows how long the log is."""
        process = Process(self)
        for events in self.log.events.values():
            if events:
                process.heads.committed(events[-1:])
        self.loop.run(process.relay.start())
        self.processes.append(process)
        return process

    def kill(self, process: Process) -> None:
        """Its process is no more."""
        self.processes.remove(process)
        self.loop.run(process.kill())

    def stop(self, process: Process) -> None:
        """In an orderly way."""
        self.processes.remove(process)
        self.loop.run(process.relay.stop())

    def pass_time(self, seconds: float) -> None:
        """Everybody works."""
        self.loop.pass_time(seconds)

    def events_in(self, shard: int = 0, topic: str = TOPIC) -> list[Published]:
        """What a consumer of the partition sees from its beginning on."""
        found = self.broker.topics.get(topic)
        if found is None:
            return []
        records = found.partitions[shard].records
        return [published(shard, record.key, record.value, record.headers) for record in records]

    def positions_in(self, shard: int = 0, topic: str = TOPIC) -> list[int]:
        """Their positions."""
        return [each.event.position for each in self.events_in(shard, topic)]

    def rewrite(self, position: int, shard: int = 0) -> None:
        """Puts another event in its place, as a restore from a backup followed by other commands would."""
        events: list[StoredEvent] = self.log.events[shard]
        self.loop.run(self.log.commit([counting(stream(shard), 0)]))
        other = events.pop()
        changed: dict[str, Any] = {"event_id": other.event_id, "position": position}  # Any: replace's keywords
        events[position - 1] = StoredEvent(**{**{name: getattr(other, name) for name in other.__slots__}, **changed})

    def close(self) -> None:
        """Ends everything."""
        for process in list(self.processes):
            self.kill(process)
        self.loop.close()
