"""Compares the live tables with the new ones, in SQL: all rows, or those with certain keys.

Both sides must be of one snapshot, and the new tables must be at its heads.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from pushward.eventlog.difference import Difference
from pushward.eventlog.rebuild.connection import Connection
from pushward.eventlog.rebuild.fold import Rows
from pushward.eventlog.rebuild.projection import AnyTable, Projection, bare_name, columns_of

FETCH_DIFFERENCES: Final = 1_000
NAMED_DIFFERENCES_MAX: Final = 10_000
"""Beyond them differences are counted only: where code makes other rows than it made, every row is one."""

Key = tuple[Any, ...]
"""A row's key. Any: column values."""
Keys = dict[str, set[Key]]
"""Rows by table and key."""


class Differences:
    """The latest word on every row that was ever found different; ``unnamed`` more were only counted."""

    def __init__(self) -> None:
        self._by_row: dict[tuple[str, Key], Difference] = {}
        self.unnamed = 0

    def __len__(self) -> int:
        """How many there are."""
        return len(self._by_row) + self.unnamed

    def take(self, compared: Keys, found: Iterable[Difference]) -> None:
        """What a comparison of these rows has found: those that it didn't find are alike by now."""
        for table, keys in compared.items():
            for key in keys:
                self._by_row.pop((table, key), None)
        self._by_row.update({(difference.table, difference.key): difference for difference in found})

    def take_whole(self, found: Iterable[Difference], unnamed: int) -> None:
        """What a comparison of all rows has found."""
        self._by_row.clear()
        self.take({}, found)
        self.unnamed = unnamed

    def named(self) -> Sequence[Difference]:
        """In the order of shards, tables and keys."""
        return sorted(self._by_row.values(), key=lambda one: (one.shard, one.table, str(one.key)))


async def compare_all(connection: Connection, projection: Projection, differences: Differences) -> None:
    """Compares all rows, in a transaction with one snapshot."""
    found: list[Difference] = []
    unnamed = 0
    for table in projection.tables:
        on = " AND ".join(f"l.{name} = n.{name}" for name in table.key)
        source = f"{table.name} AS l FULL JOIN {_next(projection, table)} AS n ON {on}"
        async for row in connection.cursor(_query(table, source), prefetch=FETCH_DIFFERENCES):
            if len(found) < NAMED_DIFFERENCES_MAX:
                found.append(_difference(table, row))
            else:
                unnamed += 1
    differences.take_whole(found, unnamed)


async def compare_keys(connection: Connection, projection: Projection, keys: Keys) -> Sequence[Difference]:
    """The differences among the rows with these keys."""
    found: list[Difference] = []
    for table in projection.tables:
        if wanted := keys.get(table.name):
            types = await key_types(connection, table)
            names = ", ".join(table.key)
            source = (
                f"unnest({_parameters(types)}) AS k({names}) LEFT JOIN {table.name} AS l USING ({names}) "
                f"LEFT JOIN {_next(projection, table)} AS n USING ({names})"
            )
            rows = await connection.fetch(_query(table, source), *by_column(wanted))
            found += [_difference(table, row) for row in rows]
    return found


async def delete_keys(connection: Connection, projection: Projection, keys: Keys) -> None:
    """Takes these rows out of the new tables."""
    for table in projection.tables:
        if wanted := keys.get(table.name):
            types = await key_types(connection, table)
            on = " AND ".join(f"n.{name} = k.{name}" for name in table.key)
            await connection.execute(
                f"DELETE FROM {_next(projection, table)} AS n "
                f"USING unnest({_parameters(types)}) AS k({', '.join(table.key)}) WHERE {on}",
                *by_column(wanted),
            )


async def key_types(connection: Connection, table: AnyTable) -> Sequence[str]:
    """The types of a table's key columns."""
    rows: Mapping[str, str] = dict(
        await connection.fetch(
            "SELECT attname::text, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = $1::regclass",
            table.name,
        )
    )
    return [rows[name] for name in table.key]


def keys_of(projection: Projection, rows: Rows) -> Keys:
    """The keys of rows that have their place first."""
    keys: Keys = {}
    for table in projection.tables:
        columns = columns_of(table)
        at = [columns.index(name) for name in table.key]
        keys[table.name] = {tuple(row[index] for index in at) for row in rows.get(table.name, ())}
    return keys


def by_column(keys: Iterable[Key]) -> list[list[Any]]:  # Any: column values
    """Keys as arrays, one a column."""
    return [list(column) for column in zip(*keys, strict=True)]


def _parameters(types: Sequence[str]) -> str:
    return ", ".join(f"${number}::{name}[]" for number, name in enumerate(types, start=1))


def _next(projection: Projection, table: AnyTable) -> str:
    return f"{projection.next_schema}.{bare_name(table)}"


def _query(table: AnyTable, source: str) -> str:
    """Rows that differ: shard, key, which sides have it, columns. ``l`` is the live table, ``n`` the new one."""
    columns = columns_of(table)
    live, new = (", ".join(f"{side}.{name}" for name in columns) for side in "ln")
    keys = ", ".join(f"coalesce(n.{name}, l.{name}) AS {name}" for name in table.key)
    differs = ", ".join(f"CASE WHEN l.{name} IS DISTINCT FROM n.{name} THEN '{name}' END" for name in columns)
    return f"""
SELECT coalesce(n.shard, l.shard) AS place, {keys}, l.stream_id IS NOT NULL AS live, n.stream_id IS NOT NULL AS logged,
       array_remove(ARRAY[{differs}], NULL) AS columns
  FROM {source}
 WHERE ({live}) IS DISTINCT FROM ({new})"""


def _difference(table: AnyTable, row: Any) -> Difference:  # Any: asyncpg's row
    key = tuple(row[name] for name in table.key)
    both = row["live"] and row["logged"]
    return Difference(
        row["place"], table.name, key, tuple(row["columns"]) if both else (), live=row["live"], logged=row["logged"]
    )
