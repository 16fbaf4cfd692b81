"""The stores and processes of a crash run, all of which may be killed.

PostgreSQL and Kafka of its own; the whole system in shape SPLIT, with a second relay; two subscribers that share their
shards; a consumer; a writer. Everything is a child of the test's process and ends with it.
"""

import asyncio
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deploy.embedded.kafka import EmbeddedKafka
from deploy.embedded.postgres import EmbeddedPostgres
from tests.crash import ledger
from tests.crash.schedule import Target
from tests.support.child import Child
from tests.support.installation import SHARDS, Account, Installation, Stores
from tests.support.system import Shape, System, running

JOURNAL: Final = "journal"
ALARMING: Final = ("error", "critical")
CLIENT_LOGGERS: Final = ("aiokafka", "faust", "mode")
"""To these libraries an unreachable broker is an error."""

SUPERVISING: Final = Target.INSIGHTS
"""It ends its own counter where that hangs, and says so; its figures have a suite of their own."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a world begins with. ``after`` is where its subscribers were installed."""

    stores: Stores
    account: Account
    after: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class World:
    """All that a run has. ``children`` are every target but the stores."""

    postgres: EmbeddedPostgres
    kafka: EmbeddedKafka
    prepared: Prepared
    system: System
    children: Mapping[Target, Child]
    journal: Path

    @property
    def url(self) -> str:
        """The database's."""
        return self.prepared.stores.database_url

    def alarms(self) -> Iterator[str]:
        """What any process logged as an error: deaths around it are none to anybody."""
        for target, child in self.children.items():
            for entry in child.entries() if target is not SUPERVISING else ():
                if entry.get("level") in ALARMING and not str(entry.get("logger")).startswith(CLIENT_LOGGERS):
                    yield f"{target}: {entry}"

    def tail(self) -> str:
        """The end of what each process said."""
        return "\n".join(f"--- {target}\n{child.tail()}" for target, child in self.children.items())


async def prepared(postgres: EmbeddedPostgres, directory: Path) -> Prepared:
    """Stores on this server, with an account and the suite's own corner."""
    # Not a copy: of a copied database, with wal_level=minimal, a crash may lose what unlogged tables begin with.
    installation = await asyncio.to_thread(Installation, postgres, directory)
    after = await ledger.prepare(installation.stores.database_url)
    return Prepared(installation.stores, installation.account, after)


@contextmanager
def at_work(postgres: EmbeddedPostgres, kafka: EmbeddedKafka, beginning: Prepared, directory: Path) -> Iterator[World]:
    """The world, everything running."""
    journal = directory / JOURNAL
    journal.touch()
    with running(Shape.SPLIT, beginning.stores, directory, {"PUSHWARD_KAFKA": kafka.bootstrap}) as system:
        own = {
            Target.OTHER_RELAY: system.another("relay"),
            Target.SUBSCRIBER: _program("subscriber", "subscriber", beginning.stores, directory),
            Target.OTHER_SUBSCRIBER: _program("subscriber", "other-subscriber", beginning.stores, directory),
            Target.CONSUMER: _program("consumer", "consumer", beginning.stores, directory, kafka.bootstrap),
            Target.WRITER: _program("writer", "writer", beginning.stores, directory, str(SHARDS), str(journal)),
        }
        children = {**{Target(name): child for name, child in system.children.items() if name in {*Target}}, **own}
        try:
            for child in own.values():
                child.start()
            yield World(postgres, kafka, beginning, system, children, journal)
        finally:
            # Everything is made to be killed; nobody has to drain.
            for child in children.values():
                if child.running:
                    child.kill()


def _program(module: str, name: str, stores: Stores, directory: Path, *arguments: str) -> Child:
    command = [sys.executable, "-m", f"tests.crash.{module}", stores.database_url, *arguments]
    return Child(command, stores.environment(), directory / f"{name}.log")
