"""Approve and deny: what is signed is what was shown, or nothing is."""

import json

import pytest
from fake_checks import load_public_key, signed_jws
from fake_edge import BASE_URL, SIGNATURE_FIELDS, FakeEdge, envelope
from pushward_device import (
    AnswerNotRecordedError,
    Challenge,
    ChallengeNotFetchedError,
    ChallengeNotPendingError,
    ChallengeStatus,
    Device,
    Factor,
    MemoryKeyStore,
    NetworkError,
    NotSignedError,
    PermissionDeniedError,
    SignatureFieldAbsentError,
    SignatureFieldsMissingError,
    WrongFactorError,
)


async def test_an_approval_is_recorded_and_its_receipt_covers_every_field(
    edge: FakeEdge, device: Device, factor: Factor
) -> None:
    """The fields that were named, as received, with the answer as status."""
    shown = await device.challenges.get(factor.sid, edge.ask(factor.sid, "Pay 12 €?", {"transaction": "t-1"}))
    answered = await device.challenges.approve(shown)

    assert answered.status is ChallengeStatus.APPROVED
    signed = signed_jws(edge.receipts[shown.sid], load_public_key(device.factors.public_key_spki_b64(factor.sid)))
    assert signed is not None
    header, payload = signed
    assert header == {"typ": "JWT", "alg": "ES256"}
    assert list(payload) == SIGNATURE_FIELDS.split(",")
    assert payload == {name: shown.members()[name] for name in SIGNATURE_FIELDS.split(",")} | {"status": "approved"}


async def test_a_denial_is_recorded_as_one(edge: FakeEdge, device: Device, factor: Factor) -> None:
    """The same sequence, the other answer."""
    shown = await device.challenges.get(factor.sid, edge.ask(factor.sid))
    assert (await device.challenges.deny(shown)).status is ChallengeStatus.DENIED
    assert edge.challenges[shown.sid]["status"] == "denied"


async def test_only_the_named_fields_are_signed(edge: FakeEdge, device: Device, factor: Factor) -> None:
    """Nothing of the answer beside them."""
    edge.signature_fields = "details,sid,factor_sid,status"
    shown = await device.challenges.get(factor.sid, edge.ask(factor.sid))
    with pytest.raises(PermissionDeniedError):
        await device.challenges.approve(shown)
    posted = dict(pair.split("=", 1) for pair in edge.requests[-1].content.decode().split("&"))
    signed = signed_jws(posted["AuthPayload"], load_public_key(device.factors.public_key_spki_b64(factor.sid)))
    assert signed is not None
    assert list(signed[1]) == ["details", "sid", "factor_sid", "status"]


async def test_what_changed_on_the_server_since_it_was_shown_is_not_approved(
    edge: FakeEdge, device: Device, factor: Factor
) -> None:
    """The old text is signed, so the server refuses; the new text is never signed unseen."""
    shown = await device.challenges.get(factor.sid, edge.ask(factor.sid, "Pay 12 €?"))
    edge.challenges[shown.sid]["details"] = {"message": "Pay 9000 €?", "fields": []}
    with pytest.raises(PermissionDeniedError) as refused:
        await device.challenges.approve(shown)
    assert refused.value.code == 60324
    assert edge.challenges[shown.sid]["status"] == "pending"


async def test_a_challenge_out_of_a_list_must_be_fetched_first(edge: FakeEdge, device: Device, factor: Factor) -> None:
    """A list doesn't say what to sign."""
    edge.ask(factor.sid)
    listed = (await device.challenges.list(factor.sid)).challenges[0]
    assert listed.signature_fields is None
    await refuses_unsent(edge, device, listed, ChallengeNotFetchedError)


@pytest.mark.parametrize(
    "named", [None, "", "sid,factor_sid,status", "sid,details", "sid, factor_sid, status, details"]
)
async def test_an_answer_that_does_not_name_what_was_shown_is_not_signed(
    edge: FakeEdge, device: Device, factor: Factor, named: str | None
) -> None:
    """No header, or one from which somebody took the details (or that is spelt otherwise than the contract's)."""
    edge.signature_fields = named
    shown = await device.challenges.get(factor.sid, edge.ask(factor.sid))
    await refuses_unsent(edge, device, shown, SignatureFieldsMissingError)


async def test_a_named_field_that_is_not_there_is_not_signed(edge: FakeEdge, device: Device, factor: Factor) -> None:
    """What can't be seen can't be agreed to."""
    edge.signature_fields = SIGNATURE_FIELDS + ",amount"
    shown = await device.challenges.get(factor.sid, edge.ask(factor.sid))
    await refuses_unsent(edge, device, shown, SignatureFieldAbsentError)


@pytest.mark.parametrize("status", ["approved", "denied", "expired"])
async def test_a_challenge_that_is_over_is_not_signed(
    edge: FakeEdge, device: Device, factor: Factor, status: str
) -> None:
    """Answered elsewhere, or too late."""
    challenge_sid = edge.ask(factor.sid)
    edge.challenges[challenge_sid]["status"] = status
    await refuses_unsent(edge, device, await device.challenges.get(factor.sid, challenge_sid), ChallengeNotPendingError)


async def test_a_challenge_of_a_factor_that_is_not_here_is_not_signed(
    edge: FakeEdge, device: Device, factor: Factor
) -> None:
    """Another device's question."""
    shown = await device.challenges.get(factor.sid, edge.ask(factor.sid))
    async with Device(BASE_URL, MemoryKeyStore(), transport=edge) as other:
        await refuses_unsent(edge, other, shown, WrongFactorError)


async def test_each_factor_answers_with_its_own_key(edge: FakeEdge, device: Device, factor: Factor) -> None:
    """Two factors on one device don't mix."""
    second = await device.register_factor(edge.issue(), "Second", app_id="com.example.app")
    for mine in (factor, second):
        shown = await device.challenges.get(mine.sid, edge.ask(mine.sid))
        assert (await device.challenges.approve(shown)).status is ChallengeStatus.APPROVED


async def test_an_answer_that_was_not_recorded_is_an_error(edge: FakeEdge, device: Device, factor: Factor) -> None:
    """A 200 isn't enough: it is read again."""
    edge.records_answers = False
    shown = await device.challenges.get(factor.sid, edge.ask(factor.sid))
    with pytest.raises(AnswerNotRecordedError, match="pending"):
        await device.challenges.approve(shown)


async def test_a_second_answer_says_that_there_was_one(edge: FakeEdge, device: Device, factor: Factor) -> None:
    """60322, and the status stays."""
    shown = await device.challenges.get(factor.sid, edge.ask(factor.sid))
    await device.challenges.deny(shown)
    with pytest.raises(PermissionDeniedError) as refused:
        await device.challenges.approve(shown)
    assert refused.value.code == 60322
    assert edge.challenges[shown.sid]["status"] == "denied"


async def test_a_lost_answer_is_told_apart_from_a_refusal(edge: FakeEdge, device: Device, factor: Factor) -> None:
    """It may have counted; reading the challenge again shows it."""
    shown = await device.challenges.get(factor.sid, edge.ask(factor.sid))
    edge.lose_answer("POST", shown.sid)
    with pytest.raises(NetworkError, match="read the state again"):
        await device.challenges.approve(shown)
    assert (await device.challenges.get(factor.sid, shown.sid)).status is ChallengeStatus.APPROVED


async def test_the_answer_outlives_a_jwt_that_ends_meanwhile(edge: FakeEdge, device: Device, factor: Factor) -> None:
    """The user took an hour; the challenge's signature is the same, the JWT is new."""
    shown = await device.challenges.get(factor.sid, edge.ask(factor.sid))
    edge.now += 3600
    assert (await device.challenges.approve(shown)).status is ChallengeStatus.APPROVED


async def test_a_challenge_rebuilt_from_its_bytes_signs_the_same(
    edge: FakeEdge, device: Device, factor: Factor
) -> None:
    """Key order, escapes and spaces of the server's text don't matter."""
    fetched = await device.challenges.get(factor.sid, edge.ask(factor.sid, 'Grüße / "quoted"?'))
    rewritten = json.dumps(fetched.members(), indent=1, sort_keys=True).replace("/", "\\/").encode()
    shown = Challenge(raw=rewritten, signature_fields=fetched.signature_fields)
    assert shown.message == fetched.message
    assert (await device.challenges.approve(shown)).status is ChallengeStatus.APPROVED


async def test_a_refused_answer_leaves_the_challenge_for_another_try(
    edge: FakeEdge, device: Device, factor: Factor
) -> None:
    """60324 isn't the end of it."""
    shown = await device.challenges.get(factor.sid, edge.ask(factor.sid))
    edge.put_in_the_way("POST", shown.sid, envelope(403, 60324, "Verification failed"))
    with pytest.raises(PermissionDeniedError):
        await device.challenges.approve(shown)
    assert (await device.challenges.approve(shown)).status is ChallengeStatus.APPROVED


async def refuses_unsent(edge: FakeEdge, device: Device, challenge: Challenge, error: type[NotSignedError]) -> None:
    """Neither answer is signed, and the server hears nothing."""
    sent = len(edge.requests)
    with pytest.raises(error):
        await device.challenges.approve(challenge)
    with pytest.raises(error):
        await device.challenges.deny(challenge)
    assert len(edge.requests) == sent
