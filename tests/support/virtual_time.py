"""An event loop whose time is its own: whoever waits for a time is there at once, and nothing depends on the machine.

Time passes only when nobody has anything else to do, and then jumps to the next timer; so minutes of time-outs take
milliseconds, and the same schedule runs the same way each time.
"""

import asyncio
import selectors
from collections.abc import Coroutine, Mapping
from typing import Any, TypeVar

T = TypeVar("T")


class _Jumping(selectors.BaseSelector):
    """Asks the real selector without waiting, and moves the time instead."""

    def __init__(self) -> None:
        self.now = 0.0
        self._real = selectors.DefaultSelector()

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:  # Any: as in the base
        return self._real.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:  # Any: as in the base
        return self._real.unregister(fileobj)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        found = self._real.select(0)
        if not found:
            assert timeout is not None, "everybody waits for what will never come"
            self.now += max(0.0, timeout)
        return found

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:  # Any: as in the base
        return self._real.get_map()

    def close(self) -> None:
        self._real.close()


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """A loop that jumps from timer to timer."""

    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        """Seconds since the loop was made."""
        return self._jumping.now

    def run(self, work: Coroutine[Any, Any, T]) -> T:  # Any: whatever a coroutine yields
        """Runs until the work is done."""
        return self.run_until_complete(work)

    def pass_time(self, seconds: float) -> None:
        """Lets everybody work for so long."""
        self.run_until_complete(asyncio.sleep(seconds))
