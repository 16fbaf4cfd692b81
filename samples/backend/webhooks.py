"""Answers as Pushward tells them: signed with the account's token, checked by the stock validator, kept for a while.

A challenge's answer never changes, so a delivery that comes twice, or late, does no harm.
"""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl

from twilio.request_validator import RequestValidator

from samples.backend.errors import InvalidRequestError, SignatureError
from samples.backend.settings import Settings

WEBHOOK_PATH: Final = "/webhook"
STATUSES_MAX: Final = 10_000
FIELDS_MAX: Final = 64
ANSWERS: Final = {
    "challenge.approved": "approved",
    "challenge.denied": "denied",
    "challenge.expired": "expired",
}


class AnswersHeard:
    """Which challenges were answered, and by whom. The oldest are forgotten first."""

    def __init__(self, settings: Settings) -> None:
        self._validator = RequestValidator(settings.auth_token)
        self._service_sid = settings.service_sid
        self._url = f"{settings.own_url}{WEBHOOK_PATH}"
        self._statuses: OrderedDict[str, tuple[str, str]] = OrderedDict()

    @property
    def url(self) -> str:
        """Where Pushward should deliver."""
        return self._url

    def hear(self, body: bytes, signature: str) -> None:
        """Takes a delivery. Raises SignatureError for one that isn't Pushward's, InvalidRequestError for no form."""
        form = _form(body)
        # The stock comparison looks at every character, however early one is wrong.
        if not self._validator.validate(self._url, form, signature):
            raise SignatureError("The signature isn't this account's for this URL and body.")
        status = ANSWERS.get(form.get("type", ""))
        if status is None or form.get("service_sid") != self._service_sid:
            return
        self._statuses[form["challenge_sid"]] = (form["entity_identity"], status)
        if len(self._statuses) > STATUSES_MAX:
            self._statuses.popitem(last=False)

    def status(self, identity: str, challenge_sid: str) -> str | None:
        """What was heard of this user's challenge, if anything was."""
        heard_of, status = self._statuses.get(challenge_sid, (None, None))
        return status if heard_of == identity else None


def _form(body: bytes) -> Mapping[str, str]:
    try:
        pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, strict_parsing=True, max_num_fields=FIELDS_MAX)
    except ValueError as error:
        raise InvalidRequestError("The body isn't a form.") from error
    form = dict(pairs)
    if len(form) != len(pairs):
        raise InvalidRequestError("A field comes twice.")
    return form
