"""Where files cost no disk."""

import os
import shutil
from pathlib import Path
from typing import Final

MEMORY: Final = Path("/dev/shm")  # noqa: S108 - below it, each takes a directory of its own
FREE_BYTES_MIN: Final = 4 * 1024**3


def memory_directory() -> str | None:
    """A file system in memory with room enough; None where there is none, as in many containers."""
    has_room = MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= FREE_BYTES_MIN
    return str(MEMORY) if has_room else None
