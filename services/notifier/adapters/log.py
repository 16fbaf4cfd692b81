"""What notifier keeps, and which subscription: its schema and its role. It appends nothing to the log."""

from pathlib import Path
from typing import Final

from pushward.database.migrate import Module

SCHEMA: Final = "notifier"
ROLE: Final = "pushward_notifier"
SUBSCRIPTION: Final = "notifier"

MODULE: Final = Module(SCHEMA, Path(__file__).parent / "sql", role=ROLE, follows=(SUBSCRIPTION,))
