"""The edge as one ASGI application: CORS, routes, and the one place where an exception becomes an answer."""

import asyncio
from collections.abc import Sequence
from itertools import groupby
from operator import attrgetter
from typing import Final

import structlog
from starlette.routing import Route, Router
from starlette.types import Receive, Scope, Send

from pushward.errors import InternalError, NotFoundError, PushwardError, UnavailableError, mapping_of
from pushward.rpc.errors import INTERNAL_TEXT
from services.edge.app.admission import Admission
from services.edge.app.authentication import Authentication
from services.edge.app.cors import Cors
from services.edge.app.form import ClientGoneError
from services.edge.app.operation import Operation
from services.edge.app.resource import NO_SUCH_RESOURCE, Resource
from services.edge.app.responses import send_error
from services.edge.app.urls import UrlSource

STOPPING_TEXT: Final = "This server is stopping. Try again."

_log = structlog.get_logger(__name__)


def resources(operations: Sequence[Operation], authentication: Authentication, urls: UrlSource) -> list[Route]:
    """A route for each path, in the order in which the paths come first: routes are tried one after the other."""
    admission = Admission()
    first = {operation.path: place for place, operation in reversed(list(enumerate(operations)))}
    ordered = sorted(operations, key=lambda operation: first[operation.path])
    return [
        Route(path, Resource(list(group), authentication, urls, admission))
        for path, group in groupby(ordered, key=attrgetter("path"))
    ]


class EdgeApplication:
    """Answers every request with JSON of the contract, whatever happens."""

    def __init__(self, routes: Sequence[Route], cors: Cors, urls: UrlSource) -> None:
        self._router = Router(routes=routes, redirect_slashes=False, default=_not_found)
        self._cors = cors
        self._urls = urls

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI; HTTP only."""
        assert scope["type"] == "http", scope["type"]
        if self._cors.is_preflight(scope):
            await self._cors.answer_preflight(scope, send)
            return
        send = self._cors.marked(scope, send)
        try:
            await self._router(scope, receive, send)
        except PushwardError as error:
            await self._refuse(scope, send, error)
        except ClientGoneError:
            pass
        except asyncio.CancelledError:
            # The server gives up what didn't end in time. This is the task's outermost frame, so nobody waits for it.
            await self._refuse(scope, send, UnavailableError(STOPPING_TEXT))
        except Exception as error:
            _log.exception("request_failed", method=scope["method"], exception=type(error).__name__)
            await send_error(send, scope, self._urls.urls(scope), InternalError(INTERNAL_TEXT))

    async def _refuse(self, scope: Scope, send: Send, error: PushwardError) -> None:
        if mapping_of(error).error is InternalError:
            _log.error("request_refused_internally", method=scope["method"], code=error.code)
        await send_error(send, scope, self._urls.urls(scope), error)


async def _not_found(scope: Scope, receive: Receive, send: Send) -> None:
    raise NotFoundError(NO_SUCH_RESOURCE)
