"""What strangers send to the sample's backend: JSON bodies, deliveries, answers that should be Pushward's."""

import json
from pathlib import Path
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.types import Message

from samples.backend import bodies
from samples.backend.calls import masked_json
from samples.backend.errors import BackendError
from samples.backend.settings import Settings
from samples.backend.webhooks import AnswersHeard
from tests.fuzz.budget import attempt, bounded_cpu
from tests.fuzz.inputs import ANY_TEXT, JSON_PIECES, JSON_VALUES, long_texts, near

READERS = (bodies.username, bodies.amount, bodies.payee, bodies.factor_sid, bodies.challenge_sid, bodies.transaction_id)
RIGHT = {
    "username": "jo",
    "amount": "940.00",
    "payee": "ACME Ltd",
    "factor_sid": f"YF{'0' * 32}",
    "challenge_sid": f"YC{'0' * 32}",
    "transaction_id": "transfer-1",
}
SETTINGS = Settings("http://127.0.0.1:1", f"AC{'0' * 32}", "token", f"VA{'0' * 32}", "http://127.0.0.1:2", Path())
BODIES = near(RIGHT) | long_texts(JSON_PIECES, bodies.BODY_BYTES_MAX).map(lambda text: text.encode(errors="replace"))

DELIVERIES = st.binary(max_size=200) | st.sampled_from([b"&", b"=", b"%ff", b"a=1"]).map(lambda piece: piece * 4000)


def posted(body: bytes) -> Request:
    """A request with this body, as JSON."""

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return Request({"type": "http", "headers": [(b"content-type", b"application/json")]}, receive)


@given(BODIES)
@example(b'{"amount": ' + b"9" * 5000 + b"}")
@example(b'{"a":' * 3000)
@example(b'{"username": "\\ud800"}')
async def test_a_body_is_read_or_refused(body: bytes) -> None:
    """By a documented error, and soon; what is read can be sent on."""
    with bounded_cpu():
        try:
            members = await bodies.json_object(posted(body))
        except BackendError:
            return
    for reader in READERS:
        read = attempt(lambda reader=reader: reader(members), BackendError)  # type: ignore[misc]  # the loop's own reader
        if not isinstance(read, BackendError):
            str(read).encode("utf-8")


@given(
    st.binary(max_size=200) | st.sampled_from([b"&", b"=", b"%ff", b"a=1"]).map(lambda piece: piece * 4000), ANY_TEXT
)
def test_a_delivery_that_nobody_signed_is_refused(body: bytes, signature: str) -> None:
    """Whatever it is."""
    heard = AnswersHeard(SETTINGS)
    assert isinstance(attempt(lambda: heard.hear(body, signature), BackendError), BackendError)


@given(JSON_VALUES)
def test_a_token_is_masked_wherever_it_is(value: Any) -> None:  # Any: JSON
    """And the rest is what it was."""
    assert json.loads(masked_json(json.dumps(value))) == value or "token" in json.dumps(value)
    assert "s3cr3t" not in masked_json(json.dumps([value, {"x": {"token": ["s3cr3t"], "secret": "s3cr3t"}}]))


@given(long_texts(JSON_PIECES, 16_384))
def test_any_answer_is_masked_soon(text: str) -> None:
    """JSON or not."""
    with bounded_cpu():
        masked_json(text)
