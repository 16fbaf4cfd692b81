"""Runs the operations of one path: path, credentials, parameters, the call, the answer, in this order.

The order is the policy: what costs nothing is refused first, nobody unknown makes us read a body, and a request costs
at most `Authenticate` and one more call. A place among the requests at work is held while a service is asked, never
while a client sends its body: one who sends slowly takes nobody's place.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from starlette.types import Receive, Scope, Send

from pushward.errors import NotFoundError
from pushward.ids import SHARD_COUNT_MAX, parse_sid
from services.edge.app.admission import Admission
from services.edge.app.authentication import Authentication
from services.edge.app.form import Pairs, parse_pairs, read_body, read_form
from services.edge.app.operation import SID_KINDS, Answer, Call, Operation
from services.edge.app.params import ParamsReader
from services.edge.app.presence import unless_gone
from services.edge.app.responses import send_empty, send_json, send_method_not_allowed
from services.edge.app.urls import UrlSource

NO_SUCH_RESOURCE: Final = "There is no such resource."
WAITING_MAX: Final = 2_000
"""Requests to one path that wait for something to happen."""


class Resource:
    """An ASGI application for one path."""

    def __init__(
        self, operations: Sequence[Operation], authentication: Authentication, urls: UrlSource, admission: Admission
    ) -> None:
        self._admission = admission
        self._waiting = Admission(WAITING_MAX)
        self._authentication = authentication
        self._urls = urls
        # Any: each reader is for its own operation's model.
        self._operations: dict[str, tuple[Operation, ParamsReader[Any]]] = {
            operation.method: (operation, ParamsReader(operation.params)) for operation in operations
        }
        if "GET" in self._operations:
            self._operations["HEAD"] = self._operations["GET"]  # the server leaves the body out
        self._allowed = ", ".join(sorted(self._operations))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers, or raises PushwardError or ClientGoneError before anything was sent."""
        urls = self._urls.urls(scope)
        found = self._operations.get(scope["method"])
        if found is None:
            await send_method_not_allowed(send, urls, self._allowed)
            return
        operation, reader = found
        path = checked_path(scope["path_params"])
        with self._admission:
            context = await self._authentication.context(scope)
        params = reader.read(await _pairs(operation, scope, receive))
        answer = await self._answer(operation, Call(context, path, urls), params, receive)
        if answer.body is None:
            await send_empty(send, operation.status, answer.headers)
        else:
            await send_json(send, operation.status, answer.body, answer.headers)

    async def _answer(
        self,
        operation: Operation,
        call: Call,
        params: Any,  # Any: as `Operation.handle` takes it
        receive: Receive,
    ) -> Answer:
        if operation.waits(params):
            with self._waiting:
                return await unless_gone(operation.handle(call, params), receive)
        with self._admission:
            return await operation.handle(call, params)


def checked_path(parameters: Mapping[str, str]) -> Mapping[str, str]:
    """The path's parameters with SIDs in canonical case. Raises NotFoundError for what can't be there."""
    checked = {}
    for name, value in parameters.items():
        kind = SID_KINDS.get(name)
        # Only the form is checked: how many shards there are is for the owners to know.
        known = value if kind is None else parse_sid(value, kind, SHARD_COUNT_MAX)
        if known is None or "\0" in known:
            raise NotFoundError(NO_SUCH_RESOURCE)
        checked[name] = str(known)
    return checked


async def _pairs(operation: Operation, scope: Scope, receive: Receive) -> Pairs:
    if operation.method == "GET":
        return parse_pairs(scope["query_string"])
    if operation.method == "POST":
        return await read_form(scope, receive)
    # A body means nothing here. But one that turns out not to be HTTP is answered 400, and then nothing may be deleted.
    await read_body(scope, receive)
    return ()
