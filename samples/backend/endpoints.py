"""What each route does: read and check what was sent, ask Pushward, answer.

A user is whoever was typed: a real backend would have a session, and here the transparency matters more than the login.
"""

import secrets
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from samples.backend import bodies
from samples.backend.calls import Calls
from samples.backend.errors import BackendError
from samples.backend.identity import identity_of
from samples.backend.settings import Settings
from samples.backend.verification import Question, Verification
from samples.backend.webhooks import AnswersHeard

TENANT: Final = "Example Bank"
CURRENCY: Final = "EUR"
FACTOR_TYPE: Final = "push"
SIGNATURE_HEADER: Final = "X-Twilio-Signature"
USER_AGENT_CHARACTERS_MAX: Final = 200


class Endpoints:
    """The routes, on what they share."""

    def __init__(
        self, settings: Settings, secret: bytes, verification: Verification, heard: AnswersHeard, calls: Calls
    ) -> None:
        self._settings = settings
        self._secret = secret
        self._verification = verification
        self._heard = heard
        self._calls = calls

    async def access_token(self, request: Request) -> Response:
        """What the app hands to the device library."""
        identity = self._identity(await bodies.json_object(request))
        answer = {
            "token": await self._verification.access_token(identity),
            "service_sid": self._settings.service_sid,
            "identity": identity,
            "factor_type": FACTOR_TYPE,
            "base_url": self._settings.base_url,
        }
        return JSONResponse(answer, 201)

    async def login(self, request: Request) -> Response:
        """Is it you?"""
        body = await bodies.json_object(request)
        return await self._ask(request, body, "login", f"Log in to {TENANT}?", [])

    async def transfer(self, request: Request) -> Response:
        """Do you want to pay this? Amount and payee are signed with the answer."""
        body = await bodies.json_object(request)
        amount, payee = f"{bodies.amount(body)} {CURRENCY}", bodies.payee(body)
        fields = [("Amount", amount), ("Payee", payee)]
        return await self._ask(request, body, "transfer", f"Pay {amount} to {payee}?", fields)

    async def challenge_status(self, request: Request) -> Response:
        """From the webhook if it came, else from the API: webhooks may be late, so both."""
        body = await bodies.json_object(request)
        identity, challenge_sid = self._identity(body), bodies.challenge_sid(body)
        heard = self._heard.status(identity, challenge_sid)
        if heard is not None:
            return JSONResponse({"status": heard, "seen_by": "webhook"})
        status = await self._verification.status(identity, challenge_sid)
        return JSONResponse({"status": status, "seen_by": "api"})

    async def webhook(self, request: Request) -> Response:
        """Pushward tells what was answered."""
        started_at = time.monotonic()
        body = await bodies.limited_body(request)
        answer = Response()
        try:
            self._heard.hear(body, request.headers.get(SIGNATURE_HEADER, ""))
        except BackendError as error:
            answer = JSONResponse(error.envelope(), error.status)
        self._calls.record(
            "in",
            request.method,
            str(request.url),
            request_headers=request.headers.items(),
            request_body=body.decode("utf-8", "replace"),
            status=answer.status_code,
            response_headers=answer.headers.items(),
            response_body=bytes(answer.body).decode(),
            duration_ms=(time.monotonic() - started_at) * 1000,
        )
        return answer

    async def calls(self, request: Request) -> Response:
        """The backend's own calls, for the page that shows them."""
        return JSONResponse(self._calls.after(bodies.calls_after(request)))

    async def config(self, _: Request) -> Response:
        """What a page must know before anybody has typed a name."""
        return JSONResponse({"base_url": self._settings.base_url, "service_sid": self._settings.service_sid})

    async def _ask(
        self, request: Request, body: bodies.Body, action: str, message: str, fields: Sequence[tuple[str, str]]
    ) -> Response:
        identity, factor_sid = self._identity(body), bodies.factor_sid(body)
        transaction_id = bodies.transaction_id(body) or secrets.token_hex(16)
        question = Question(
            message=message,
            fields=[
                *fields,
                ("Time", datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")),
                ("Address", request.client.host if request.client else "unknown"),
            ],
            hidden_details={
                "transaction_id": transaction_id,
                "action": action,
                "user_agent": request.headers.get("user-agent", "")[:USER_AGENT_CHARACTERS_MAX],
            },
        )
        asked = await self._verification.ask(identity, question, factor_sid)
        answer = {
            "challenge_sid": asked.challenge_sid,
            "factor_sid": asked.factor_sid,
            "transaction_id": transaction_id,
            "expiration_date": asked.expiration_date,
        }
        return JSONResponse(answer, 201)

    def _identity(self, body: bodies.Body) -> str:
        return identity_of(bodies.username(body), self._secret)
