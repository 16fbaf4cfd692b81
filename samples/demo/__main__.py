"""Runs the demo; exits with 0 only if everything that it promises held."""

import asyncio
import sys
from typing import Final

from rich.console import Console

from samples.demo.errors import DemoError
from samples.demo.server import DemoServer
from samples.demo.story import Story
from samples.demo.wire import Wire

SECONDS_MAX: Final = 180
LOG_COLUMNS: Final = 160


async def _tell(console: Console, server: DemoServer) -> None:
    async with asyncio.timeout(SECONDS_MAX):
        access = await server.ready()
        async with Story(access, Wire(console)) as story:
            await story.tell()


def main() -> int:
    """The exit code."""
    console = Console(highlight=False, width=None if sys.stdout.isatty() else LOG_COLUMNS)
    with DemoServer() as server:
        try:
            asyncio.run(_tell(console, server))
        except (DemoError, TimeoutError) as error:
            reason = str(error) or f"It took longer than {SECONDS_MAX} s."
            console.print(f"\n[bold red]The demo failed.[/] {reason}")
            console.print(server.log_tail(), style="dim", markup=False)
            return 1
    console.print("\n[bold green]All of it held.[/]")
    return 0


if __name__ == "__main__":
    sys.exit(main())
