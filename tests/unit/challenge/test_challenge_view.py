"""What is signed looks the same to whoever shows it and to whoever checks it."""

from google.protobuf.timestamp_pb2 import Timestamp

from pushward.api.challenge.v1 import challenge_pb2
from pushward.challenge_view import SIGNATURE_FIELDS, SIGNATURE_FIELDS_HEADER, date_text, signed_view


def test_the_header_names_the_fields_in_the_contracts_order_without_spaces() -> None:
    """Device SDKs split at commas and trim nothing."""
    assert SIGNATURE_FIELDS_HEADER == (
        "sid,account_sid,service_sid,entity_sid,identity,factor_sid,status,details,hidden_details,"
        "expiration_date,date_created"
    )


def test_every_field_of_the_header_is_shown() -> None:
    """Hidden details are null where there are none: a name without a member is an error on the device."""
    challenge = challenge_pb2.Challenge(
        sid="YC1",
        status=challenge_pb2.STATUS_PENDING,
        details_json='{"message":"Log in?","fields":[]}',
        date_created=Timestamp(seconds=1_772_366_400, nanos=999_999_000),
        expiration_date=Timestamp(seconds=1_772_366_700),
    )
    view = signed_view(challenge)
    assert tuple(view) == SIGNATURE_FIELDS
    assert view["details"] == {"message": "Log in?", "fields": []}
    assert view["hidden_details"] is None
    assert (view["date_created"], view["expiration_date"]) == ("2026-03-01T12:00:00Z", "2026-03-01T12:05:00Z")
    challenge.hidden_details_json = '{"a":"b"}'
    assert signed_view(challenge)["hidden_details"] == {"a": "b"}


def test_a_date_has_no_fraction() -> None:
    """Cut off, never rounded, so that it can't change between two reads."""
    assert date_text(Timestamp(seconds=0, nanos=999_999_999)) == "1970-01-01T00:00:00Z"
