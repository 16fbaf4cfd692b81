"""The document against the contract's section 1a, which stands here once more, by hand: it isn't made from our models.

Names and statuses; what each value must look like is in the document, and every answer of the end-to-end suite is
checked against that.
"""

from dataclasses import dataclass
from typing import Final

import pytest

from services.edge.app.models.shapes import Json
from services.edge.app.openapi.document import document
from services.edge.wiring import described_operations

DOCUMENT: Final = document(described_operations())

SERVICE: Final = "/v2/Services/{ServiceSid}"
ENTITY: Final = f"{SERVICE}/Entities/{{Identity}}"
PAGE: Final = "PageSize Page PageToken"
NEW_FACTOR: Final = (
    "FriendlyName* FactorType* Binding.Alg Binding.PublicKey Config.AppId Config.NotificationPlatform "
    "Config.NotificationToken Config.SdkVersion Binding.Secret Config.TimeStep Config.Skew Config.CodeLength "
    "Config.Alg Metadata"
)
FACTOR_UPDATE: Final = (
    "AuthPayload FriendlyName Config.NotificationToken Config.SdkVersion Config.TimeStep Config.Skew Config.CodeLength "
    "Config.Alg Config.NotificationPlatform"
)
SERVICE_SETTINGS: Final = (
    "CodeLength LookupEnabled SkipSmsToLandlines DtmfInputRequired TtsName Psd2Enabled DoNotShareWarningEnabled "
    "CustomCodeEnabled Push.IncludeDate Push.ApnCredentialSid Push.FcmCredentialSid Totp.Issuer Totp.TimeStep "
    "Totp.CodeLength Totp.Skew DefaultTemplateSid Whatsapp.MsgServiceSid Whatsapp.From Passkeys.RelyingParty.Id "
    "Passkeys.RelyingParty.Name Passkeys.RelyingParty.Origins Passkeys.AuthenticatorAttachment "
    "Passkeys.DiscoverableCredentials Passkeys.UserVerification VerifyEventSubscriptionEnabled"
)


@dataclass(frozen=True, slots=True)
class Contracted:
    """An operation: its parameters (`*` is required), the status of its answer, and what that holds."""

    name: str
    parameters: str
    status: int
    answer: str = ""


OPERATIONS: Final = (
    Contracted(f"POST {SERVICE}/AccessTokens", "Identity* FactorType* FactorFriendlyName Ttl", 201, "access_token"),
    Contracted(f"GET {SERVICE}/AccessTokens/{{AccessTokenSid}}", "", 200, "access_token"),
    Contracted(
        f"POST {ENTITY}/Challenges",
        "FactorSid* ExpirationDate Details.Message Details.Fields HiddenDetails AuthPayload",
        201,
        "challenge",
    ),
    Contracted(f"GET {ENTITY}/Challenges", f"FactorSid Status Order {PAGE}", 200, "challenges page"),
    Contracted(f"GET {ENTITY}/Challenges/{{ChallengeSid}}", "", 200, "challenge"),
    Contracted(f"POST {ENTITY}/Challenges/{{ChallengeSid}}", "AuthPayload Metadata", 200, "challenge"),
    Contracted(f"POST {SERVICE}/Entities", "Identity*", 201, "entity"),
    Contracted(f"GET {SERVICE}/Entities", PAGE, 200, "entities page"),
    Contracted(f"DELETE {ENTITY}", "", 204),
    Contracted(f"GET {ENTITY}", "", 200, "entity"),
    Contracted(f"DELETE {ENTITY}/Factors/{{FactorSid}}", "", 204),
    Contracted(f"GET {ENTITY}/Factors/{{FactorSid}}", "", 200, "factor"),
    Contracted(f"POST {ENTITY}/Factors/{{FactorSid}}", FACTOR_UPDATE, 200, "factor"),
    Contracted(f"GET {ENTITY}/Factors", PAGE, 200, "factors page"),
    Contracted(f"POST {ENTITY}/Factors", NEW_FACTOR, 201, "new_factor"),
    Contracted(f"POST {ENTITY}/Challenges/{{ChallengeSid}}/Notifications", "Ttl", 201, "notification"),
    Contracted("POST /v2/Services", f"FriendlyName* {SERVICE_SETTINGS}", 201, "service"),
    Contracted("GET /v2/Services", PAGE, 200, "services page"),
    Contracted(f"GET {SERVICE}", "", 200, "service"),
    Contracted(f"DELETE {SERVICE}", "", 204),
    Contracted(f"POST {SERVICE}", f"FriendlyName {SERVICE_SETTINGS}", 200, "service"),
    Contracted(f"POST {SERVICE}/Webhooks", "FriendlyName* EventTypes* WebhookUrl* Status Version", 201, "webhook"),
    Contracted(f"GET {SERVICE}/Webhooks", PAGE, 200, "webhooks page"),
    Contracted(
        f"POST {SERVICE}/Webhooks/{{WebhookSid}}", "FriendlyName EventTypes WebhookUrl Status Version", 200, "webhook"
    ),
    Contracted(f"DELETE {SERVICE}/Webhooks/{{WebhookSid}}", "", 204),
    Contracted(f"GET {SERVICE}/Webhooks/{{WebhookSid}}", "", 200, "webhook"),
)
"""All of section 1a.

Parameters of the path have our names for them; the contract calls the last one `Sid`.
"""

_FACTOR: Final = (
    "sid account_sid service_sid entity_sid identity date_created date_updated friendly_name status factor_type config "
    "metadata url"
)
MEMBERS: Final = {
    "access_token": (
        "sid account_sid service_sid entity_identity factor_type factor_friendly_name token url ttl date_created"
    ),
    "challenge": (
        "sid account_sid service_sid entity_sid identity factor_sid date_created date_updated date_responded "
        "expiration_date status responded_reason details hidden_details metadata factor_type url links"
    ),
    "entity": "sid identity account_sid service_sid date_created date_updated url links",
    "factor": _FACTOR,
    "new_factor": f"{_FACTOR} binding options",
    "notification": "sid account_sid service_sid entity_sid identity challenge_sid priority ttl date_created",
    "service": (
        "sid account_sid friendly_name code_length lookup_enabled psd2_enabled skip_sms_to_landlines "
        "dtmf_input_required tts_name do_not_share_warning_enabled custom_code_enabled push totp default_template_sid "
        "whatsapp passkeys verify_event_subscription_enabled date_created date_updated url links"
    ),
    "webhook": (
        "sid service_sid account_sid friendly_name event_types status version webhook_url webhook_method date_created "
        "date_updated url"
    ),
}
ITEMS: Final = {
    "challenges": "challenge",
    "entities": "entity",
    "factors": "factor",
    "services": "service",
    "webhooks": "webhook",
}
META: Final = "page page_size first_page_url previous_page_url url next_page_url key"


def _told(name: str) -> Json:
    method, path = name.split(" ")
    told: Json = DOCUMENT["paths"][path][method.lower()]
    return told


def _names(schema: Json) -> set[str]:
    """The members of an object that are always there; ours have no others."""
    assert set(schema["properties"]) == set(schema["required"])
    return set(schema["required"])


def _schema(reference: Json) -> Json:
    schema: Json = DOCUMENT["components"]["schemas"][reference["$ref"].rpartition("/")[2]]
    return schema


@pytest.mark.parametrize("contracted", OPERATIONS, ids=lambda contracted: contracted.name)
def test_an_operation_takes_what_the_contract_says(contracted: Contracted) -> None:
    """The contract's parameters and no others; a factor's update also takes `Config.AppId`, which the SDKs send."""
    told = _told(contracted.name)
    given = {one["name"]: one.get("required", False) for one in told.get("parameters", ()) if one["in"] == "query"}
    for content in told.get("requestBody", {}).get("content", {}).values():
        schema = content["schema"]
        given |= {name: name in schema.get("required", ()) for name in schema["properties"]}
    wanted = {name.rstrip("*"): name.endswith("*") for name in contracted.parameters.split()}
    if contracted.parameters == FACTOR_UPDATE:
        wanted["Config.AppId"] = False
    assert given == wanted


@pytest.mark.parametrize("contracted", OPERATIONS, ids=lambda contracted: contracted.name)
def test_an_operation_answers_what_the_contract_says(contracted: Contracted) -> None:
    """The contract's status, and its members: neither more nor less."""
    responses = _told(contracted.name)["responses"]
    assert [status for status in responses if status < "400"] == [str(contracted.status)]
    content = responses[str(contracted.status)].get("content")
    if not contracted.answer:
        assert content is None
        return
    schema = _schema(content["application/json"]["schema"])
    resource, _, page = contracted.answer.partition(" ")
    if page:
        assert _names(schema) == {resource, "meta"}
        assert _names(_schema(schema["properties"]["meta"])) == set(META.split())
        schema = _schema(schema["properties"][resource]["items"])
        resource = ITEMS[resource]
    assert _names(schema) == set(MEMBERS[resource].split())


def test_there_is_nothing_else_below_v2() -> None:
    """What is Pushward's own lies under /pushward/v1."""
    told = {
        f"{method.upper()} {path}"
        for path, item in DOCUMENT["paths"].items()
        if path.startswith("/v2")
        for method in item
    }
    assert told == {contracted.name for contracted in OPERATIONS}
