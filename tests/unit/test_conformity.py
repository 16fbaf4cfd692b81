"""What checks the suite's answers: that it sees what isn't told, and what a test claims to see."""

import json
from typing import Any, Final

import pytest

from pushward.errors import ForbiddenError
from tests.support.conformity import Exchange, NotToldError, check
from tests.support.sightings import SIGHTINGS, Sightings

SID: Final = "VA" + "0" * 32
SERVICE: Final = f"http://127.0.0.1:8080/v2/Services/{SID}"
ENTITY: Final = f"{SERVICE}/Entities/alice-0001"
DATE: Final = {"date": "Thu, 01 Jan 2026 00:00:00 GMT"}
JSON: Final = {**DATE, "content-type": "application/json"}
BODY: Final = {
    "sid": "YE" + "0" * 32,
    "identity": "alice-0001",
    "account_sid": "AC" + "0" * 32,
    "service_sid": SID,
    "date_created": "2026-01-01T00:00:00Z",
    "date_updated": "2026-01-01T00:00:00Z",
    "url": ENTITY,
    "links": {
        "factors": f"{ENTITY}/Factors",
        "new_factors": f"{ENTITY}/Factors",
        "challenges": f"{ENTITY}/Challenges",
    },
}


def _entity(**changes: Any) -> bytes:  # Any: JSON
    return json.dumps({name: value for name, value in {**BODY, **changes}.items() if value is not ...}).encode()


def _refusal(code: int, status: int) -> bytes:
    more_info = f"http://127.0.0.1:8080/pushward/v1/errors/{code}"
    return json.dumps({"code": code, "message": "No.", "more_info": more_info, "status": status}).encode()


def test_an_answer_as_it_is_told_is_seen() -> None:
    """Under the operation's name."""
    check(Exchange("GET", ENTITY, 200, JSON, _entity()))
    assert SIGHTINGS.operations == {"GET /v2/Services/{ServiceSid}/Entities/{Identity}"}


def test_a_refusal_as_it_is_told_is_seen() -> None:
    """By its code; it exercises nothing."""
    check(Exchange("GET", ENTITY, 404, JSON, _refusal(60392, 404)))
    assert (SIGHTINGS.operations, SIGHTINGS.codes) == (set(), {60392})


@pytest.mark.parametrize(
    ("exchange", "fault"),
    [
        (Exchange("GET", ENTITY, 200, JSON, _entity(more=1)), "more"),
        (Exchange("GET", ENTITY, 200, JSON, _entity(url=...)), "url"),
        (Exchange("GET", ENTITY, 200, JSON, _entity(date_created="2026-01-01T00:00:00.5Z")), "date_created"),
        (Exchange("GET", ENTITY, 200, JSON, _entity(sid="YF" + "0" * 32)), "sid"),
        (Exchange("GET", ENTITY, 200, JSON, b"<html>"), "isn't JSON"),
        (Exchange("GET", ENTITY, 200, {**JSON, "content-type": "text/html"}, _entity()), "text/html"),
        (Exchange("GET", ENTITY, 200, {"content-type": "application/json"}, _entity()), "lacks the header Date"),
        (Exchange("GET", ENTITY, 201, JSON, _entity()), "isn't told to answer 201"),
        (Exchange("GET", ENTITY, 502, JSON, b""), "isn't told to answer 502"),
        (Exchange("GET", ENTITY, 404, JSON, _refusal(60391, 404)), "60391"),
        (Exchange("GET", ENTITY, 404, JSON, _refusal(60392, 403)), "status"),
        (Exchange("DELETE", ENTITY, 204, DATE, b"gone"), "isn't told to have a body"),
        (Exchange("PUT", ENTITY, 404, JSON, _refusal(20404, 404)), "which is 405"),
        (Exchange("PUT", ENTITY, 405, JSON, _refusal(20004, 405)), "without Allow"),
        (Exchange("GET", f"{SERVICE}/Verifications", 200, JSON, b"{}"), "which is 404"),
        (Exchange("GET", f"{SERVICE}/Verifications", 404, JSON, _refusal(60390, 404)), "which is 20404"),
        (Exchange("GET", "http://127.0.0.1:8080/", 200, JSON, b"{}"), "which is 404"),
    ],
)
def test_what_is_not_told_fails_and_is_remembered(exchange: Exchange, fault: str) -> None:
    """A test that swallows the error fails at its end."""
    with pytest.raises(NotToldError, match=fault):
        check(exchange)
    assert len(SIGHTINGS.faults) == 1
    SIGHTINGS.faults.clear()  # this test wanted it


def test_a_claim_is_met_by_what_is_seen(request: pytest.FixtureRequest) -> None:
    """By an answer, and by an error that was made in this process; until then it is lacking."""
    request.node.add_marker(pytest.mark.provokes(60311))
    request.node.add_marker(pytest.mark.exercises("GET /v2/Services/{ServiceSid}/Entities/{Identity}"))
    assert len(Sightings().lacking(request.node)) == 2
    check(Exchange("GET", ENTITY, 200, JSON, _entity()))
    assert ForbiddenError("No.", code=60311).code in SIGHTINGS.codes
    assert SIGHTINGS.lacking(request.node) == []
