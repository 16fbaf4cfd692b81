"""Answers are believed only with the right signature, and only kept for whom they concern."""

from pathlib import Path
from urllib.parse import urlencode

import pytest
from twilio.request_validator import RequestValidator

from samples.backend.errors import InvalidRequestError, SignatureError
from samples.backend.settings import Settings
from samples.backend.webhooks import STATUSES_MAX, AnswersHeard

SERVICE = "VA" + "0" * 32
TOKEN = "t" * 32
OWN_URL = "http://127.0.0.1:8081"
SETTINGS = Settings("http://127.0.0.1:8080", "AC" + "0" * 32, TOKEN, SERVICE, OWN_URL, Path("secret"))


def delivery(**changes: str) -> dict[str, str]:
    """A webhook's form, with changes."""
    return {
        "type": "challenge.approved",
        "service_sid": SERVICE,
        "challenge_sid": "YC1",
        "entity_identity": "someone",
        **changes,
    }


def sent(form: dict[str, str], token: str = TOKEN, url: str = f"{OWN_URL}/webhook") -> tuple[bytes, str]:
    """Body and signature as Pushward makes them."""
    return urlencode(form).encode(), RequestValidator(token).compute_signature(url, form)


@pytest.fixture
def heard() -> AnswersHeard:
    """Nothing heard yet."""
    return AnswersHeard(SETTINGS)


@pytest.mark.parametrize("answer", ["approved", "denied", "expired"])
def test_an_answer_is_known_for_its_user(heard: AnswersHeard, answer: str) -> None:
    """And for nobody else."""
    heard.hear(*sent(delivery(type=f"challenge.{answer}")))
    assert heard.status("someone", "YC1") == answer
    assert heard.status("somebody", "YC1") is None
    assert heard.status("", "YC2") is None


@pytest.mark.parametrize("wrong", ["", "x", "é", "A" * 28])
def test_a_wrong_signature_is_refused(heard: AnswersHeard, wrong: str) -> None:
    """Of any length, and none."""
    with pytest.raises(SignatureError):
        heard.hear(sent(delivery())[0], wrong)
    assert heard.status("someone", "YC1") is None


def test_a_signature_is_for_one_body_account_and_url(heard: AnswersHeard) -> None:
    """Three ways to be wrong with a real one."""
    _, right = sent(delivery(type="challenge.denied"))
    for body, signature in (
        (sent(delivery())[0], right),
        sent(delivery(), token="another"),
        sent(delivery(), url=f"{OWN_URL}/elsewhere"),
    ):
        with pytest.raises(SignatureError):
            heard.hear(body, signature)


@pytest.mark.parametrize("body", [b"\xff=1", b"no form", b"a=1&a=2", b"&".join(b"a%d=1" % n for n in range(65))])
def test_what_is_no_form_is_refused(heard: AnswersHeard, body: bytes) -> None:
    """Before any signature is looked at."""
    with pytest.raises(InvalidRequestError):
        heard.hear(body, "")


def test_what_does_not_concern_it_is_taken_and_forgotten(heard: AnswersHeard) -> None:
    """Another service's, or another kind of event."""
    heard.hear(*sent(delivery(service_sid="VA" + "1" * 32)))
    heard.hear(*sent(delivery(type="factor.created")))
    assert heard.status("someone", "YC1") is None


def test_the_oldest_answers_are_forgotten_first(heard: AnswersHeard) -> None:
    """Memory has an end; the API still knows them."""
    for number in range(STATUSES_MAX + 1):
        heard.hear(*sent(delivery(challenge_sid=f"YC{number}")))
    assert heard.status("someone", "YC0") is None
    assert heard.status("someone", "YC1") == "approved"
