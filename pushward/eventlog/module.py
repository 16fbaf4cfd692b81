"""The log's own schema, for the migrations."""

from pathlib import Path
from typing import Final

from pushward.database.migrate import Module

LOG_MODULE: Final = Module("log", Path(__file__).parent / "sql")
