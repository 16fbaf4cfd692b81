"""The backend as one ASGI application: everything is built here, from one settings object."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from typing import Final
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from samples.backend.calls import Calls
from samples.backend.endpoints import Endpoints
from samples.backend.errors import BackendError
from samples.backend.identity import load_or_create_secret
from samples.backend.pages import SecurityHeaders, mounts
from samples.backend.settings import Settings
from samples.backend.verification import Verification
from samples.backend.webhooks import WEBHOOK_PATH, AnswersHeard

WEBHOOK_RETRY_SECONDS_MIN: Final = 0.5
WEBHOOK_RETRY_SECONDS_MAX: Final = 30.0
LOCAL_HOSTS: Final = ("127.0.0.1", "localhost", "[::1]")

_log = logging.getLogger(__name__)


def create_app(settings: Settings) -> Starlette:
    """An application that serves. Raises ValueError for a secret's file that isn't one."""
    calls = Calls()
    verification = Verification(settings, calls)
    heard = AnswersHeard(settings)
    secret = load_or_create_secret(settings.secret_file)
    endpoints = Endpoints(settings, secret, verification, heard, calls)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        registering = asyncio.create_task(_register_webhook(verification, heard.url))
        try:
            yield
        finally:
            registering.cancel()
            await asyncio.gather(registering, return_exceptions=True)
            verification.close()

    return Starlette(
        routes=[
            Route("/access-token", endpoints.access_token, methods=["POST"]),
            Route("/login", endpoints.login, methods=["POST"]),
            Route("/transfer", endpoints.transfer, methods=["POST"]),
            Route("/challenge-status", endpoints.challenge_status, methods=["POST"]),
            Route(WEBHOOK_PATH, endpoints.webhook, methods=["POST"]),
            Route("/calls", endpoints.calls, methods=["GET"]),
            Route("/config", endpoints.config, methods=["GET"]),
            *mounts(),
        ],
        middleware=[
            Middleware(SecurityHeaders, base_url=settings.base_url),
            # A name that somebody else's DNS points here would get around the browser's same-origin rule.
            Middleware(TrustedHostMiddleware, allowed_hosts=[urlsplit(settings.own_url).hostname or "", *LOCAL_HOSTS]),
        ],
        exception_handlers={BackendError: _refused, HTTPException: _no_such_thing, Exception: _failed},
        lifespan=lifespan,
    )


async def _register_webhook(verification: Verification, url: str) -> None:
    """Until it is there: Pushward may start after us, and until then statuses come from the API."""
    pause_seconds = WEBHOOK_RETRY_SECONDS_MIN
    while True:
        try:
            await verification.ensure_webhook(url)
        except BackendError as error:
            _log.warning("no webhook yet, next try in %g s: %s", pause_seconds, error)
            await asyncio.sleep(pause_seconds)
            pause_seconds = min(pause_seconds * 2, WEBHOOK_RETRY_SECONDS_MAX)
        else:
            return


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, BackendError)
    return JSONResponse(error.envelope(), error.status, dict(error.headers))


async def _failed(_: Request, error: Exception) -> Response:
    """Raised again once this was sent, so that the log has it; the answer says nothing of the inside."""
    return JSONResponse({"code": BackendError.code, "message": "This went wrong here. The log says how."}, 500)


async def _no_such_thing(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "failed")
    return JSONResponse({"code": code, "message": error.detail}, error.status_code, error.headers)
