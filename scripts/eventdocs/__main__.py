"""`python -m scripts.eventdocs DIRECTORY`: writes the generated files of docs/events, and removes stale pages."""

import sys
from pathlib import Path
from typing import Final

from scripts.eventdocs import asyncapi, pages
from scripts.eventdocs.catalog import catalog

PAGES: Final = "[0-9][0-9][0-9]-*.md"


def main() -> None:
    """Writes all of it."""
    directory = Path(sys.argv[1])
    directory.mkdir(parents=True, exist_ok=True)
    events = catalog()
    files = {
        "README.md": pages.index(events),
        "asyncapi.json": asyncapi.document(events),
        **{event.file_name: pages.page(event) for event in events},
    }
    for stale in {path.name for path in directory.glob(PAGES)} - files.keys():
        (directory / stale).unlink()
    for name, text in files.items():
        (directory / name).write_text(text, "utf-8")


if __name__ == "__main__":
    main()
