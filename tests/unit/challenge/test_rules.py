"""What a caller may put into a challenge."""

import json
from datetime import UTC, datetime

import pytest

from pushward.errors import BadRequestError
from services.challenge.domain import rules


def field(label: object = "IP", value: object = "1.2.3.4", **more: object) -> str:
    """An item of Details.Fields."""
    return json.dumps({"label": label, "value": value, **more})


def test_details_are_a_message_and_fields_in_their_order() -> None:
    """What the device shows. Empty parameters don't count."""
    assert rules.details("Log in?", [field(), "", field("Where", "")]) == {
        "message": "Log in?",
        "fields": [{"label": "IP", "value": "1.2.3.4"}, {"label": "Where", "value": ""}],
    }


def test_details_at_their_bounds_are_taken() -> None:
    """256 characters, 20 fields, 36 and 128 characters: characters, not bytes."""
    assert rules.details("ü" * 256, [field("ü" * 36, "ü" * 128)] * 20)


@pytest.mark.parametrize(
    ("message", "fields", "named"),
    [
        ("m" * 257, [], "Details.Message"),
        ("m", [field()] * 21, "Details.Fields"),
        ("m", [field(), field("l" * 37)], "item 2: label"),
        ("m", [field(value="v" * 129)], "item 1: value"),
        ("m", [field(value=1)], "item 1: value"),
        ("m", [field(label=None)], "item 1: label"),
        ("m", [field(), field(label="I\0P")], r"item 2: label contains U\+0000"),
        ("m", [field(value="\0")], r"item 1: value contains U\+0000"),
        ("m", [field(extra="x")], "item 1"),
        ("m", ['{"label":"a"}'], "item 1"),
        ("m", ['{"label":"a","label":"b","value":"c"}'], "item 1"),
        ("m", ['["label"]'], "item 1"),
        ("m", ["not json"], "item 1"),
    ],
)
def test_other_details_are_refused_by_name(message: str | None, fields: list[str], named: str) -> None:
    """400, 60368, and which one it was."""
    with pytest.raises(BadRequestError, match=named) as refused:
        rules.details(message, fields)
    assert refused.value.code == 60368


@pytest.mark.parametrize("message", [None, ""])
def test_only_a_device_must_have_something_to_show(message: str | None) -> None:
    """400, 60368 without a message; codes need none."""
    assert rules.details(message, []) is None
    fields_only = rules.details(message, [field()])
    assert fields_only is not None
    assert fields_only["message"] == ""
    for shown in (None, fields_only):
        with pytest.raises(BadRequestError, match=r"Details\.Message") as refused:
            rules.require_message(shown)
        assert refused.value.code == 60368
    assert rules.require_message(rules.details("Log in?", [])) == {"message": "Log in?", "fields": []}


@pytest.mark.parametrize("text", ["", "12", "123456789", "12345a", "\u0661\u0662\u0663", "123456\n", "a.b.c"])
def test_what_is_no_code_is_refused(text: str) -> None:
    """400, 60306: three to eight digits of ASCII."""
    assert rules.code("007") == "007"
    with pytest.raises(BadRequestError) as refused:
        rules.code(text)
    assert refused.value.code == 60306


@pytest.mark.parametrize("text", [None, ""])
def test_hidden_details_and_metadata_may_be_absent(text: str | None) -> None:
    """Empty counts as absent."""
    assert rules.hidden_details(text) is None
    assert rules.metadata(text) is None


def test_the_bound_of_an_object_counts_what_it_says_not_how_it_is_escaped() -> None:
    """Helper libraries send every letter beyond ASCII as six characters."""
    content = {"a": "ü" * (1024 - len('{"a":""}'))}
    assert rules.hidden_details(json.dumps(content)) == content
    with pytest.raises(BadRequestError, match="1024"):
        rules.hidden_details(json.dumps({"a": content["a"] + "ü"}))


@pytest.mark.parametrize("text", ["[]", '"text"', "{", '{"a":"1","a":"2"}', '{"a":NaN}', '{"a":"\\ud800"}'])
def test_what_is_no_plain_object_is_refused(text: str) -> None:
    """400, 60306."""
    for read in (rules.hidden_details, rules.metadata):
        with pytest.raises(BadRequestError) as refused:
            read(text)
        assert refused.value.code == 60306


@pytest.mark.parametrize("value", ["1", "true", "null", "{}", '["x"]'])
def test_a_member_that_is_no_string_is_named(value: str) -> None:
    """So that the caller finds it."""
    with pytest.raises(BadRequestError, match="'who'"):
        rules.hidden_details(f'{{"ok":"yes","who":{value}}}')


@pytest.mark.parametrize("text", ['{"ok":"yes","who":"a\\u0000b"}', '{"ok":"yes","who\\u0000":""}'])
def test_a_member_with_u0000_is_refused_by_name(text: str) -> None:
    """400, 60306, however it is written (contract section 10, Bodies)."""
    for parameter, read in (("HiddenDetails", rules.hidden_details), ("Metadata", rules.metadata)):
        with pytest.raises(BadRequestError, match=rf"{parameter}: the member 'who.* contains U\+0000") as refused:
            read(text)
        assert refused.value.code == 60306


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-01T12:05:00Z", datetime(2026, 3, 1, 12, 5, tzinfo=UTC)),
        ("2026-03-01T12:05:00.999Z", datetime(2026, 3, 1, 12, 5, tzinfo=UTC)),
        ("2028-02-29T23:59:59.123456789Z", datetime(2028, 2, 29, 23, 59, 59, tzinfo=UTC)),
        ("", None),
        (None, None),
    ],
)
def test_a_date_is_utc_in_whole_seconds(text: str | None, moment: datetime | None) -> None:
    """A fraction is cut off."""
    assert rules.expiration_date(text) == moment


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-01T12:05:00",
        "2026-03-01T12:05:00+00:00",
        "2026-03-01 12:05:00Z",
        "2026-02-30T12:05:00Z",
        "0000-01-01T00:00:00Z",
        "2026-03-01T24:00:00Z",
        "20260301T120500Z",
        "tomorrow",
        "2026-03-01T12:05:00Z\n",
        "٢٠٢٦-03-01T12:05:00Z",
    ],
)
def test_any_other_date_is_refused(text: str) -> None:
    """400, 60306."""
    with pytest.raises(BadRequestError) as refused:
        rules.expiration_date(text)
    assert refused.value.code == 60306
