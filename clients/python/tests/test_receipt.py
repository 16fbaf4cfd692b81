"""Receipts, checked with the public key alone."""

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fake_edge import FakeEdge
from pushward_device import DetailField, Device, Factor, MemoryKeyStore, ReceiptInvalidError, receipt
from pushward_device.jose import answer_jws, device_jwt, public_key_to_spki_b64
from pushward_device.strict_json import JsonObject

KEY = ec.derive_private_key(0xC0FFEE, ec.SECP256R1())
PUBLIC_KEY = public_key_to_spki_b64(KEY.public_key())
ANSWER: JsonObject = {"sid": "YC1", "factor_sid": "YF1", "status": "approved", "details": {"message": "Log in?"}}


def sign(message: bytes) -> bytes:
    """DER, as a key store answers."""
    return KEY.sign(message, ec.ECDSA(hashes.SHA256()))


@pytest.mark.parametrize("decision", ["approved", "denied"])
async def test_a_receipt_says_who_decided_what(edge: FakeEdge, device: Device, factor: Factor, decision: str) -> None:
    """Offline, from the stored JWS and the enrolled key."""
    shown = await device.challenges.get(factor.sid, edge.ask(factor.sid, "Pay 12 €?", {"transaction": "t-1"}))
    await (device.challenges.approve(shown) if decision == "approved" else device.challenges.deny(shown))

    proof = receipt.verify(edge.receipts[shown.sid], edge.factors[factor.sid].public_key_b64)
    assert (proof.challenge_sid, proof.factor_sid, proof.decision) == (shown.sid, factor.sid, decision)
    assert (proof.message, proof.fields) == ("Pay 12 €?", (DetailField("IP", "192.0.2.7"),))
    assert proof.hidden_details == {"transaction": "t-1"}
    assert proof.members["expiration_date"] == shown.members()["expiration_date"]


def test_a_receipt_of_another_key_proves_nothing() -> None:
    """However well it is formed."""
    store = MemoryKeyStore()
    with pytest.raises(ReceiptInvalidError, match="isn't this key's"):
        receipt.verify(answer_jws(ANSWER, sign), store.ensure_key("other"))


def test_a_changed_receipt_proves_nothing() -> None:
    """One byte of the details is enough."""
    header, _, signature = answer_jws(ANSWER, sign).split(".")
    _, payload, _ = answer_jws({**ANSWER, "details": {"message": "Log on?"}}, sign).split(".")
    with pytest.raises(ReceiptInvalidError):
        receipt.verify(f"{header}.{payload}.{signature}", PUBLIC_KEY)


@pytest.mark.parametrize(
    "change",
    [
        {"status": "pending"},
        {"status": True},
        {"sid": None},
        {"factor_sid": 1},
        {"details": "Log in?"},
        {"details": {}},
    ],
)
def test_a_signature_over_something_else_is_no_receipt(change: JsonObject) -> None:
    """The key signs other things too."""
    with pytest.raises(ReceiptInvalidError, match="isn't over an answer"):
        receipt.verify(answer_jws({**ANSWER, **change}, sign), PUBLIC_KEY)


def test_a_device_jwt_is_no_receipt() -> None:
    """What opens a door isn't consent to anything."""
    jwt = device_jwt(credential_sid="CR1", account_sid="AC1", now_seconds=0, sign=sign)
    with pytest.raises(ReceiptInvalidError):
        receipt.verify(jwt, PUBLIC_KEY)


@pytest.mark.parametrize("key", ["", "AAAA", PUBLIC_KEY[:-4]])
def test_without_a_proper_key_there_is_no_proof(key: str) -> None:
    """Not even an attempt."""
    with pytest.raises(ReceiptInvalidError, match="public key"):
        receipt.verify(answer_jws(ANSWER, sign), key)
