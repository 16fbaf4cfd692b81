"""What commands print: tables for people, JSON for programs. Results go to stdout, remarks to stderr."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

COLUMNS_WITHOUT_TERMINAL: Final = 240
OUT: Final = Console(highlight=False, width=None if sys.stdout.isatty() else COLUMNS_WITHOUT_TERMINAL)
ERR: Final = Console(stderr=True, highlight=False)

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def print_json(value: Any) -> None:  # Any: whatever JSON can say
    """One line of JSON; written through at once, so a pipe can be followed."""
    print(escaped(json.dumps(value, ensure_ascii=False)), flush=True)


def escaped(text: str) -> str:
    r"""JSON that is the same, with ``\uXXXX`` for what isn't printable: a terminal may take it for a command."""
    return "".join(character if character.isprintable() else _escape(character) for character in text)


def _escape(character: str) -> str:
    if character == "\n":
        return character  # between members; inside a string JSON has escaped it already
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


def print_pairs(pairs: Mapping[str, str]) -> None:
    """Names and values, a line each; a line is never broken, so a value can be copied."""
    width = max(map(len, pairs), default=0)
    for name, value in pairs.items():
        OUT.print(Text.assemble((f"{name:<{width}}  ", "dim"), plain(value)), soft_wrap=True)


def print_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Rows under headings."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*map(plain, row))
    OUT.print(table)


def say(text: str) -> None:
    """A remark beside the result."""
    ERR.print(Text("\n").join(map(plain, text.split("\n"))), soft_wrap=True)


def plain(text: str, style: str = "") -> Text:
    """``text`` as it is: what a tenant or a user wrote is neither our markup nor a terminal's command."""
    shown = "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
    return Text(shown, style)
