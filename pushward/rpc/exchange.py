"""One RPC inside one process: what the servicer sees as its context, and the state both ends share.

    open ──► settled (a status, once and for ever)

Whoever comes first settles it: the handler by returning, raising or aborting; the caller by cancelling; the deadline; a
stopping server. If it wasn't the handler, the handler is cancelled; its end is its own affair and holds nobody up.
The handler runs in a task of its own, with the server's context variables, as behind a network.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextvars import Context
from typing import Any, Final, Never, cast

import grpc
import structlog
from google.protobuf.message import Message

from pushward.rpc.metadata import Metadata, checked

PEER: Final = "inprocess:"
STOPPING_TEXT: Final = "The server is stopping."

_OK: Final = grpc.StatusCode.OK

_log = structlog.get_logger(__name__)

Behaviour = Callable[[Any, "Exchange"], Any]
"""A guarded handler. Any: whatever the method's messages are; the stubs and servicers around it are typed."""


class Exchange(grpc.aio.ServicerContext[Any, Any]):
    """A unary RPC: first the end that calls use, then the one that servicers know as `grpc.aio.ServicerContext`."""

    # Defaults of the class, not of each instance: most calls never set them, and every call pays for what it sets.
    status: grpc.StatusCode | None = None
    status_text: str = ""
    response: Any = None
    misuse: Exception | None = None
    cancelled_by_caller: bool = False
    deadline: float | None = None
    initial: Metadata = ()
    trailing: Metadata = ()
    _request_metadata: Metadata = ()
    _code: grpc.StatusCode | None = None
    _details: str = ""
    _aborted: bool = False
    _task: "asyncio.Task[None] | None" = None
    _handler_runs: bool = False
    _timer: asyncio.TimerHandle | None = None
    _callbacks: tuple[Callable[[Any], object], ...] = ()

    def __init__(
        self, method: str, channel: object, max_message_bytes: int, ended: Callable[["Exchange"], None]
    ) -> None:
        self.method = method
        self.channel = channel
        self.loop = asyncio.get_running_loop()
        self.settled: asyncio.Future[None] = self.loop.create_future()
        self._max_message_bytes = max_message_bytes
        self._ended = ended

    # The end that calls use.

    def start(
        self, behaviour: Behaviour, request: Message, metadata: Metadata, timeout: float | None, context: Context
    ) -> None:
        """Arms the deadline and starts the handler, in ``context``."""
        self._request_metadata = metadata
        if timeout is not None:
            self.deadline = self.loop.time() + timeout
            self._timer = self.loop.call_at(self.deadline, self._expire, context=context)
        self._task = self.loop.create_task(self._handle(behaviour, request), context=context)

    def settle(self, status: grpc.StatusCode, text: str = "") -> bool:
        """Ends the RPC with ``status``, unless it has ended. True if this was its end."""
        if self.status is not None:
            return False
        self.status = status
        self.status_text = text
        if self._timer is not None:
            self._timer.cancel()
        if not self.settled.done():
            self.settled.set_result(None)
        for callback in self._callbacks:
            self.loop.call_soon(callback, self)
        return True

    def break_off(self, status: grpc.StatusCode, text: str) -> bool:
        """Settles over the handler's head, and cancels it. True if this was the RPC's end."""
        if not self.settle(status, text):
            return False
        if self._task is not None and self._handler_runs:  # else its first step sees that there is nothing to do
            self._task.cancel()
        return True

    def cancel_by_caller(self) -> bool:
        """As `grpc.aio.Call.cancel`."""
        if self.status is None:
            self.cancelled_by_caller = True
        return self.break_off(grpc.StatusCode.CANCELLED, "Locally cancelled by application!")

    def error(self) -> BaseException:
        """What the caller gets for a status that isn't OK; a new one each time, so that no traceback grows."""
        if self.misuse is not None:
            return self.misuse
        if self.cancelled_by_caller:
            return asyncio.CancelledError()
        assert self.status is not None
        assert self.status is not _OK
        return grpc.aio.AioRpcError(
            self.status, grpc.aio.Metadata(*self.initial), grpc.aio.Metadata(*self.trailing), self.status_text
        )

    async def wait_settled(self) -> None:
        """Returns when the RPC has ended. Cancelling this wait doesn't touch the RPC."""
        if self.status is None:
            await asyncio.wait([self.settled])
            self.cancel_by_caller()  # if still open, then another waiter's cancellation is on its way

    # The handler's end.

    async def _handle(self, behaviour: Behaviour, request: Message) -> None:
        self._handler_runs = True
        try:
            if self.status is None:
                await self._run(behaviour, request)
        except asyncio.CancelledError:
            self.settle(grpc.StatusCode.UNAVAILABLE, STOPPING_TEXT)  # the loop ends; all others have settled it before
        except grpc.aio.InternalError as error:
            self.settle(grpc.StatusCode.INTERNAL, str(error))
        except grpc.aio.BaseError:
            pass  # an abort, or a write to a caller that is gone: settled
        except Exception:
            _log.exception("rpc_reply_failed", method=self.method)
        finally:
            self._handler_runs = False
            self._task = None
            # A handler never ends without a status, or its caller would wait for ever.
            self.settle(grpc.StatusCode.UNKNOWN, "The handler gave no reply.")
            self._ended(self)

    async def _run(self, behaviour: Behaviour, request: Message) -> None:
        response = await behaviour(request, self)
        if self._code is not None and self._code is not _OK:
            self.settle(self._code, self._details)
        elif self.fits(response):
            self.response = response
            self.settle(_OK)

    def fits(self, message: Message) -> bool:
        """Whether ``message`` is within the bound; otherwise the RPC has ended."""
        size = message.ByteSize()
        if size <= self._max_message_bytes:
            return True
        text = f"Received message larger than max ({size} vs. {self._max_message_bytes})"
        self.break_off(grpc.StatusCode.RESOURCE_EXHAUSTED, text)
        return False

    def _expire(self) -> None:
        self.break_off(grpc.StatusCode.DEADLINE_EXCEEDED, "Deadline Exceeded")

    # grpc.aio.ServicerContext

    async def abort(self, code: grpc.StatusCode, details: str = "", trailing_metadata: Any = ()) -> Never:
        if self._aborted:
            raise grpc.aio.UsageError("Abort already called!")
        if code is _OK:
            raise grpc.aio.UsageError("Abort takes a status that is not OK.")
        if trailing_metadata:
            self.set_trailing_metadata(trailing_metadata)
        self._aborted = True
        self.settle(code, details or self._details)
        raise grpc.aio.AbortError("Locally aborted.")

    async def abort_with_status(self, status: grpc.Status) -> Never:
        await self.abort(status.code, status.details, status.trailing_metadata)

    async def read(self) -> Any:
        raise grpc.aio.UsageError("A unary request is the handler's first argument; there is nothing to read.")

    async def write(self, message: Any) -> None:
        raise grpc.aio.UsageError("A unary reply is the handler's return value; there is nothing to write.")

    async def send_initial_metadata(self, initial_metadata: Any) -> None:
        self.initial = checked(initial_metadata)

    def set_trailing_metadata(self, trailing_metadata: Any) -> None:
        self.trailing = checked(trailing_metadata)

    # The next four answer as grpc.aio does, which isn't what its type stubs say.

    def invocation_metadata(self) -> grpc.aio.Metadata:
        return cast(grpc.aio.Metadata, self._request_metadata)

    def trailing_metadata(self) -> grpc.aio.Metadata:
        return cast(grpc.aio.Metadata, self.trailing)

    def code(self) -> grpc.StatusCode:
        return cast(grpc.StatusCode, self._code)

    def time_remaining(self) -> float:
        return cast(float, None if self.deadline is None else max(0.0, self.deadline - self.loop.time()))

    def details(self) -> str:
        return self._details

    def set_code(self, code: grpc.StatusCode) -> None:
        self._code = code

    def set_details(self, details: str) -> None:
        self._details = details

    def peer(self) -> str:
        return PEER

    def peer_identities(self) -> Iterable[bytes] | None:
        return None

    def peer_identity_key(self) -> str | None:
        return None

    def auth_context(self) -> Mapping[str, Iterable[bytes]]:
        return {}

    def set_compression(self, compression: grpc.Compression) -> None:
        """Nothing is compressed that is never sent."""

    def disable_next_message_compression(self) -> None:
        """As above."""

    def add_done_callback(self, callback: Callable[[Any], object]) -> None:
        if self.status is None:
            self._callbacks = (*self._callbacks, callback)
        else:
            self.loop.call_soon(callback, self)

    def cancelled(self) -> bool:
        return self.cancelled_by_caller

    def done(self) -> bool:
        return self.status is not None
