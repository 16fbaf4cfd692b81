"""All that somebody finds who took a database, a topic, or the logs."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import asyncpg

from tests.support.kafka import Record

Place = tuple[str, bytes]
"""Its name, and what is there."""

_TABLES: Final = """
    SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) FROM pg_tables
     WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1"""


async def dump(url: str) -> list[Place]:
    """Every value of every column of every table, of one moment; bytes as they are, all else as text."""
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            found = []
            for (table,) in await connection.fetch(_TABLES):
                for row in await connection.fetch(f"SELECT * FROM {table}"):
                    found += [(f"{table}.{column}", value) for column, value in row.items() if value is not None]
            return [(place, _bytes(value)) for place, value in found]
    finally:
        await connection.close()


def topic(records: Mapping[int, Sequence[Record]]) -> Iterator[Place]:
    """Every record's key, value and headers."""
    for partition, of_partition in records.items():
        for record in of_partition:
            place = f"partition {partition} offset {record.offset}"
            yield f"{place} key", record.key or b""
            yield f"{place} value", record.value or b""
            for name, value in record.headers:
                yield f"{place} header {name}", value


def files(paths: Iterable[Path]) -> Iterator[Place]:
    """What is in files."""
    for path in paths:
        yield path.name, path.read_bytes()


def _bytes(value: Any) -> bytes:  # Any: whatever a column holds
    return value if isinstance(value, bytes) else str(value).encode()
