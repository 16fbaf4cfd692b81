"""Resources as the contract shows them."""

import json
from typing import Any

import msgspec
from google.protobuf.timestamp_pb2 import Timestamp

from pushward.api.challenge.v1 import challenge_pb2 as challenge
from pushward.api.common.v1 import common_pb2 as common
from pushward.api.events.v1.registry_pb2 import ServiceSettings
from pushward.api.registry.v1 import registry_pb2 as registry
from pushward.challenge_view import SIGNATURE_FIELDS, signed_view
from services.edge.app.models.access_tokens import access_token_body
from services.edge.app.models.challenges import ListChallengesParams, challenge_body
from services.edge.app.models.entities import entity_body
from services.edge.app.models.factors import factor_body, new_factor_body
from services.edge.app.models.services import service_body
from services.edge.app.models.values import page_meta
from services.edge.app.urls import Urls

AC, VA, YE, YF, YC = (f"{kind}{'0' * 31}1" for kind in ("AC", "VA", "YE", "YF", "YC"))
YK = f"YK{'0' * 31}1"
IDENTITY = "alice-0001"
URLS = Urls("https://verify.example.com")
ENTITY_URL = f"https://verify.example.com/v2/Services/{VA}/Entities/{IDENTITY}"
MOMENT = Timestamp(seconds=1_767_225_600, nanos=999_999_999)
MOMENT_TEXT = "2026-01-01T00:00:00Z"
DETAILS = '{"message":"Log in?","fields":[{"label":"IP","value":"203.0.113.7"}]}'


# Any: parsed JSON, compared with literals.
def _shown(body: msgspec.Struct) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(msgspec.json.encode(body))
    return parsed


def _a_challenge(**fields: Any) -> challenge.Challenge:  # Any: fields of every type
    return challenge.Challenge(
        sid=YC,
        account_sid=AC,
        service_sid=VA,
        entity_sid=YE,
        identity=IDENTITY,
        factor_sid=YF,
        status=challenge.STATUS_PENDING,
        factor_type=common.FACTOR_TYPE_PUSH,
        details_json=DETAILS,
        date_created=MOMENT,
        date_updated=MOMENT,
        expiration_date=MOMENT,
        **fields,
    )


def _a_factor() -> registry.Factor:
    return registry.Factor(
        sid=YF,
        account_sid=AC,
        service_sid=VA,
        entity_sid=YE,
        identity=IDENTITY,
        friendly_name="Jo’s phone",
        status=common.FACTOR_STATUS_UNVERIFIED,
        factor_type=common.FACTOR_TYPE_PUSH,
        push=registry.PushConfig(
            sdk_version="1.0",
            app_id="com.example",
            notification_platform=common.NOTIFICATION_PLATFORM_NONE,
            credential_sid=f"CR{YF[2:]}",
        ),
        public_key=b"\xfb\xff\xfe",
        metadata_json='{"os":"Android"}',
        date_created=MOMENT,
        date_updated=MOMENT,
    )


def test_a_pending_challenge_has_every_field_of_the_contract() -> None:
    """Null where there is nothing, and no `date` in its details: Android reads a null as a date."""
    assert _shown(challenge_body(_a_challenge(), URLS)) == {
        "sid": YC,
        "account_sid": AC,
        "service_sid": VA,
        "entity_sid": YE,
        "identity": IDENTITY,
        "factor_sid": YF,
        "status": "pending",
        "details": {"message": "Log in?", "fields": [{"label": "IP", "value": "203.0.113.7"}]},
        "hidden_details": None,
        "expiration_date": MOMENT_TEXT,
        "date_created": MOMENT_TEXT,
        "date_updated": MOMENT_TEXT,
        "date_responded": None,
        "responded_reason": "none",
        "metadata": None,
        "factor_type": "push",
        "url": f"{ENTITY_URL}/Challenges/{YC}",
        "links": {"notifications": f"{ENTITY_URL}/Challenges/{YC}/Notifications"},
    }


def test_an_answered_challenge_shows_when_and_what_was_stored_with_it() -> None:
    """`date_responded`, hidden details and metadata are there once they exist."""
    answered = _a_challenge(
        hidden_details_json='{"ip":"10.0.0.1"}', metadata_json='{"mode":"silent"}', date_responded=MOMENT
    )
    body = _shown(challenge_body(answered, URLS))
    assert body["date_responded"] == MOMENT_TEXT
    assert body["hidden_details"] == {"ip": "10.0.0.1"}
    assert body["metadata"] == {"mode": "silent"}


def test_what_is_signed_is_what_challenge_compares() -> None:
    """Each signature field in the answer is the very value of the kernel's view."""
    pending = _a_challenge(hidden_details_json='{"é":"\\u2028 \\/"}')
    body = _shown(challenge_body(pending, URLS))
    assert {name: body[name] for name in SIGNATURE_FIELDS} == signed_view(pending)


def test_a_factor_has_its_credential_and_no_binding() -> None:
    """Both SDKs require `config.credential_sid`; `binding` is only in the answer to the creation."""
    assert _shown(factor_body(_a_factor(), URLS)) == {
        "sid": YF,
        "account_sid": AC,
        "service_sid": VA,
        "entity_sid": YE,
        "identity": IDENTITY,
        "date_created": MOMENT_TEXT,
        "date_updated": MOMENT_TEXT,
        "friendly_name": "Jo’s phone",
        "status": "unverified",
        "factor_type": "push",
        "config": {
            "sdk_version": "1.0",
            "app_id": "com.example",
            "notification_platform": "none",
            "notification_token": None,
            "credential_sid": f"CR{YF[2:]}",
        },
        "metadata": {"os": "Android"},
        "url": f"{ENTITY_URL}/Factors/{YF}",
    }


def test_a_new_factor_has_its_binding_too() -> None:
    """The key as standard base64, and `options` null: they are of passkeys only."""
    body = _shown(new_factor_body(_a_factor(), URLS))
    assert body["binding"] == {"alg": "ES256", "public_key": "+//+"}
    assert body["options"] is None
    assert body.keys() - {"binding", "options"} == _shown(factor_body(_a_factor(), URLS)).keys()


def test_an_entity_links_to_what_lies_below_it() -> None:
    """Factors, new factors, challenges."""
    entity = registry.Entity(
        sid=YE, account_sid=AC, service_sid=VA, identity=IDENTITY, date_created=MOMENT, date_updated=MOMENT
    )
    body = _shown(entity_body(entity, URLS))
    assert body["url"] == ENTITY_URL
    assert body["links"] == {
        "factors": f"{ENTITY_URL}/Factors",
        "new_factors": f"{ENTITY_URL}/Factors",
        "challenges": f"{ENTITY_URL}/Challenges",
    }


def test_a_service_shows_its_settings_as_objects() -> None:
    """Push, TOTP, WhatsApp, passkeys; the TOTP issuer is the friendly name unless one is set."""
    service = registry.Service(
        sid=VA,
        account_sid=AC,
        friendly_name="prod",
        settings=ServiceSettings(
            code_length=6, totp_time_step=30, totp_code_length=6, totp_skew=1, push_fcm_credential_sid="CR1"
        ),
        date_created=MOMENT,
        date_updated=MOMENT,
    )
    body = _shown(service_body(service, URLS))
    assert body["push"] == {"include_date": False, "apn_credential_sid": None, "fcm_credential_sid": "CR1"}
    assert body["totp"] == {"issuer": "prod", "time_step": 30, "code_length": 6, "skew": 1}
    assert body["whatsapp"] == {"msg_service_sid": None, "from": None}
    assert body["passkeys"]["relying_party"] == {"id": None, "name": None, "origins": []}
    assert body["links"]["verification_checks"] == f"https://verify.example.com/v2/Services/{VA}/VerificationCheck"


def test_an_access_token_is_shown_only_when_it_is_there() -> None:
    """A fetch answers `token: null`."""
    token = registry.AccessToken(
        sid=YK,
        account_sid=AC,
        service_sid=VA,
        entity_identity=IDENTITY,
        factor_type=common.FACTOR_TYPE_PUSH,
        ttl=60,
        date_created=MOMENT,
    )
    assert _shown(access_token_body(token, URLS))["token"] is None
    token.token = "0001.secret"
    assert _shown(access_token_body(token, URLS))["token"] == "0001.secret"


def test_links_to_other_pages_are_absolute_and_repeat_the_filters() -> None:
    """Helper libraries follow them verbatim, SDKs read `PageToken` from them."""
    params = ListChallengesParams(factor_sid=YF, order="desc", page_size=2, page=1, page_token="now")
    reply = common.PageReply(next_token="on", previous_token="back")
    meta = _shown(page_meta("challenges", f"{ENTITY_URL}/Challenges", params, reply))
    common_part = f"{ENTITY_URL}/Challenges?FactorSid={YF}&Order=desc&PageSize=2"
    assert meta == {
        "page": 1,
        "page_size": 2,
        "first_page_url": f"{common_part}&Page=0",
        "previous_page_url": f"{common_part}&Page=0&PageToken=back",
        "url": f"{common_part}&Page=1&PageToken=now",
        "next_page_url": f"{common_part}&Page=2&PageToken=on",
        "key": "challenges",
    }


def test_the_only_page_leads_nowhere() -> None:
    """No neighbours, no links."""
    meta = page_meta("services", "https://verify.example.com/v2/Services", ListChallengesParams(), common.PageReply())
    assert (meta.previous_page_url, meta.next_page_url) == (None, None)
