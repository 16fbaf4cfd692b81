"""Where webhook appends and which subscription it keeps: its schema, its role, its function."""

from pathlib import Path
from typing import Final

from pushward.database.migrate import Module
from pushward.eventlog.groupcommit import CommitHook, GroupCommitLog
from pushward.eventlog.postgres import open_log
from services.webhook.adapters.tables import WEBHOOK

SCHEMA: Final = "webhook"
ROLE: Final = "pushward_webhook"
REVISION: Final = 1
"""Of the state tables; sql/append.sql compares it with its own."""
SUBSCRIPTION: Final = "webhook"

MODULE: Final = Module(SCHEMA, Path(__file__).parent / "sql", role=ROLE, follows=(SUBSCRIPTION,))


def open_webhook_log(url: str, *, lanes: int, on_commit: CommitHook) -> GroupCommitLog:
    """The log that writes webhooks. Connects when it is first used."""
    return open_log(
        url,
        ROLE,
        function="webhook.append",
        tables=(WEBHOOK.name,),
        revision=REVISION,
        lanes=lanes,
        on_commit=on_commit,
    )
