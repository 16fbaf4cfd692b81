"""Device library and server read the same in the same bytes, or both refuse: else somebody signs what nobody meant."""

import json
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pushward_device import AnswerFormatError, Challenge
from pushward_device.answer import Decision, signed_payload
from pushward_device.models import DetailField
from pushward_device.strict_json import parse_object

from clients.vectors.make.known import SIGNATURE_FIELDS, Json, Object, challenge
from pushward import strictjson
from pushward.errors import BadRequestError
from pushward.strictjson import StrictJsonError
from services.challenge.domain import rules
from services.challenge.domain.decider import decide_answer
from services.edge.app.form import BODY_BYTES_MAX
from tests.fuzz.budget import attempt
from tests.fuzz.inputs import ANY_TEXT, JSON_PIECES, JSON_VALUES, UNICODE, long_texts, near
from tests.unit.challenge.given import APPROVED, NOW, answer, created
from tests.unit.challenge.given import given as state_of

OBJECTS = near(challenge()) | st.dictionaries(UNICODE, JSON_VALUES, max_size=4).map(
    lambda one: json.dumps(one).encode()
)
TEXTS = ANY_TEXT | long_texts(JSON_PIECES, BODY_BYTES_MAX)
MESSAGES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=rules.MESSAGE_LENGTH_MAX)
LINES = st.lists(st.tuples(UNICODE, UNICODE), max_size=rules.FIELDS_MAX)
HIDDEN = st.none() | st.dictionaries(UNICODE, UNICODE, max_size=4)


@given(TEXTS | OBJECTS)
@example('{"a":' * 32 + "1" + "}" * 32)
@example('{"a":' * 33 + "1" + "}" * 33)
@example('{"a":' + "[" * 31 + "]" * 31 + "}")
@example('{"a":' + "[" * 32 + "]" * 32 + "}")
@example('{"a":1e999}')
@example('{"a":"\\ud800"}')
@example('{"a":1,"\\u0061":1}')
@example(b'\xef\xbb\xbf{"a":1}')
@example(b'{"a":"\xed\xa0\x80"}')
def test_both_read_the_same_object_or_none(text: str | bytes) -> None:
    """Of any bytes, in bounded time."""
    here = attempt(lambda: parse_object(text), ValueError)
    there = attempt(lambda: strictjson.parse_object(text), StrictJsonError)
    assert isinstance(here, ValueError) is isinstance(there, StrictJsonError), (here, there)
    assert isinstance(here, ValueError) or strictjson.strictly_equal(here, there)


@given(MESSAGES, LINES, HIDDEN)
@example("\u202eyap", [("<b>", "</b>")], {"__proto__": "x", "": ""})
@example("\u2028 \\ / \x7f", [], None)
def test_what_the_server_takes_the_device_shows_and_what_it_signs_the_server_takes(
    message: str, lines: list[tuple[str, str]], hidden: dict[str, str] | None
) -> None:
    """Whatever a backend may say: message and fields arrive as they were, and the approval counts."""
    fields = [json.dumps({"label": label, "value": value}) for label, value in lines]
    details = attempt(lambda: rules.details(message, fields), BadRequestError)
    hidden_details = attempt(
        lambda: rules.hidden_details(None if hidden is None else json.dumps(hidden)), BadRequestError
    )
    if isinstance(details, BadRequestError) or isinstance(hidden_details, BadRequestError):
        return
    asked = {**challenge(), "details": details, "hidden_details": hidden_details}
    shown = Challenge(raw=strictjson.compact(asked).encode(), signature_fields=SIGNATURE_FIELDS)
    assert shown.message == message
    assert shown.fields == tuple(DetailField(label, value) for label, value in lines)
    assert shown.hidden_details == (hidden or {})
    command = replace(
        answer(),
        claims=signed_payload(shown, Decision.APPROVED),
        shown={name: asked[name] for name in SIGNATURE_FIELDS},
    )
    assert decide_answer(state_of(created()), command, NOW) == [APPROVED]


@given(JSON_VALUES, st.sampled_from(["details", "hidden_details", "expiration_date", "status", "sid"]))
def test_a_challenge_with_anything_in_a_member_is_read_or_refused(value: Json, name: str) -> None:
    """By the one documented error."""
    members: Object = challenge()
    members[name] = value
    raw = json.dumps(members).encode()
    read = attempt(lambda: Challenge(raw=raw, signature_fields=SIGNATURE_FIELDS), AnswerFormatError)
    if isinstance(read, Challenge) and name == "details":
        assert isinstance(value, dict)
        assert read.message == value["message"]


def test_a_challenge_cannot_be_changed_once_it_is_read() -> None:
    """What was shown is what is signed."""
    shown = Challenge(raw=strictjson.compact(challenge()).encode(), signature_fields=SIGNATURE_FIELDS)
    with pytest.raises(AttributeError):
        shown.message = "other"  # type: ignore[misc]
