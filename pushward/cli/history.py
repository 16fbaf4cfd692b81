"""Keeps a process from serving in a history of the log that is over, or that nobody has declared yet.

While the database isn't the one that the log's epoch began on, there is a problem: an operator must say
`pushward log new-epoch`. A process that ran through that ends, to be started again: what it remembers of the log
(heads, the latest events, caches) may be of positions that were handed out anew.
"""

from typing import Final

import asyncpg

from pushward.cli.errors import CommandError
from pushward.database.pool import Database
from pushward.errors import UnavailableError
from pushward.eventlog.epoch import current_epoch

UNKNOWN: Final = "the log's epoch is not known yet"


class HistoryWatch:
    """Looks at the log's epoch for one process, which begins in the first one that is found without a problem."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._began_in: int | None = None
        self._problem: str | None = UNKNOWN

    async def problem(self) -> str | None:
        """As of now, for whoever works unasked."""
        try:
            return await self.look()
        except CommandError as error:
            return str(error)  # the process ends, of its own look

    async def look(self) -> str | None:
        """Why nothing may be served now, or None. Raises CommandError once another epoch has begun."""
        try:
            epoch = await current_epoch(self._database)
        except (UnavailableError, asyncpg.PostgresError):
            return self._problem  # the services say that the database is away, each for itself
        if epoch is None:
            return self._problem
        if self._began_in not in (None, epoch.number):
            raise CommandError(
                f"The log has begun epoch {epoch.number}; this process began in epoch {self._began_in}: start it again."
            )
        self._problem = epoch.problem
        if self._problem is None:
            self._began_in = epoch.number
        return self._problem
