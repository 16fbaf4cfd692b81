"""`pushward serve insights` as a child process, which may be killed."""

import sys
from pathlib import Path
from typing import Final
from uuid import uuid4

from tests.integration.insights.conftest import World
from tests.support.child import Child

NO_RECOUNT_SECONDS: Final = 86_400.0
LIVE: Final = "insights_live"
STANDBY: Final = "insights_standby"
COUNTING: Final = "counter_started"


async def no_recounts(world: World) -> None:
    """Somebody else has the lease to recount."""
    assert await world.leases.take("recount", uuid4(), NO_RECOUNT_SECONDS) is not None


class Instance:
    """One process of insights; with `no_recounts`, whatever is counted was counted live."""

    def __init__(self, world: World, bootstrap: str, directory: Path) -> None:
        directory.mkdir()
        (directory / "log").touch()
        environment = {
            **world.environment(),
            "PUSHWARD_KAFKA": bootstrap,
            "PUSHWARD_INSIGHTS_ADDRESS": f"unix:{directory / 'insights.sock'}",
            "PUSHWARD_VAR_DIR": str(directory),
            "PUSHWARD_LOG_JSON": "true",
        }
        self.child = Child([sys.executable, "-m", "pushward.cli", "serve", "insights"], environment, directory / "log")
        self._lives_before = 0

    def start(self) -> None:
        """Starts, or starts again."""
        self._lives_before = len(self.said())
        self.child.start()

    def kill(self) -> None:
        """`kill -9`."""
        self.child.kill()

    def end(self) -> None:
        """Ends it in any case."""
        self.child.end()

    @property
    def is_live(self) -> bool:
        """Whether it holds the lease, as far as it said."""
        told = [event for event in self.said()[self._lives_before :] if event in (LIVE, STANDBY)]
        return self.child.running and told[-1:] == [LIVE]

    def said(self) -> list[str]:
        """The names of what it logged, in order."""
        return [entry.get("event", "") for entry in self.child.entries()]
