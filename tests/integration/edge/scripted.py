"""Services that say what a test wrote, behind real in-process channels: every method of the contract, no logic.

What a method answers is a message, an error, or a function of the request; whatever was asked is kept in order.
"""

from collections.abc import Awaitable, Callable
from typing import Any

import grpc
from google.protobuf.descriptor import ServiceDescriptor
from google.protobuf.message import Message

from pushward.rpc.inprocess import InProcessServer

# Any: a script answers methods of every type.
Reply = Message | Exception | Callable[[Any], Awaitable[Message]]


class ScriptedService:
    """One service with all its unary methods."""

    def __init__(self, descriptor: ServiceDescriptor) -> None:
        self.server = InProcessServer()
        self.replies: dict[str, Reply] = {}
        self.asked: list[tuple[str, Message]] = []
        self.server.add_registered_method_handlers(
            descriptor.full_name,
            {
                method.name: grpc.unary_unary_rpc_method_handler(self._behaviour(method.name))
                for method in descriptor.methods
                if not method.server_streaming
            },
        )

    @property
    def last(self) -> Any:  # Any: the test knows which message it is
        """The last request."""
        return self.asked[-1][1]

    def names(self) -> list[str]:
        """The methods that were called."""
        return [name for name, _ in self.asked]

    def _behaviour(self, name: str) -> Callable[[Any, Any], Awaitable[Message]]:
        async def behave(request: Any, context: Any) -> Message:
            self.asked.append((name, request))
            reply = self.replies[name]
            if isinstance(reply, Exception):
                raise reply
            return reply if isinstance(reply, Message) else await reply(request)

        return behave
