"""errors.json: which error an answer stands for, and what a wrong clock leads to."""

from email.utils import formatdate
from typing import Final

from clients.vectors.make.answers import READ
from clients.vectors.make.exchanges import (
    CHALLENGES,
    FACTORS,
    WITH_ACCESS_TOKEN,
    answer,
    case,
    exchange,
    request,
    shown,
    with_jwt,
)
from clients.vectors.make.known import (
    BASE_URL,
    CHALLENGE_SID,
    FACTOR_SID,
    NOW_SECONDS,
    Json,
    Object,
    text_of,
)
from clients.vectors.make.requests import ENROL_FORM, REGISTER

HOUR: Final = 3600
ONE: Final[Object] = {"factor_sid": FACTOR_SID, "challenge_sid": CHALLENGE_SID}
PATH: Final = f"{CHALLENGES}/{CHALLENGE_SID}"
BY_STATUS: Final = (
    (400, 60306, "ApiError"),
    (401, 20003, "AuthenticationError"),
    (401, 20104, "AuthenticationError"),
    (403, 20403, "PermissionDeniedError"),
    (403, 60311, "PermissionDeniedError"),
    (403, 60313, "PermissionDeniedError"),
    (403, 60322, "PermissionDeniedError"),
    (403, 60323, "PermissionDeniedError"),
    (403, 60324, "PermissionDeniedError"),
    (404, 20404, "NotFoundError"),
    (404, 60390, "NotFoundError"),
    (404, 60391, "NotFoundError"),
    (409, 60317, "ApiError"),
    (429, 20429, "RateLimitedError"),
    (500, 20500, "ServerUnavailableError"),
    (503, 20503, "ServerUnavailableError"),
)


def content() -> Object:
    """The whole file."""
    return {
        "about": "Answers that are no success, and the error each stands for. `server_writes` are such as Pushward "
        "writes, `cases` what others between may make of them. Where no message is given, any text will do. "
        "`clock_cases` are like the cases of requests.json, with the device there.",
        "server_writes": [
            *(_refusal(status, code, error) for status, code, error in BY_STATUS),
            _refusal(429, 20429, "RateLimitedError", retry_after_seconds=7),
            _refusal(503, 20503, "ServerUnavailableError", retry_after_seconds=5),
        ],
        "cases": _by_others(),
        "clock_cases": _clock(),
    }


def envelope(status: int, code: int, message: str) -> Object:
    """A refusal as the contract writes it."""
    return {
        "code": code,
        "message": message,
        "more_info": f"{BASE_URL}/pushward/v1/errors/{code}",
        "status": status,
    }


def _refusal(status: int, code: int, error: str, retry_after_seconds: int | None = None) -> Object:
    message = f"What is wrong, in gr\u00fcn ({code})."
    headers: Object = {} if retry_after_seconds is None else {"Retry-After": str(retry_after_seconds)}
    after = "" if retry_after_seconds is None else f", after {retry_after_seconds} seconds"
    return {
        "name": f"{status} with code {code}{after}.",
        **answer(status, envelope(status, code, message), headers),
        "error": _error(error, status, code, message=message, retry_after_seconds=retry_after_seconds),
    }


def _by_others() -> list[Json]:
    good = envelope(403, 60324, "No.")
    texts = {
        "A proxy's page.": b"<html>Bad gateway</html>",
        "Nothing.": b"",
        "A list.": b"[]",
        "A member twice: no envelope.": text_of(good).replace(b'"code":', b'"code":1,"code":'),
        "Invalid UTF-8: no envelope.": text_of(good).replace(b"No.", b"No\xff"),
    }
    codes: dict[str, Json] = {"text": "60324", "a truth value": True, "null": None, "a fraction": 60324.5}
    waits = {
        "a date": "Fri, 15 Jan 2027 08:05:00 GMT",
        "negative": "-1",
        "a fraction": "1.5",
        "words": "soon",
        "empty": "",
    }
    statuses = {
        401: "AuthenticationError",
        403: "PermissionDeniedError",
        404: "NotFoundError",
        405: "ApiError",
        413: "ApiError",
        418: "ApiError",
        429: "RateLimitedError",
        500: "ServerUnavailableError",
        502: "ServerUnavailableError",
        504: "ServerUnavailableError",
        599: "ServerUnavailableError",
    }
    return [
        *(
            {
                "name": f"{status} without an envelope: not the server's word.",
                **answer(status, b"<html>"),
                "error": _error(error, status, None),
            }
            for status, error in statuses.items()
        ),
        *(
            {"name": name, **answer(403, text), "error": _error("PermissionDeniedError", 403, None)}
            for name, text in texts.items()
        ),
        *(
            {
                "name": f"A code that is {kind} is none.",
                **answer(403, good | {"code": code}),
                "error": _error("PermissionDeniedError", 403, None, message="No."),
            }
            for kind, code in codes.items()
        ),
        {
            "name": "The status of the answer counts, not the one in its body.",
            **answer(404, good),
            "error": _error("NotFoundError", 404, 60324, message="No."),
        },
        *(
            {
                "name": f"A Retry-After that is {kind} is none.",
                **answer(429, envelope(429, 20429, "No."), {"Retry-After": text}),
                "error": _error("RateLimitedError", 429, 20429, message="No."),
            }
            for kind, text in waits.items()
        ),
    ]


def _clock() -> list[Json]:
    too_late = envelope(401, 20104, "The token is expired or not yet valid.")
    unknown = envelope(401, 20003, "Authentication failed.")

    def get(jwt_at_seconds: int, answered: Object) -> Object:
        return exchange(request("GET", PATH, authorization=with_jwt(jwt_at_seconds)), answered)

    def says(server_seconds: int, refusal: Object = too_late) -> Object:
        return answer(401, refusal, {"Date": formatdate(server_seconds, usegmt=True)})

    authentication: Object = _error("AuthenticationError", 401, 20104, message="The token is expired or not yet valid.")
    return [
        *(
            case(
                f"The device's clock is an hour {wrong}: the difference is kept, and the request made once more.",
                "challenges.get",
                ONE,
                get(NOW_SECONDS, says(NOW_SECONDS + off)),
                get(NOW_SECONDS + off, shown()),
                result=READ,
                clock_correction_after_seconds=off,
            )
            for wrong, off in (("slow", HOUR), ("fast", -HOUR))
        ),
        case(
            "A difference that is known is used at once.",
            "challenges.get",
            ONE,
            get(NOW_SECONDS + HOUR, shown()),
            clock_correction_seconds=HOUR,
            result=READ,
            clock_correction_after_seconds=HOUR,
        ),
        case(
            "A clock that was set meanwhile: the new difference takes the old one's place.",
            "challenges.get",
            ONE,
            get(NOW_SECONDS + HOUR, says(NOW_SECONDS)),
            get(NOW_SECONDS, shown()),
            clock_correction_seconds=HOUR,
            result=READ,
            clock_correction_after_seconds=0,
        ),
        case(
            "401 again: once is enough.",
            "challenges.get",
            ONE,
            get(NOW_SECONDS, says(NOW_SECONDS + HOUR)),
            get(NOW_SECONDS + HOUR, says(NOW_SECONDS + HOUR)),
            error=authentication,
        ),
        case(
            "The factor was deleted: 401 with a Date that agrees is tried once more too, for nobody can tell.",
            "challenges.get",
            ONE,
            get(NOW_SECONDS, says(NOW_SECONDS, unknown)),
            get(NOW_SECONDS, says(NOW_SECONDS, unknown)),
            error=_error("AuthenticationError", 401, 20003, message="Authentication failed."),
        ),
        case(
            "401 without a Date: nothing to learn from.",
            "challenges.get",
            ONE,
            get(NOW_SECONDS, answer(401, too_late)),
            error=authentication,
            clock_correction_after_seconds=0,
        ),
        case(
            "401 with a Date that can't be read: the same.",
            "challenges.get",
            ONE,
            get(NOW_SECONDS, answer(401, too_late, {"Date": "yesterday"})),
            error=authentication,
            clock_correction_after_seconds=0,
        ),
        case(
            "403 is about something else: no correction, no second request.",
            "challenges.get",
            ONE,
            get(
                NOW_SECONDS,
                answer(403, envelope(403, 20403, "No."), {"Date": formatdate(NOW_SECONDS + HOUR, usegmt=True)}),
            ),
            error=_error("PermissionDeniedError", 403, 20403, message="No."),
            clock_correction_after_seconds=0,
        ),
        case(
            "Enrolment is never made again, and learns no time: an access token has none.",
            "register_factor",
            REGISTER,
            exchange(
                request("POST", FACTORS, form=ENROL_FORM, authorization=WITH_ACCESS_TOKEN), says(NOW_SECONDS + HOUR)
            ),
            starts_with="nothing",
            error=authentication,
            clock_correction_after_seconds=0,
        ),
    ]


def _error(
    kind: str, status: int, code: int | None, *, message: str | None = None, retry_after_seconds: int | None = None
) -> Object:
    error: Object = {"class": kind, "status": status, "code": code, "retry_after_seconds": retry_after_seconds}
    return error if message is None else error | {"message": message}
