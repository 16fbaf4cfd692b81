"""What insights keeps: its schema and its role. It appends nothing to the log, and has no subscription of its own."""

from pathlib import Path
from typing import Final

from pushward.database.migrate import Module

SCHEMA: Final = "insights"
ROLE: Final = "pushward_insights"

MODULE: Final = Module(SCHEMA, Path(__file__).parent / "sql", role=ROLE)
