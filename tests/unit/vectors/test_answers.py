"""The server's decisions about what devices sign, and whether what it shows is what they read."""

import json
from dataclasses import replace
from typing import Any, Final

import msgspec
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from pushward.api.challenge.v1 import challenge_pb2
from pushward.api.common.v1 import common_pb2
from pushward.challenge_view import SIGNATURE_FIELDS_HEADER
from pushward.errors import ForbiddenError
from services.challenge.domain.decider import decide_answer, mode_in
from services.challenge.domain.events import Event
from services.edge.app.models.challenges import challenge_body
from services.edge.app.urls import Urls
from tests.unit.challenge.given import APPROVED, DENIED, NOW, answer, created, given
from tests.unit.vectors.files import Members, body_of, each, read

ANSWERED: Final[dict[str, Event]] = {"approved": APPROVED, "denied": DENIED}
HEADER: Final = "Twilio-Verify-Signature-Fields"
SIGNED: Final = [one for one in each("payloads.json", "cases") if "payload" in one.values[0]]


def _decided(shown: Members, claims: Members) -> list[Event]:
    return decide_answer(given(created()), replace(answer(), claims=claims, shown=shown), NOW)


@pytest.mark.parametrize("case", SIGNED)
def test_what_a_device_signs_is_an_answer(case: Members) -> None:
    """To what it was shown, with what it says of its mode."""
    members = json.loads(body_of(case))
    shown = {name: members[name] for name in case["headers"][HEADER].split(",")}
    assert _decided(shown, case["payload"]) == [ANSWERED[case["decision"]]]
    assert case["mode"] is None or mode_in(case["payload"]) == case["mode"]


@pytest.mark.parametrize("case", each("payloads.json", "server_cases"))
def test_a_signed_payload_is_an_answer_or_none(case: Members) -> None:
    """Its decision and its mode, or 403, 60324."""
    if "code" not in case:
        assert _decided(case["shown"], case["payload"]) == [ANSWERED[case["answer"]]]
        assert mode_in(case["payload"]) == case["mode"]
        return
    with pytest.raises(ForbiddenError) as refused:
        _decided(case["shown"], case["payload"])
    assert refused.value.code == case["code"]


def test_the_vectors_show_challenges_as_the_edge_does() -> None:
    """Member for member, and the fields to sign with them."""
    case: Any = read("payloads.json")["cases"][0]  # Any: JSON
    expected = json.loads(body_of(case))
    urls = Urls("https://verify.example.com")
    message = challenge_pb2.Challenge(
        **{name: expected[name] for name in ("sid", "account_sid", "service_sid", "entity_sid", "identity")},
        factor_sid=expected["factor_sid"],
        status=challenge_pb2.STATUS_PENDING,
        factor_type=common_pb2.FACTOR_TYPE_PUSH,
        details_json=json.dumps(expected["details"]),
        hidden_details_json=json.dumps(expected["hidden_details"]),
        date_created=_timestamp(expected["date_created"]),
        date_updated=_timestamp(expected["date_updated"]),
        expiration_date=_timestamp(expected["expiration_date"]),
    )
    shown = json.loads(msgspec.json.encode(challenge_body(message, urls)))
    links = shown.pop("links")
    assert shown == expected
    assert links
    assert case["headers"][HEADER] == SIGNATURE_FIELDS_HEADER


def _timestamp(text: str) -> Timestamp:
    moment = Timestamp()
    moment.FromJsonString(text)
    return moment
