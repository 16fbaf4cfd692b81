"""Whether the person at this device can see the app: what silent approval asks before it signs."""

from collections.abc import Callable
from typing import TypeAlias

Foreground: TypeAlias = Callable[[], bool]
"""True while the app is in front. An app answers with what its platform says of it."""


def always_in_foreground() -> bool:
    """For programs that have no background, such as a command line."""
    return True
