"""requests.json: what each operation sends, in which order, and what comes of the answers."""

from typing import Final

from clients.vectors.make.answers import ELSEWHERE, READ
from clients.vectors.make.exchanges import (
    ACCESS_TOKEN,
    CHALLENGES,
    FACTOR,
    FACTOR_HERE,
    FACTORS,
    STREAM,
    WITH_ACCESS_TOKEN,
    answer,
    case,
    exchange,
    request,
    shown,
)
from clients.vectors.make.known import (
    APP_ID,
    BASE_URL,
    CHALLENGE_SID,
    CREDENTIAL_SID,
    FACTOR_SID,
    IDENTITY,
    NOW_SECONDS,
    OTHER_CHALLENGE_SID,
    OTHER_FACTOR_SID,
    SERVICE_SID,
    SIGNATURE_FIELDS,
    Json,
    Object,
    challenge,
    factor,
    named,
    page,
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
SAFE_URLS: Final = (
    "https://verify.example.com",
    "https://verify.example.com/",
    "https://verify.example.com:8443",
    "https://192.0.2.7",
    "http://127.0.0.1:8080",
    "http://localhost:8080",
    "http://[::1]:8080",
)
UNSAFE_URLS: Final = (
    "http://verify.example.com",
    "http://192.0.2.7:8080",
    "http://localhost.example.com",
    "http://127.0.0.1.example.com",
    "ftp://verify.example.com",
    "verify.example.com",
    "//verify.example.com",
    "https://",
    "",
)


def content() -> Object:
    """The whole file."""
    return {
        "about": "Operations, the requests that they send in this order (no other), and what comes of the answers. "
        "query and form hold all pairs there are; form null means no body; paths are percent-encoded; headers are "
        "those that matter. README.md says what an object in a form or an authorization stands for.",
        "device": {
            "base_url": BASE_URL,
            "now_seconds": NOW_SECONDS,
            "clock_correction_seconds": 0,
            "factor": FACTOR_HERE,
            "key": "device",
        },
        "cases": [*_factors(), *_listing(), *_answering(), *_listening()],
        "push_target_cases": _push_targets(),
        "base_urls": [
            *(named(f"{url} is safe.", base_url=url) for url in SAFE_URLS),
            *(named(f"{url or 'No URL'} is not.", base_url=url, error="BaseUrlError") for url in UNSAFE_URLS),
        ],
    }


def _factors() -> list[Json]:
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


def _listing() -> list[Json]:
    query: Object = {"PageSize": "50", "FactorSid": FACTOR_SID, "Order": "asc"}
    full: Object = {
        "PageSize": "20",
        "FactorSid": FACTOR_SID,
        "Order": "desc",
        "Status": "pending",
        "PageToken": "a+b=&c",
    }
    return [
        case(
            "List with nothing said: 50 a page, oldest first, of any status.",
            "challenges.list",
            {"factor_sid": FACTOR_SID},
            exchange(request("GET", CHALLENGES, query=query), answer(200, page(challenge()))),
            result={"challenges": [READ], "next_page_token": None},
        ),
        case(
            "List with everything said; the page's URL is on another host, and only its token is taken.",
            "challenges.list",
            {
                "factor_sid": FACTOR_SID,
                "status": "pending",
                "order": "desc",
                "page_size": 20,
                "page_token": "a+b=&c",
            },
            exchange(
                request("GET", CHALLENGES, query=full),
                answer(200, page(next_page_url=f"{ELSEWHERE}?PageToken=n%2Bext")),
            ),
            result={"challenges": [], "next_page_token": "n+ext"},
        ),
        case(
            "List all: page after page.",
            "challenges.list_all",
            {"factor_sid": FACTOR_SID},
            exchange(
                request("GET", CHALLENGES, query=query),
                answer(200, page(challenge(), next_page_url=f"{ELSEWHERE}?PageToken=2")),
            ),
            exchange(
                request("GET", CHALLENGES, query=query | {"PageToken": "2"}),
                answer(200, page(challenge(sid=OTHER_CHALLENGE_SID))),
            ),
            result=[READ, READ | {"sid": OTHER_CHALLENGE_SID}],
        ),
        case(
            "Get one.",
            "challenges.get",
            {"factor_sid": FACTOR_SID, "challenge_sid": CHALLENGE_SID},
            exchange(request("GET", f"{CHALLENGES}/{CHALLENGE_SID}"), shown()),
            result=READ,
        ),
        case(
            "Get one, and the answer is another factor's.",
            "challenges.get",
            {"factor_sid": FACTOR_SID, "challenge_sid": CHALLENGE_SID},
            exchange(request("GET", f"{CHALLENGES}/{CHALLENGE_SID}"), shown(factor_sid=OTHER_FACTOR_SID)),
            error="WrongFactorError",
        ),
        case(
            "Get one, and the answer is about another.",
            "challenges.get",
            {"factor_sid": FACTOR_SID, "challenge_sid": CHALLENGE_SID},
            exchange(request("GET", f"{CHALLENGES}/{CHALLENGE_SID}"), shown(sid=OTHER_CHALLENGE_SID)),
            error="AnswerFormatError",
        ),
    ]


def _answering() -> list[Json]:
    path = f"{CHALLENGES}/{CHALLENGE_SID}"
    asked = challenge()
    get: Object = exchange(request("GET", path), shown())
    one: Object = {"factor_sid": FACTOR_SID, "challenge_sid": CHALLENGE_SID}

    def post(decision: str, answered: Object) -> Object:
        signed: Object = {name: asked[name] for name in SIGNATURE_FIELDS} | {"status": decision}
        jws: Object = {"jws": {"header": {"typ": "JWT", "alg": "ES256"}, "payload": signed}}
        return exchange(request("POST", path, form={"AuthPayload": jws}), answered)

    answers = {"challenges.approve": "approved", "challenges.deny": "denied"}
    refused: Object = {"code": 60322, "message": "Answered already.", "more_info": "", "status": 403}
    return [
        *(
            case(
                f"{operation}: what get answered is signed and posted, then read again.",
                operation,
                one,
                get,
                post(decision, answer(200, challenge(status=decision))),
                exchange(request("GET", path), shown(status=decision)),
                result=READ | {"status": decision},
            )
            for operation, decision in answers.items()
        ),
        case(
            "The body of the answer to POST doesn't matter.",
            "challenges.approve",
            one,
            get,
            post("approved", answer(200, b"")),
            exchange(request("GET", path), shown(status="approved")),
            result=READ | {"status": "approved"},
        ),
        case(
            "The server took it, and then shows another status.",
            "challenges.approve",
            one,
            get,
            post("approved", answer(200, asked)),
            exchange(request("GET", path), shown(status="denied")),
            error="AnswerNotRecordedError",
        ),
        case(
            "It was answered on another device meanwhile.",
            "challenges.approve",
            one,
            get,
            post("approved", answer(403, refused)),
            error={"class": "PermissionDeniedError", "status": 403, "code": 60322, "message": "Answered already."},
        ),
        case(
            "It is over: nothing is posted.",
            "challenges.approve",
            one,
            exchange(request("GET", path), shown(status="expired")),
            error="ChallengeNotPendingError",
        ),
    ]


def _listening() -> list[Json]:
    pending: Object = {"PageSize": "50", "FactorSid": FACTOR_SID, "Order": "asc", "Status": "pending"}
    return [
        case(
            "Listen: first the stream, then what is pending, then each one by itself.",
            "listen",
            {"factor_sid": FACTOR_SID},
            exchange(
                request("GET", STREAM, accept="text/event-stream"),
                answer(200, b": listening\n\n", {"Content-Type": "text/event-stream"}) | {"stays_open": True},
            ),
            exchange(request("GET", CHALLENGES, query=pending), answer(200, page(challenge()))),
            exchange(request("GET", f"{CHALLENGES}/{CHALLENGE_SID}"), shown()),
            first=READ,
        ),
    ]


def _push_targets() -> list[Json]:
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
