"""Of requests.json: what enrolling and keeping a factor sends."""

from typing import Final

from clients.vectors.make.exchanges import (
    ACCESS_TOKEN,
    FACTOR,
    FACTOR_HERE,
    FACTORS,
    WITH_ACCESS_TOKEN,
    answer,
    case,
    exchange,
    request,
)
from clients.vectors.make.known import (
    APP_ID,
    CREDENTIAL_SID,
    FACTOR_SID,
    IDENTITY,
    OTHER_FACTOR_SID,
    SERVICE_SID,
    Json,
    Object,
    factor,
)

PAYLOAD: Final[Object] = {
    "token": ACCESS_TOKEN,
    "service_sid": SERVICE_SID,
    "identity": IDENTITY,
    "factor_type": "push",
}
ENROL_FORM: Final[Object] = {
    "FriendlyName": "Test phone",
    "FactorType": "push",
    "Binding.Alg": "ES256",
    "Binding.PublicKey": {"public_key": True},
    "Config.SdkVersion": {"sdk_version": True},
    "Config.AppId": APP_ID,
    "Config.NotificationPlatform": "none",
}
PROOF: Final[Object] = {"AuthPayload": {"der_signature_over": FACTOR_SID}}
UPDATE_FORM: Final[Object] = {"Config.SdkVersion": {"sdk_version": True}, "Config.AppId": APP_ID}
REGISTER: Final[Object] = {"payload": PAYLOAD, "friendly_name": "Test phone", "app_id": APP_ID}


def factor_cases() -> list[Json]:
    """Enrol, prove possession, rename, delete."""
    created = exchange(
        request("POST", FACTORS, form=ENROL_FORM, authorization=WITH_ACCESS_TOKEN),
        answer(201, factor(status="unverified")),
    )
    with_metadata = ENROL_FORM | {"Metadata": {"json": {"os": "Test OS", "n\u00fc": "\u20ac & ="}}}
    odd_path = f"/v2/Services/{SERVICE_SID}/Entities/a%2Fb%20%3Fc%C3%BC/Factors"
    verified = exchange(request("POST", FACTOR, form=PROOF), answer(200, factor()))
    return [
        case(
            "Enrol: create with the access token, then prove possession with a JWT of the new factor.",
            "register_factor",
            REGISTER,
            created,
            verified,
            starts_with="nothing",
            result=FACTOR_HERE,
        ),
        case(
            "Enrol: metadata goes as JSON text.",
            "register_factor",
            REGISTER | {"metadata": {"os": "Test OS", "n\u00fc": "\u20ac & ="}},
            exchange(
                request("POST", FACTORS, form=with_metadata, authorization=WITH_ACCESS_TOKEN),
                answer(201, factor(status="unverified")),
            ),
            verified,
            starts_with="nothing",
            result=FACTOR_HERE,
        ),
        case(
            "Enrol again after a lost answer: the factor was verified already, so nothing is to be proved.",
            "register_factor",
            REGISTER,
            exchange(request("POST", FACTORS, form=ENROL_FORM, authorization=WITH_ACCESS_TOKEN), answer(201, factor())),
            starts_with="nothing",
            result=FACTOR_HERE,
        ),
        case(
            "Enrol: an answer without a credential is of no use; nothing is kept.",
            "register_factor",
            REGISTER,
            exchange(
                request("POST", FACTORS, form=ENROL_FORM, authorization=WITH_ACCESS_TOKEN),
                answer(201, factor(status="unverified", config={})),
            ),
            starts_with="nothing",
            error="AnswerFormatError",
        ),
        case(
            "Enrol: whatever the identity is, it is one segment of the path.",
            "register_factor",
            REGISTER | {"payload": PAYLOAD | {"identity": "a/b ?c\u00fc"}},
            exchange(
                request("POST", odd_path, form=ENROL_FORM, authorization=WITH_ACCESS_TOKEN),
                answer(404, {"code": 20404, "message": "Not found", "more_info": "", "status": 404}),
            ),
            starts_with="nothing",
            error={"class": "NotFoundError", "status": 404, "code": 20404, "message": "Not found"},
        ),
        case("Prove possession again.", "verify_factor", {"factor_sid": FACTOR_SID}, verified, result=FACTOR_HERE),
        case(
            "The server doesn't take the proof.",
            "verify_factor",
            {"factor_sid": FACTOR_SID},
            exchange(request("POST", FACTOR, form=PROOF), answer(200, factor(status="unverified"))),
            error="FactorNotVerifiedError",
        ),
        case(
            "Rename a factor.",
            "update_factor",
            {"factor_sid": FACTOR_SID, "friendly_name": "R&D = 1 + 1"},
            exchange(
                request("POST", FACTOR, form=UPDATE_FORM | {"FriendlyName": "R&D = 1 + 1"}),
                answer(200, factor(friendly_name="R&D = 1 + 1")),
            ),
            result=FACTOR_HERE | {"friendly_name": "R&D = 1 + 1"},
        ),
        case(
            "The answer is about another factor.",
            "update_factor",
            {"factor_sid": FACTOR_SID, "friendly_name": "New"},
            exchange(
                request("POST", FACTOR, form=UPDATE_FORM | {"FriendlyName": "New"}),
                answer(200, factor(sid=OTHER_FACTOR_SID)),
            ),
            error="AnswerFormatError",
        ),
        case(
            "Delete a factor: there, then here.",
            "delete_factor",
            {"factor_sid": FACTOR_SID},
            exchange(request("DELETE", FACTOR), answer(204, b"")),
            result=None,
            factors_after=[],
        ),
        *(
            case(
                f"Delete a factor that the server no longer knows ({status}): it is gone here too.",
                "delete_factor",
                {"factor_sid": FACTOR_SID},
                exchange(
                    request("DELETE", FACTOR),
                    answer(status, {"code": code, "message": "Gone", "more_info": "", "status": status}),
                ),
                result=None,
                factors_after=[],
            )
            for status, code in ((404, 60390), (401, 20003))
        ),
        *(
            case(
                f"Delete a factor, and a proxy answers {status}: it stays.",
                "delete_factor",
                {"factor_sid": FACTOR_SID},
                exchange(request("DELETE", FACTOR), answer(status, b"<html>")),
                error={"class": error, "status": status, "code": None},
                factors_after=[FACTOR_SID],
            )
            for status, error in ((404, "NotFoundError"), (502, "ServerUnavailableError"))
        ),
        case(
            "A factor that is not here: nothing is sent.",
            "verify_factor",
            {"factor_sid": OTHER_FACTOR_SID},
            error="FactorUnknownError",
        ),
    ]


def push_target_cases() -> list[Json]:
    """For libraries whose platform has push tokens."""
    config: Object = {"credential_sid": CREDENTIAL_SID, "notification_platform": "fcm"}
    target: Object = {"Config.NotificationPlatform": "fcm", "Config.NotificationToken": "push-token"}
    return [
        case(
            "Enrol with a push token.",
            "register_factor",
            REGISTER | {"platform": "fcm", "notification_token": "push-token"},
            exchange(
                request("POST", FACTORS, form=ENROL_FORM | target, authorization=WITH_ACCESS_TOKEN),
                answer(201, factor(config=config)),
            ),
            starts_with="nothing",
            result=FACTOR_HERE,
        ),
        case(
            "A new push token.",
            "update_factor",
            {"factor_sid": FACTOR_SID, "platform": "fcm", "notification_token": "push-token"},
            exchange(request("POST", FACTOR, form=UPDATE_FORM | target), answer(200, factor(config=config))),
            result=FACTOR_HERE,
        ),
        case(
            "A blank push token turns pushes off.",
            "update_factor",
            {"factor_sid": FACTOR_SID, "notification_token": " "},
            exchange(
                request("POST", FACTOR, form=UPDATE_FORM | {"Config.NotificationPlatform": "none"}),
                answer(200, factor()),
            ),
            result=FACTOR_HERE,
        ),
    ]
