"""Where challenge appends: its schema, its role, its function."""

from pathlib import Path
from typing import Final

from pushward.database.migrate import Module
from pushward.eventlog.groupcommit import CommitHook, GroupCommitLog
from pushward.eventlog.postgres import open_log
from services.challenge.adapters.tables import TABLES

SCHEMA: Final = "challenge"
ROLE: Final = "pushward_challenge"
REVISION: Final = 2
"""Of the state tables; sql/append.sql compares it with its own."""
CLOSER: Final = "challenge-closer"

MODULE: Final = Module(SCHEMA, Path(__file__).parent / "sql", role=ROLE, follows=(CLOSER,))


def open_challenge_log(url: str, *, lanes: int, on_commit: CommitHook) -> GroupCommitLog:
    """The log that writes challenges. Connects when it is first used."""
    return open_log(
        url,
        ROLE,
        function="challenge.append",
        tables=tuple(table.name for table in TABLES),
        revision=REVISION,
        lanes=lanes,
        on_commit=on_commit,
    )
