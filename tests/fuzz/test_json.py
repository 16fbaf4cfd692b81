"""Strict JSON, and the parameters that hold it."""

from functools import partial
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from pushward import strictjson
from pushward.errors import BadRequestError
from pushward.strictjson import StrictJsonError
from services.challenge.domain import rules as challenge_rules
from services.edge.app.form import BODY_BYTES_MAX
from services.registry.domain import rules as registry_rules
from tests.fuzz.budget import attempt, bounded_cpu
from tests.fuzz.inputs import ANY_TEXT, JSON_PIECES, JSON_VALUES, UNICODE, long_texts

TEXTS = ANY_TEXT | long_texts(JSON_PIECES, BODY_BYTES_MAX)
STRINGS = st.dictionaries(UNICODE, UNICODE, max_size=4).map(strictjson.compact)


@given(TEXTS)
@example("9" * 5000)
@example("1e" + "9" * 5000)
@example('"\\ud800"')
@example("[" * 100_000)
@example('{"a":' * 20_000)
@example('"' + "\\" * 65_000)
def test_any_text_is_json_or_refused(text: str) -> None:
    """By the one documented error, and soon; what is read can be written, and read again as the same."""
    value = attempt(lambda: strictjson.parse(text), StrictJsonError)
    if not isinstance(value, StrictJsonError):
        with bounded_cpu():
            assert strictjson.strictly_equal(strictjson.parse(strictjson.compact(value)), value)


@given(JSON_VALUES)
def test_what_is_written_is_read_as_it_was(value: Any) -> None:  # Any: JSON
    """Compactly, in UTF-8."""
    assert strictjson.strictly_equal(strictjson.parse(strictjson.compact(value)), value)
    assert strictjson.strictly_equal(strictjson.parse(strictjson.compact(value).encode()), value)


@given(TEXTS | STRINGS)
@example('{"a":"\\u0000"}')
@example('{"\\u0000":"a"}')
@example('{"a":' + "9" * 5000 + "}")
def test_parameters_of_strings_are_objects_of_strings_or_refused(text: str) -> None:
    """HiddenDetails and Metadata, of challenges and factors: nothing but text, none of it with U+0000."""
    for rule in (challenge_rules.hidden_details, challenge_rules.metadata):
        members = attempt(partial(rule, text), BadRequestError)
        if isinstance(members, dict):
            for name, member in members.items():
                assert isinstance(member, str)
                assert "\0" not in name + member
    kept = attempt(lambda: registry_rules.metadata(text), BadRequestError)
    assert isinstance(kept, BadRequestError) or kept in (text, None)


@given(UNICODE, st.lists(TEXTS | STRINGS, max_size=3))
@example("a", ['{"label":"a","value":"b"}'] * 3)
@example("a", ['{"label":"a","value":"\\u0000"}'])
@example("a", ['{"label":"a","value":"b","label":"c"}'])
def test_details_are_a_message_and_fields_or_refused(message: str, fields: list[str]) -> None:
    """60368."""
    details = attempt(lambda: challenge_rules.details(message, fields), BadRequestError)
    if isinstance(details, BadRequestError):
        assert details.code == 60368
        return
    if details is None:
        assert not message
        assert not any(fields)
        return
    assert details["message"] == message
    assert strictjson.parse_object(strictjson.compact(details)) == details
