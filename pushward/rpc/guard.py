"""The one wrapper around every handler, on both channels: how an exception becomes a status.

* A `PushwardError` is told to the caller (``pushward.rpc.errors``).
* Any other exception is our defect: the caller gets INTERNAL and a constant text, the log gets the traceback.
* A cancellation that somebody asked for passes. One that nobody asked for (the handler awaited something that was
  cancelled) is a defect like any other; left alone, grpc.aio would let the caller wait for its deadline.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any, Final, Never, TypeAlias

import grpc
import structlog

from pushward.errors import InternalError, PushwardError, mapping_of
from pushward.rpc.errors import INTERNAL_TEXT, told

UNIMPLEMENTED_TEXT: Final = "Method not found!"

# Any: a wrapper for handlers of every request and reply type.
Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"
Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"

_log = structlog.get_logger(__name__)


class MutatedRequestError(Exception):
    """A servicer, or the caller meanwhile, changed a message that both hold."""


def guarded(method: str, handler: Handler) -> Handler:
    """``handler`` with its exceptions turned into statuses.

    One that takes a stream of requests is gRPC's own (reflection), and stays as it is.
    """
    if handler.request_streaming:
        return handler
    if handler.response_streaming:
        return grpc.unary_stream_rpc_method_handler(
            _guarded_stream(method, handler.unary_stream), handler.request_deserializer, handler.response_serializer
        )
    return grpc.unary_unary_rpc_method_handler(
        _guarded_unary(method, handler.unary_unary), handler.request_deserializer, handler.response_serializer
    )


def watched(handler: Handler) -> Handler:
    """``handler``, failing if its unary request isn't afterwards what it was: a received message is never mutated."""
    behaviour: Any = handler.unary_unary
    if behaviour is None:
        return handler

    async def unary(request: Any, context: Context) -> Any:
        before = request.SerializeToString(deterministic=True)
        reply = await behaviour(request, context)
        if request.SerializeToString(deterministic=True) != before:
            raise MutatedRequestError(f"a {request.DESCRIPTOR.full_name} was mutated while it was handled")
        return reply

    return grpc.unary_unary_rpc_method_handler(unary, handler.request_deserializer, handler.response_serializer)


class GuardInterceptor(grpc.aio.ServerInterceptor):
    """Puts `guarded` around the handlers of a network server."""

    def __init__(self) -> None:
        self._guarded: dict[str, Handler] = {}

    async def intercept_service(
        self, continuation: Any, handler_call_details: grpc.HandlerCallDetails
    ) -> "Handler | None":
        """The guarded handler, or None for a method that nobody registered."""
        method = handler_call_details.method
        known = self._guarded.get(method)
        if known is None:
            handler = await continuation(handler_call_details)
            if handler is None:
                return None
            known = self._guarded[method] = guarded(method, handler)
        return known


def _guarded_unary(method: str, behaviour: Any) -> Any:
    async def unary(request: Any, context: Context) -> Any:
        try:
            return await behaviour(request, context)
        except asyncio.CancelledError as cancelled:
            if _was_asked_for():
                raise
            await _abort(method, cancelled, context)
        except grpc.aio.BaseError:
            raise  # gRPC's own: an abort on its way, a peer that is gone
        except Exception as error:
            await _abort(method, error, context)

    return unary


def _guarded_stream(method: str, behaviour: Any) -> Any:
    async def stream(request: Any, context: Context) -> AsyncIterator[Any]:
        try:
            replies = behaviour(request, context)
            if not hasattr(replies, "__aiter__"):
                await replies  # a handler that calls `context.write`
                return
            try:
                async for reply in replies:
                    yield reply
            finally:
                if isinstance(replies, AsyncGenerator):
                    await replies.aclose()
        except asyncio.CancelledError as cancelled:
            if _was_asked_for():
                raise
            await _abort(method, cancelled, context)
        except grpc.aio.BaseError:
            raise  # as above
        except Exception as error:
            await _abort(method, error, context)

    return stream


def _was_asked_for() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def _abort(method: str, error: BaseException, context: Context) -> Never:
    if isinstance(error, NotImplementedError) and context.code() is grpc.StatusCode.UNIMPLEMENTED:
        await context.abort(grpc.StatusCode.UNIMPLEMENTED, UNIMPLEMENTED_TEXT)  # generated: nobody wrote the method
    public = error if isinstance(error, PushwardError) else InternalError(INTERNAL_TEXT)
    if mapping_of(public).error is InternalError:
        _log.error("rpc_handler_failed", method=method, exc_info=error)
    await context.abort(*told(public))
