"""Of payloads.json: what the server makes of what comes under a good signature."""

from clients.vectors.make.known import (
    OTHER_CHALLENGE_SID,
    SIGNATURE_FIELDS,
    Json,
    Object,
    challenge,
    named,
    without,
)


def server_cases() -> list[Json]:
    """For the server: what it had shown, what came under a good signature, and what it makes of that."""
    asked = challenge()
    shown: Object = {name: asked[name] for name in SIGNATURE_FIELDS}
    signed = shown | {"status": "approved"}
    other_details: Json = {"message": "Log in?", "fields": [{"label": "IP", "value": "192.0.2.8"}]}
    right: dict[str, tuple[Object, str, str | None]] = {
        "An approval.": (signed, "approved", None),
        "A denial.": ({**signed, "status": "denied"}, "denied", None),
        "A silent approval.": ({**signed, "mode": "silent"}, "approved", "silent"),
        "A mode of 64 characters.": ({**signed, "mode": "m" * 64}, "approved", "m" * 64),
        "Other members don't matter.": ({**signed, "amount": 1, "iat": 2}, "approved", None),
        "Members have no order.": (dict(reversed(signed.items())), "approved", None),
    }
    wrong: dict[str, Object] = {
        "No decision.": {**signed, "status": "pending"},
        "A decision that isn't text.": {**signed, "status": True},
        "Other details.": {**signed, "details": other_details},
        "Details without their fields.": {**signed, "details": {"message": "Log in?"}},
        "Details with a member more.": {**signed, "details": {**_object(asked["details"]), "amount": 12}},
        "A hidden detail that isn't text.": {**signed, "hidden_details": {"transaction_id": 1}},
        "Hidden details left empty.": {**signed, "hidden_details": None},
        "Another challenge.": {**signed, "sid": OTHER_CHALLENGE_SID},
        "Another expiry.": {**signed, "expiration_date": "2027-01-15T08:06:00Z"},
        **{f"Without {name}.": without(signed, name) for name in SIGNATURE_FIELDS},
        "A mode that isn't text.": {**signed, "mode": 1},
        "A mode of 65 characters.": {**signed, "mode": "m" * 65},
    }
    return [
        *(
            named(name, shown=shown, payload=payload, answer=answer, mode=mode)
            for name, (payload, answer, mode) in right.items()
        ),
        *(named(name, shown=shown, payload=payload, code=60324) for name, payload in wrong.items()),
    ]


def _object(value: Json) -> Object:
    assert isinstance(value, dict)
    return value
