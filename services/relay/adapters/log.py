"""What relay keeps: its schema and its role. It appends nothing to the log."""

from pathlib import Path
from typing import Final

from pushward.database.migrate import Module

SCHEMA: Final = "relay"
ROLE: Final = "pushward_relay"

MODULE: Final = Module(SCHEMA, Path(__file__).parent / "sql", role=ROLE)
