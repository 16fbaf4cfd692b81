"""One statement on a connection of its own."""

import asyncio

import asyncpg


def run(url: str, statement: str) -> list[tuple[object, ...]]:
    """The rows that ``statement`` gives."""

    async def fetch() -> list[tuple[object, ...]]:
        connection = await asyncpg.connect(url)
        try:
            return [tuple(row.values()) for row in await connection.fetch(statement)]
        finally:
            await connection.close()

    return asyncio.run(fetch())
