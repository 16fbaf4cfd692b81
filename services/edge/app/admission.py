"""How many requests are worked on at once: more would only wait for the same databases, and answer late."""

from types import TracebackType
from typing import Final

from pushward.errors import UnavailableError

REQUESTS_IN_FLIGHT_MAX: Final = 1000
OVERLOADED_RETRY_SECONDS: Final = 1
OVERLOADED_TEXT: Final = "Too many requests at once. Try again."


class Admission:
    """A place while the `with` block runs. Raises UnavailableError when all are taken. Not for open streams."""

    def __init__(self, places: int = REQUESTS_IN_FLIGHT_MAX) -> None:
        self._free = places

    def __enter__(self) -> None:
        if self._free == 0:
            raise UnavailableError(OVERLOADED_TEXT, retry_after_seconds=OVERLOADED_RETRY_SECONDS)
        self._free -= 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._free += 1
