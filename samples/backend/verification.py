"""What the backend asks of Pushward, in the stock client's own words; nothing but the base URL is ours.

The client blocks, so it runs in threads: `CALLS_AT_ONCE_MAX` of them, and when `WAITING_MAX` requests wait for one,
further ones are refused at once. Any stands for the client's objects: the library ships no types.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, TypeVar

import anyio
import anyio.to_thread
import requests
from twilio.base.exceptions import TwilioException
from twilio.rest import Client

from samples.backend.calls import Calls
from samples.backend.errors import (
    RETRY_SECONDS,
    AwayError,
    BackendError,
    BusyError,
    ChallengeUnknownError,
    FactorNotReadyError,
    FactorUnknownError,
    NoFactorError,
    RateLimitedError,
    RefusedError,
)
from samples.backend.recorded_http import RecordedHttpClient
from samples.backend.settings import Settings

CALLS_AT_ONCE_MAX: Final = 8
WAITING_MAX: Final = 64
PAGE_SIZE: Final = 200
"""More than an entity's factors can be (120), so that one page holds them."""
TOKEN_SECONDS: Final = 300
WEBHOOK_NAME: Final = "Sample backend"
WEBHOOK_EVENTS: Final = ("challenge.approved", "challenge.denied", "challenge.expired")
WEBHOOKS_MAX: Final = 1000

T = TypeVar("T")

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Question:
    """What the device shows, in order, and what it signs without showing."""

    message: str
    fields: Sequence[tuple[str, str]]
    hidden_details: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Asked:
    """A challenge that was created."""

    challenge_sid: str
    factor_sid: str
    expiration_date: str


class Verification:
    """One service of Pushward's. Each method raises a BackendError."""

    def __init__(self, settings: Settings, calls: Calls) -> None:
        self._http = RecordedHttpClient(calls)
        # An environment of its own: TWILIO_EDGE and TWILIO_REGION would bend the base URL.
        environment = {"TWILIO_ACCOUNT_SID": settings.account_sid}
        client = Client(settings.account_sid, settings.auth_token, http_client=self._http, environment=environment)
        client.verify.base_url = settings.base_url
        self._service = client.verify.v2.services(settings.service_sid)
        self._limiter = anyio.CapacityLimiter(CALLS_AT_ONCE_MAX)

    async def access_token(self, identity: str) -> str:
        """What the app enrols a device with, once."""
        return await self._asked(
            lambda: str(
                self._service.access_tokens.create(identity=identity, factor_type="push", ttl=TOKEN_SECONDS).token
            )
        )

    async def ask(self, identity: str, question: Question, factor_sid: str | None) -> Asked:
        """A challenge for that factor, or for the user's newest one."""
        return await self._asked(lambda: self._create(identity, question, factor_sid))

    async def status(self, identity: str, challenge_sid: str) -> str:
        """The challenge's status now."""
        return await self._asked(lambda: self._fetch_status(identity, challenge_sid))

    async def ensure_webhook(self, url: str) -> None:
        """One webhook of our name, which says what we need to where we are; others of that name go."""
        await self._asked(lambda: self._ensure_webhook(url))

    def close(self) -> None:
        """Closes the connections."""
        self._http.session.close()

    async def _asked(self, work: Callable[[], T]) -> T:
        if self._limiter.statistics().tasks_waiting >= WAITING_MAX:
            raise BusyError("Too many requests wait for Pushward. Try again in a moment.")
        return await anyio.to_thread.run_sync(self._translated, work, limiter=self._limiter)

    def _translated(self, work: Callable[[], T]) -> T:
        """Runs in a thread; the library's errors become ours."""
        try:
            return work()
        except TwilioException as error:
            raise self._refusal() from error
        except (requests.RequestException, ValueError) as error:
            raise AwayError("Pushward doesn't answer. Is it running?") from error

    def _refusal(self) -> BackendError:
        answer = self._http.answer
        assert answer is not None, "the library only raises its own errors for answers"
        _log.warning("Pushward refuses %s: %s %s", answer.url, answer.status_code, answer.text)
        later = answer.headers.get("Retry-After", str(RETRY_SECONDS))
        if answer.status_code == HTTPStatus.TOO_MANY_REQUESTS:
            return RateLimitedError("Pushward takes no more of these for now. Try again later.", later)
        if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return AwayError("Pushward can't serve this now. Try again in a moment.", later)
        return RefusedError("Pushward refuses this backend's request. Its log says why.")

    def _is_not_found(self) -> bool:
        return self._http.answer is not None and self._http.answer.status_code == HTTPStatus.NOT_FOUND

    def _create(self, identity: str, question: Question, factor_sid: str | None) -> Asked:
        entity = self._service.entities(identity)
        asked_factor = self._newest_device(entity) if factor_sid is None else self._device(entity, factor_sid)
        challenge = entity.challenges.create(
            factor_sid=asked_factor,
            details_message=question.message,
            details_fields=[{"label": label, "value": value} for label, value in question.fields],
            hidden_details=dict(question.hidden_details),
        )
        return Asked(challenge.sid, asked_factor, challenge.expiration_date.strftime("%Y-%m-%dT%H:%M:%SZ"))

    def _newest_device(self, entity: Any) -> str:
        try:
            factors = entity.factors.list(page_size=PAGE_SIZE)
        except TwilioException:
            if not self._is_not_found():
                raise
            factors = []
        ready = [factor for factor in factors if (factor.factor_type, factor.status) == ("push", "verified")]
        if not ready:
            raise NoFactorError("This user has no device yet. Register one first.")
        # They come oldest first, and their dates have whole seconds: of a second's the last one counts.
        return str(max(enumerate(ready), key=lambda place: (place[1].date_created, place[0]))[1].sid)

    def _device(self, entity: Any, factor_sid: str) -> str:
        try:
            factor = entity.factors(factor_sid).fetch()
        except TwilioException as error:
            if self._is_not_found():
                raise FactorUnknownError("This user has no such device. Register it first.") from error
            raise
        if factor.factor_type != "push":
            raise FactorUnknownError("This factor is no device: it shows codes.")
        if factor.status != "verified":
            raise FactorNotReadyError("This device isn't ready: finish its registration first.")
        return factor_sid

    def _fetch_status(self, identity: str, challenge_sid: str) -> str:
        try:
            return str(self._service.entities(identity).challenges(challenge_sid).fetch().status)
        except TwilioException as error:
            if self._is_not_found():
                raise ChallengeUnknownError("This user has no such challenge.") from error
            raise

    def _ensure_webhook(self, url: str) -> None:
        right = None
        for webhook in self._service.webhooks.list(limit=WEBHOOKS_MAX):
            if webhook.friendly_name != WEBHOOK_NAME:
                continue
            if right is None and _is_right(webhook, url):
                right = webhook
            else:
                webhook.delete()
        if right is None:
            self._service.webhooks.create(
                friendly_name=WEBHOOK_NAME,
                event_types=list(WEBHOOK_EVENTS),
                webhook_url=url,
                resource_version="v2",
            )


def _is_right(webhook: Any, url: str) -> bool:
    said = (webhook.webhook_url, set(webhook.event_types), webhook.status, webhook.version)
    return said == (url, set(WEBHOOK_EVENTS), "enabled", "v2")
