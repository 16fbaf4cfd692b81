"""Of errors.json: what a wrong clock leads to."""

from email.utils import formatdate
from typing import Final

from clients.vectors.make.answers import READ
from clients.vectors.make.exchanges import (
    CHALLENGES,
    FACTORS,
    WITH_ACCESS_TOKEN,
    answer,
    case,
    envelope,
    error_of,
    exchange,
    request,
    shown,
    with_jwt,
)
from clients.vectors.make.factor_requests import ENROL_FORM, REGISTER
from clients.vectors.make.known import (
    CHALLENGE_SID,
    FACTOR_SID,
    NOW_SECONDS,
    Json,
    Object,
)

HOUR: Final = 3600
ONE: Final[Object] = {"factor_sid": FACTOR_SID, "challenge_sid": CHALLENGE_SID}
PATH: Final = f"{CHALLENGES}/{CHALLENGE_SID}"


def clock_cases() -> list[Json]:
    """Learn the difference from a 401, once."""
    too_late = envelope(401, 20104, "The token is expired or not yet valid.")
    unknown = envelope(401, 20003, "Authentication failed.")

    def get(jwt_at_seconds: int, answered: Object) -> Object:
        return exchange(request("GET", PATH, authorization=with_jwt(jwt_at_seconds)), answered)

    def says(server_seconds: int, refusal: Object = too_late) -> Object:
        return answer(401, refusal, {"Date": formatdate(server_seconds, usegmt=True)})

    authentication: Object = error_of(
        "AuthenticationError", 401, 20104, message="The token is expired or not yet valid."
    )
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
            error=error_of("AuthenticationError", 401, 20003, message="Authentication failed."),
        ),
        case(
            "401 without a Date: nothing to learn from.",
            "challenges.get",
            ONE,
            get(NOW_SECONDS, answer(401, too_late)),
            error=authentication,
            clock_correction_after_seconds=0,
        ),
        *(
            case(
                f"401 with a Date that {fault}: the same.",
                "challenges.get",
                ONE,
                get(NOW_SECONDS, answer(401, too_late, {"Date": date})),
                error=authentication,
                clock_correction_after_seconds=0,
            )
            for fault, date in (
                ("can't be read", "yesterday"),
                ("no calendar holds", "Mon, 01 Jan 99999999999 00:00:00 GMT"),
            )
        ),
        case(
            "403 is about something else: no correction, no second request.",
            "challenges.get",
            ONE,
            get(
                NOW_SECONDS,
                answer(403, envelope(403, 20403, "No."), {"Date": formatdate(NOW_SECONDS + HOUR, usegmt=True)}),
            ),
            error=error_of("PermissionDeniedError", 403, 20403, message="No."),
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
