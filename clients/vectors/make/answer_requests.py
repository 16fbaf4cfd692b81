"""Of requests.json: what answering a challenge sends."""

from clients.vectors.make.answers import READ
from clients.vectors.make.exchanges import (
    CHALLENGES,
    answer,
    case,
    exchange,
    request,
    shown,
)
from clients.vectors.make.known import (
    CHALLENGE_SID,
    FACTOR_SID,
    SIGNATURE_FIELDS,
    Json,
    Object,
    challenge,
)


def answer_cases() -> list[Json]:
    """Approve and deny."""
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
