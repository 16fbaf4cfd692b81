"""This library against `clients/vectors`, which every library of Pushward's has to pass."""

import asyncio
import base64
import json
from contextlib import aclosing, nullcontext
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from pushward_device import (
    ApiError,
    BaseUrlError,
    Challenge,
    ChallengePage,
    ChallengeStatus,
    Device,
    Factor,
    FactorStatus,
    MemoryKeyStore,
    PushwardDeviceError,
    ReceiptInvalidError,
    RegistrationPayload,
    TokenInvalidError,
    errors,
    receipt,
)
from pushward_device.answer import Decision, signed_payload
from pushward_device.base_url import checked_base_url
from pushward_device.challenges import fetched
from pushward_device.http import Answer, basic_token, refusal
from pushward_device.jose import (
    answer_jws,
    base64url,
    base64url_decode,
    der_signature,
    device_jwt,
    public_key_from_spki_b64,
    public_key_to_spki_b64,
    raw_signature,
    verify_compact,
)
from pushward_device.models import challenge_page_from_answer, factor_from_answer
from pushward_device.stream import EVENT_BYTES_MAX, ChallengeAnnounced, EventParser, StreamEnded, message_of
from vectors import Members, ScriptedEdge, body_of, each, private_key, read

PAYLOADS = read("payloads.json")
FACTOR_SID, CHALLENGE_SID = PAYLOADS["factor_sid"], PAYLOADS["challenge_sid"]
SIGNATURE_FIELDS_HEADER = "Twilio-Verify-Signature-Fields"


def error_named(name: str) -> type[PushwardDeviceError]:
    """An error of this library's tree."""
    kind = getattr(errors, name)
    assert isinstance(kind, type)
    assert issubclass(kind, PushwardDeviceError)
    return kind


def signer(key: str) -> Any:  # Any: mypy can't say SignDer here without importing what is private
    """Signs with a key of keys.json."""
    return lambda message: private_key(key).sign(message, ec.ECDSA(hashes.SHA256()))


class StillClock:
    """The device's own clock, at one moment."""

    def __init__(self, now_seconds: float) -> None:
        self._now_seconds = now_seconds

    def now(self) -> float:
        return self._now_seconds

    async def sleep(self, seconds: float) -> None:
        await asyncio.Event().wait()


# keys.json


@pytest.mark.parametrize("case", each("keys.json", "keys"))
def test_a_private_key_has_this_public_key(case: Members) -> None:
    """SPKI, DER, base64."""
    public = private_key(case["name"]).public_key()
    assert public_key_to_spki_b64(public) == case["public_spki_base64"]
    assert public_key_from_spki_b64(case["public_spki_base64"]) == public


@pytest.mark.parametrize("case", each("keys.json", "signature_encodings"))
def test_a_signature_has_two_encodings(case: Members) -> None:
    """There and back."""
    der, raw = base64.b64decode(case["der_base64"]), base64.b64decode(case["raw_base64"])
    assert raw_signature(der) == raw
    assert der_signature(raw) == der


@pytest.mark.parametrize("case", each("keys.json", "invalid_raw_signatures"))
def test_an_invalid_raw_signature_is_refused(case: Members) -> None:
    """64 bytes or nothing."""
    with pytest.raises(TokenInvalidError):
        der_signature(base64.b64decode(case["raw_base64"]))


@pytest.mark.parametrize("case", each("keys.json", "invalid_public_keys"))
def test_an_invalid_public_key_is_refused(case: Members) -> None:
    """Only P-256, only in its one form."""
    with pytest.raises(TokenInvalidError):
        public_key_from_spki_b64(case["public_spki_base64"])


# tokens.json


@pytest.mark.parametrize("case", each("tokens.json", "device_jwts"))
def test_a_device_jwt_has_these_members(case: Members) -> None:
    """The example's and ours."""
    ours = device_jwt(
        credential_sid=case["credential_sid"],
        account_sid=case["account_sid"],
        now_seconds=case["now_seconds"],
        sign=signer(case["key"]),
    )
    for token in (ours, case["example"]):
        assert verify_compact(token, private_key(case["key"]).public_key()) == (case["header"], case["payload"])


@pytest.mark.parametrize("case", each("tokens.json", "authorizations"))
def test_a_token_goes_into_this_header(case: Members) -> None:
    """Basic, with the user name `token`."""
    assert basic_token(case["token"]) == case["header"]


@pytest.mark.parametrize("case", each("tokens.json", "base64url"))
def test_base64url_has_one_text(case: Members) -> None:
    """There and back."""
    assert base64url(base64.b64decode(case["bytes_base64"])) == case["text"]
    assert base64url_decode(case["text"]) == base64.b64decode(case["bytes_base64"])


@pytest.mark.parametrize("case", each("tokens.json", "invalid_base64url"))
def test_other_base64url_is_refused(case: Members) -> None:
    """No twin of any text."""
    with pytest.raises(TokenInvalidError):
        base64url_decode(case["text"])


@pytest.mark.parametrize("case", each("tokens.json", "receipts"))
def test_a_receipt_proves_what_it_says_or_nothing(case: Members) -> None:
    """Its members, or ReceiptInvalidError."""
    if "error" in case:
        assert case["error"] == ReceiptInvalidError.__name__
        with pytest.raises(ReceiptInvalidError):
            receipt.verify(case["jws"], case["public_spki_base64"])
    else:
        assert receipt.verify(case["jws"], case["public_spki_base64"]).members == case["payload"]


# payloads.json


@pytest.mark.parametrize("case", each("payloads.json", "cases"))
def test_what_is_signed_is_what_was_shown_or_nothing_is(case: Members) -> None:
    """The payload's members, or the error that refuses."""
    error = case.get("error")
    with nullcontext() if error is None else pytest.raises(error_named(error)) as raised:
        payload = signed_payload(_read(case), Decision(case["decision"]), mode=case["mode"])
        token = answer_jws(payload, signer("device"))
        signed = verify_compact(token, private_key("device").public_key())
        assert _as_text(signed) == _as_text((PAYLOADS["jws_header"], case["payload"]))
    assert error is None or (raised is not None and type(raised.value) is error_named(error))


def _read(case: Members) -> Challenge:
    if case["read_by"] == "list":
        page = b'{"challenges":[' + body_of(case) + b'],"meta":{"next_page_url":null}}'
        return challenge_page_from_answer(page).challenges[0]
    answer = Answer(body=body_of(case), signature_fields=case["headers"].get(SIGNATURE_FIELDS_HEADER))
    return fetched(answer, FACTOR_SID, CHALLENGE_SID)


def _as_text(value: object) -> str:
    """So that true is not 1."""
    return json.dumps(value, sort_keys=True)


# answers.json


@pytest.mark.parametrize("case", each("answers.json", "challenges"))
def test_a_challenge_is_read_or_refused(case: Members) -> None:
    """What is shown of it, or AnswerFormatError."""
    with _error_of(case):
        assert _challenge_members(Challenge(raw=body_of(case), signature_fields=())) == case["reads"]


@pytest.mark.parametrize("case", each("answers.json", "factors"))
def test_a_factor_is_read_or_refused(case: Members) -> None:
    """What is kept of it, or AnswerFormatError."""
    with _error_of(case):
        factor = factor_from_answer(
            body_of(case), service_sid="VA", identity="user", key_id="k", app_id="a", platform="none"
        )
        assert {name: getattr(factor, name) for name in case["reads"]} == case["reads"]


@pytest.mark.parametrize("case", each("answers.json", "pages"))
def test_a_page_is_read_or_refused(case: Members) -> None:
    """Its challenges and the next page's token, or AnswerFormatError."""
    with _error_of(case):
        assert _page_members(challenge_page_from_answer(body_of(case))) == case["reads"]


def _error_of(case: Members) -> Any:  # Any: a context manager of either kind
    return pytest.raises(error_named(case["error"])) if "error" in case else nullcontext()


def _challenge_members(challenge: Challenge) -> Members:
    return {
        "sid": challenge.sid,
        "factor_sid": challenge.factor_sid,
        "status": challenge.status.value,
        "message": challenge.message,
        "fields": [{"label": line.label, "value": line.value} for line in challenge.fields],
        "hidden_details": dict(challenge.hidden_details),
        "expiration_date_seconds": challenge.expiration_date.timestamp(),
        "date_created_seconds": challenge.date_created.timestamp(),
    }


def _page_members(page: ChallengePage) -> Members:
    return {
        "challenges": [_challenge_members(challenge) for challenge in page.challenges],
        "next_page_token": page.next_page_token,
    }


# errors.json


@pytest.mark.parametrize("case", each("errors.json", "server_writes") + each("errors.json", "cases"))
def test_a_refusal_is_this_error(case: Members) -> None:
    """Its class, its code, its message, when to try again."""
    response = httpx.Response(case["status"], headers=case["headers"])
    _check_error(refusal(response, body_of(case)), case["error"])


def _check_error(error: BaseException, expected: str | Members) -> None:
    if isinstance(expected, str):
        assert type(error) is error_named(expected)
        return
    assert type(error) is error_named(expected["class"])
    assert isinstance(error, ApiError)
    for name in expected.keys() - {"class"}:
        assert getattr(error, name) == expected[name]


# requests.json


@pytest.mark.parametrize(
    "case",
    [
        *each("requests.json", "cases"),
        *each("requests.json", "push_target_cases"),
        *each("errors.json", "clock_cases"),
        *each("silent.json", "cases"),
    ],
)
async def test_an_operation_sends_these_requests_and_comes_to_this(case: Members) -> None:
    """In their order, with all their parts, and no other."""
    here = read("requests.json")["device"]
    store = MemoryKeyStore()
    store.set_clock_correction_seconds(case.get("clock_correction_seconds", 0))
    public_key = None
    if case["starts_with"] == "a verified factor":
        store.keys["key"] = private_key(here["key"])
        store.put_factor(_stored(here["factor"]))
        public_key = store.keys["key"].public_key()
    edge = ScriptedEdge(here["base_url"], case["exchanges"], public_key)
    async with Device(here["base_url"], store, transport=edge, clock=StillClock(here["now_seconds"])) as device:
        if "error" in case:
            with pytest.raises(PushwardDeviceError) as raised:
                await _operate(device, case["operation"], case["arguments"])
            _check_error(raised.value, case["error"])
        else:
            expected = case["first"] if case["operation"] == "listen" else case["result"]
            assert await _operate(device, case["operation"], case["arguments"]) == expected
        assert edge.played == len(case["exchanges"])
        if "factors_after" in case:
            assert [factor.sid for factor in device.factors.all()] == case["factors_after"]
        if "clock_correction_after_seconds" in case:
            assert store.clock_correction_seconds == case["clock_correction_after_seconds"]


def _stored(members: Members) -> Factor:
    return Factor(**{**members, "status": FactorStatus(members["status"])}, key_id="key", platform="none")


async def _operate(device: Device, operation: str, arguments: Members) -> Any:  # Any: as in the file
    match operation:
        case "register_factor":
            payload = RegistrationPayload(**arguments["payload"])
            rest = {name: value for name, value in arguments.items() if name != "payload"}
            return _factor_members(await device.register_factor(payload, **rest))
        case "verify_factor":
            return _factor_members(await device.verify_factor(**arguments))
        case "update_factor":
            return _factor_members(await device.update_factor(**arguments))
        case "delete_factor":
            return await device.delete_factor(**arguments)
        case "challenges.list":
            status = ChallengeStatus(arguments["status"]) if "status" in arguments else None
            return _page_members(await device.challenges.list(**{**arguments, "status": status}))
        case "challenges.list_all":
            return [_challenge_members(one) async for one in device.challenges.iterate(**arguments)]
        case "challenges.get":
            return _challenge_members(await device.challenges.get(**arguments))
        case "challenges.approve":
            return _challenge_members(await device.challenges.approve(await device.challenges.get(**arguments)))
        case "challenges.deny":
            return _challenge_members(await device.challenges.deny(await device.challenges.get(**arguments)))
        case "approve_silently":
            return _challenge_members(await device.approve_silently(**arguments))
        case "listen":
            async with aclosing(device.watch(**arguments)) as challenges:
                return _challenge_members(await anext(challenges))
    raise AssertionError(f"unknown: {operation}")


def _factor_members(factor: Factor) -> Members:
    names = read("requests.json")["device"]["factor"]
    return {name: getattr(factor, name) for name in names}


@pytest.mark.parametrize("case", each("requests.json", "base_urls"))
def test_a_base_url_is_safe_or_refused(case: Members) -> None:
    """Tokens go over TLS, or stay on this machine."""
    if "error" in case:
        assert case["error"] == BaseUrlError.__name__
    with _error_of(case):
        checked_base_url(case["base_url"])


# streams.json


@pytest.mark.parametrize("case", each("streams.json", "server_writes") + each("streams.json", "cases"))
def test_a_stream_says_the_same_however_it_is_cut(case: Members) -> None:
    """Whole, byte by byte, and in two at every place."""
    stream = body_of(case)
    cuts = [[stream], [stream[at : at + 1] for at in range(len(stream))]]
    cuts += [[stream[:at], stream[at:]] for at in range(1, len(stream))]
    for chunks in cuts:
        said: list[Members] = []
        with _error_of(case):
            parser = EventParser()
            for chunk in chunks:
                said += [_said(message) for event in parser.feed(chunk) if (message := message_of(event)) is not None]
        assert said == case["says"]


def _said(message: ChallengeAnnounced | StreamEnded) -> Members:
    match message:
        case ChallengeAnnounced():
            return {"challenge_sid": message.challenge_sid, "factor_sid": message.factor_sid}
        case StreamEnded():
            return {"end": message.reason}


def test_an_event_may_be_this_long() -> None:
    """The bound is the same in every library."""
    assert read("streams.json")["event_bytes_max"] == EVENT_BYTES_MAX
