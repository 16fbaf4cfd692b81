"""Files that only their owner may read: credentials of development."""

import os
from pathlib import Path
from typing import Final

OWNER_ONLY: Final = 0o600


def write_private(path: Path, text: str) -> None:
    """Puts a file of mode 0600 in place, whole or not at all."""
    successor = path.with_name(f".{path.name}.new")
    successor.unlink(missing_ok=True)
    descriptor = os.open(successor, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    successor.replace(path)
