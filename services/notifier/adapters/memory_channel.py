"""A push channel that keeps what it is given: for tests and for whoever wants to see what a channel gets."""

from collections import deque

from services.notifier.domain.push import Push, Result


class MemoryPushChannel:
    """Takes pushes; answers with ``results`` in their order, then with ACCEPTED."""

    def __init__(self, *results: Result) -> None:
        self.pushes: list[Push] = []
        self._results = deque(results)

    async def send(self, push: Push) -> Result:
        """Keeps the push."""
        self.pushes.append(push)
        return self._results.popleft() if self._results else Result.ACCEPTED
