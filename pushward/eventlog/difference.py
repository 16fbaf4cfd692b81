"""A row that a live state table and the log disagree on."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Difference:
    """``columns`` are those that differ; empty where the row is only ``live``, or only ``logged``."""

    shard: int
    table: str
    key: tuple[Any, ...]  # Any: column values
    columns: tuple[str, ...]
    live: bool = True
    logged: bool = True

    def __str__(self) -> str:
        name = f"{self.table}({', '.join(str(value) for value in self.key)})"
        if not self.live:
            return f"{name}: missing from the live table"
        if not self.logged:
            return f"{name}: not in the log"
        return f"{name}: differs in {', '.join(self.columns)}"
