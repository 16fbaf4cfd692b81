"""Where registry appends: its schema, its role, its function."""

from pathlib import Path
from typing import Final

from pushward.database.migrate import Module
from pushward.eventlog.groupcommit import CommitHook, GroupCommitLog
from pushward.eventlog.postgres import open_log
from services.registry.adapters.tables import TABLES

SCHEMA: Final = "registry"
ROLE: Final = "pushward_registry"
REVISION: Final = 2
"""Of the state tables; sql/append.sql compares it with its own."""
REAPER: Final = "service-reaper"
KEY_DESTROYER: Final = "key-destroyer"

MODULE: Final = Module(SCHEMA, Path(__file__).parent / "sql", role=ROLE, follows=(REAPER, KEY_DESTROYER))


def open_registry_log(url: str, *, lanes: int, on_commit: CommitHook) -> GroupCommitLog:
    """The log that writes registry's streams. Connects when it is first used."""
    return open_log(
        url,
        ROLE,
        function="registry.append",
        tables=tuple(table.name for table in TABLES),
        revision=REVISION,
        lanes=lanes,
        on_commit=on_commit,
    )
