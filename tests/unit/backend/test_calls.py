"""The ring of calls: whole, bounded, and without secrets."""

import json

from samples.backend.calls import BODY_CHARACTERS_MAX, CALLS_MAX, MASK, Calls, masked_headers, masked_json


def record(calls: Calls, **changes: object) -> None:
    """A call, with changes."""
    call = {"request_headers": [], "request_body": "", "status": 200, "duration_ms": 1.0, **changes}
    calls.record("out", "GET", "http://127.0.0.1/", **call)  # type: ignore[arg-type]  # as the test says


def test_the_auth_token_is_masked_and_the_scheme_stays() -> None:
    """However the header is written."""
    masked = masked_headers([("AUTHORIZATION", "Basic QUM6c2VjcmV0"), ("Accept", "application/json")])
    assert masked == {"AUTHORIZATION": f"Basic {MASK}", "Accept": "application/json"}


def test_an_access_token_is_masked_at_every_depth() -> None:
    """And nothing else of the answer."""
    masked = json.loads(masked_json('{"sid": "YK1", "token": "abc", "more": [{"token": "def"}], "text": "\u00fc"}'))
    assert masked == {"sid": "YK1", "token": MASK, "more": [{"token": MASK}], "text": "ü"}


def test_a_token_that_is_null_stays_null() -> None:
    """A later look at an access token shows that it isn't told again."""
    assert json.loads(masked_json('{"token": null}')) == {"token": None}


def test_the_secret_of_a_new_webhook_is_masked() -> None:
    """It comes as a header."""
    assert masked_headers([("Pushward-Webhook-Secret", "whsec_abc")]) == {"Pushward-Webhook-Secret": MASK}


def test_text_that_is_no_json_stays() -> None:
    """A proxy's page, or nothing."""
    assert masked_json("<html>") == "<html>"
    assert masked_json("") == ""


def test_readers_get_what_came_after_the_last_they_saw() -> None:
    """Numbers begin with 1 and go on."""
    calls = Calls()
    assert calls.after(0) == {"calls": [], "last": 0}
    for _ in range(3):
        record(calls)
    assert [call["number"] for call in calls.after(1)["calls"]] == [2, 3]
    assert calls.after(3) == {"calls": [], "last": 3}


def test_old_calls_and_long_bodies_are_cut() -> None:
    """A limit on everything."""
    calls = Calls()
    for _ in range(CALLS_MAX + 5):
        record(calls, response_body="x" * (BODY_CHARACTERS_MAX + 1))
    kept = calls.after(0)
    assert (len(kept["calls"]), kept["last"]) == (CALLS_MAX, CALLS_MAX + 5)
    assert kept["calls"][0]["response_body"] == "x" * BODY_CHARACTERS_MAX + "…"
