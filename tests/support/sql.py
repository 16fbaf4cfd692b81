"""Statements on a connection of their own, past everything that Pushward would refuse."""

import asyncpg


async def execute(url: str, statement: str, *arguments: object) -> str:
    """Runs one statement; returns its command tag, e.g. ``UPDATE 1``."""
    connection = await asyncpg.connect(url)
    try:
        tag: str = await connection.execute(statement, *arguments)
        return tag
    finally:
        await connection.close()


async def rows(url: str, statement: str, *arguments: object) -> list[tuple[object, ...]]:
    """The rows that a statement gives."""
    connection = await asyncpg.connect(url)
    try:
        return [tuple(row.values()) for row in await connection.fetch(statement, *arguments)]
    finally:
        await connection.close()
