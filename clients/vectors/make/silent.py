"""silent.json: what a silent approval sends, and what it comes to."""

import json
from typing import Final

from clients.vectors.make.answers import READ
from clients.vectors.make.exchanges import CHALLENGES, STREAM, answer, case, exchange, request, shown
from clients.vectors.make.known import (
    BASE_URL,
    CHALLENGE_SID,
    FACTOR_SID,
    OTHER_CHALLENGE_SID,
    SIGNATURE_FIELDS,
    Json,
    Object,
    challenge,
    page,
)

PATH: Final = f"{CHALLENGES}/{CHALLENGE_SID}"
OTHER_PATH: Final = f"{CHALLENGES}/{OTHER_CHALLENGE_SID}"
APPROVED: Final[Object] = READ | {"status": "approved"}
BY_SID: Final[Object] = {"factor_sid": FACTOR_SID, "expect_challenge_sid": CHALLENGE_SID}
BY_TRANSACTION: Final[Object] = {"factor_sid": FACTOR_SID, "expect_transaction_id": "t-1"}
OTHERS_DETAILS: Final[Object] = {"transaction_id": "t-10"}


def content() -> Object:
    """The whole file."""
    return {
        "about": "Silent approval as exchanges, as in requests.json, with the device there; its app is in the "
        "foreground, and time doesn't pass. Nothing but the expected challenge is ever posted.",
        "cases": [*_there(), *_to_come(), *_over()],
    }


def _there() -> list[Json]:
    reused: Object = challenge(sid=OTHER_CHALLENGE_SID, status="denied")
    stranger: Object = challenge(sid=OTHER_CHALLENGE_SID, hidden_details=OTHERS_DETAILS)
    return [
        case(
            "Expected by its SID, and there: listen, get that one, sign with its mode, read it again.",
            "approve_silently",
            BY_SID,
            _listen(),
            exchange(request("GET", PATH), shown()),
            *_approve(),
            result=APPROVED,
        ),
        case(
            "Expected by its transaction id, and there: listen, list the newest of any status, get that one.",
            "approve_silently",
            BY_TRANSACTION,
            _listen(),
            _look(stranger, challenge()),
            exchange(request("GET", PATH), shown()),
            *_approve(),
            result=APPROVED,
        ),
        case(
            "A pending one comes before a newer one that is over: a backend may use a transaction id again.",
            "approve_silently",
            BY_TRANSACTION,
            _listen(),
            _look(reused, challenge()),
            exchange(request("GET", PATH), shown()),
            *_approve(),
            result=APPROVED,
        ),
    ]


def _to_come() -> list[Json]:
    not_found: Object = {"code": 60391, "message": "There is no such challenge.", "more_info": BASE_URL, "status": 404}
    return [
        case(
            "Expected by its SID, and announced later: others are not even read.",
            "approve_silently",
            BY_SID,
            _listen(OTHER_CHALLENGE_SID, CHALLENGE_SID),
            exchange(request("GET", PATH), answer(404, not_found)),
            _look(),
            exchange(request("GET", PATH), shown()),
            *_approve(),
            result=APPROVED,
        ),
        case(
            "Expected by its transaction id, and announced later: others are read and left alone.",
            "approve_silently",
            BY_TRANSACTION,
            _listen(OTHER_CHALLENGE_SID, CHALLENGE_SID),
            _look(),
            exchange(request("GET", OTHER_PATH), shown(sid=OTHER_CHALLENGE_SID, hidden_details=OTHERS_DETAILS)),
            exchange(request("GET", PATH), shown()),
            *_approve(),
            result=APPROVED,
        ),
        case(
            "A list that says more than the challenge itself isn't believed.",
            "approve_silently",
            BY_TRANSACTION,
            _listen(CHALLENGE_SID),
            _look(challenge(sid=OTHER_CHALLENGE_SID)),
            exchange(request("GET", OTHER_PATH), shown(sid=OTHER_CHALLENGE_SID, hidden_details=OTHERS_DETAILS)),
            exchange(request("GET", PATH), shown()),
            *_approve(),
            result=APPROVED,
        ),
    ]


def _over() -> list[Json]:
    errors = {
        "expired": "ChallengeExpiredError",
        "approved": "ChallengeNotPendingError",
        "denied": "ChallengeNotPendingError",
    }
    refusals = {60322: "ChallengeNotPendingError", 60323: "ChallengeExpiredError"}
    return [
        *(
            case(
                f"Expected by its SID, and {status}: nothing is posted.",
                "approve_silently",
                BY_SID,
                _listen(),
                exchange(request("GET", PATH), shown(status=status)),
                error=error,
            )
            for status, error in errors.items()
        ),
        *(
            case(
                f"Expected by its transaction id, and {status}: nothing is posted.",
                "approve_silently",
                BY_TRANSACTION,
                _listen(),
                _look(challenge(status=status)),
                exchange(request("GET", PATH), shown(status=status)),
                error=error,
            )
            for status, error in errors.items()
        ),
        *(
            case(
                f"Over between reading and posting ({code}): told in the same words.",
                "approve_silently",
                BY_SID,
                _listen(),
                exchange(request("GET", PATH), shown()),
                _post(answer(403, {"code": code, "message": "No.", "more_info": BASE_URL, "status": 403})),
                error=error,
            )
            for code, error in refusals.items()
        ),
        case(
            "Any other refusal stays what it is.",
            "approve_silently",
            BY_SID,
            _listen(),
            exchange(request("GET", PATH), shown()),
            _post(answer(403, {"code": 60324, "message": "No.", "more_info": BASE_URL, "status": 403})),
            error={"class": "PermissionDeniedError", "status": 403, "code": 60324, "message": "No."},
        ),
    ]


def _listen(*announced: str) -> Object:
    events = "".join(f"event: challenge\ndata: {_announcement(one)}\n\n" for one in announced)
    opened = answer(200, f": listening\n\n{events}".encode(), {"Content-Type": "text/event-stream"})
    return exchange(request("GET", STREAM, accept="text/event-stream"), opened | {"stays_open": True})


def _announcement(challenge_sid: str) -> str:
    members = {
        "type": "verify_push_challenge",
        "challenge_sid": challenge_sid,
        "factor_sid": FACTOR_SID,
        "message": "?",
    }
    return json.dumps(members)


def _look(*found: Json) -> Object:
    query: Object = {"PageSize": "50", "FactorSid": FACTOR_SID, "Order": "desc"}
    return exchange(request("GET", CHALLENGES, query=query), answer(200, page(*found)))


def _post(answered: Object) -> Object:
    asked = challenge()
    signed: Object = {name: asked[name] for name in SIGNATURE_FIELDS} | {"status": "approved", "mode": "silent"}
    jws: Object = {"jws": {"header": {"typ": "JWT", "alg": "ES256"}, "payload": signed}}
    return exchange(request("POST", PATH, form={"AuthPayload": jws}), answered)


def _approve() -> tuple[Object, Object]:
    approved = shown(status="approved", metadata={"mode": "silent"})
    return _post(answer(200, challenge(status="approved"))), exchange(request("GET", PATH), approved)
