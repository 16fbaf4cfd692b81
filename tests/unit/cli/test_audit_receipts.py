"""What an auditor's check of a receipt comes to, for right ones and for each way of being wrong."""

import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from pushward import ids
from pushward.challenge_view import date_text
from pushward.cli.audit.receipts import ReceiptCheck, ReceiptChecker, Verdict
from pushward.eventlog.codec import timestamp_of
from pushward.ids import Sid
from pushward.security.kek import FileKeyEncryption
from pushward.security.key_store_memory import MemoryKeyStore
from pushward.security.keys import KeyRing
from pushward.security.sealing import Sealer
from pushward.values import FactorType, Sealed
from services.challenge.domain.events import ChallengeApproved, ChallengeDenied
from services.challenge.domain.state import Challenge, Status
from tests.support import jws
from tests.support.jws import Members

SID: Final = Sid("YC" + "0002" + "a" * 28)
STREAM: Final = ids.stream_of_sid(SID)
NOW: Final = datetime(2026, 2, 3, 4, 5, 6, 789000, tzinfo=UTC)
UNTIL: Final = NOW.replace(microsecond=0) + timedelta(minutes=5)
KEY: Final = ec.generate_private_key(ec.SECP256R1())
PUBLIC_KEY: Final = KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
DETAILS: Final[Members] = {"message": "Log in?", "fields": [{"label": "City", "value": "Lisbon"}]}
SUBJECT: Final = {
    "account_sid": "AC01",
    "service_sid": "VA01",
    "entity_sid": "YE01",
    "identity": "user-0001",
    "factor_sid": "YF01",
}
SIGNED: Final[Members] = {
    "sid": SID,
    **SUBJECT,
    "status": "approved",
    "details": DETAILS,
    "hidden_details": None,
    "expiration_date": date_text(timestamp_of(UNTIL)),
    "date_created": date_text(timestamp_of(NOW)),
}


@dataclass(frozen=True, slots=True)
class World:
    """A key store, and one challenge that was asked."""

    store: MemoryKeyStore
    key_id: UUID
    sealer: Sealer
    asked: Challenge

    async def seal(self, receipt: str, field: str = f"{SID}.receipt") -> Sealed:
        """The receipt as the log keeps it."""
        return await self.sealer.seal(self.key_id, STREAM, field, receipt)

    async def check(
        self,
        receipt: Sealed | None,
        event: type[ChallengeApproved] | type[ChallengeDenied] = ChallengeApproved,
        public_key: bytes | None = PUBLIC_KEY,
    ) -> ReceiptCheck:
        """What the check of an answer with this receipt comes to, with a ring that remembers nothing."""
        answer = event(challenge_sid=SID, **SUBJECT, factor_type=FactorType.PUSH, receipt=receipt, metadata=None)
        return await ReceiptChecker(_sealer(self.store)).check(self.asked, answer, public_key)


def _sealer(store: MemoryKeyStore, kek: bytes = bytes(32)) -> Sealer:
    return Sealer(KeyRing(store, FileKeyEncryption(kek)))


@pytest.fixture
async def world() -> World:
    """A pending challenge, its details sealed."""
    store, key_id = MemoryKeyStore(), uuid4()
    await KeyRing(store, FileKeyEncryption(bytes(32))).create(key_id, "test", secrets.token_bytes(32))
    sealer = _sealer(store)
    asked = Challenge(
        stream_id=STREAM,
        version=1,
        sid=SID,
        **SUBJECT,
        factor_type=FactorType.PUSH,
        status=Status.PENDING,
        details=await sealer.seal(key_id, STREAM, f"{SID}.details", json.dumps(DETAILS)),
        hidden_details=None,
        metadata=None,
        receipt=None,
        attempts=0,
        expiration_date=UNTIL,
        date_created=NOW,
        date_updated=NOW,
        date_responded=None,
        notifications=0,
    )
    return World(store, key_id, sealer, asked)


@pytest.mark.parametrize(("status", "event"), [("approved", ChallengeApproved), ("denied", ChallengeDenied)])
async def test_what_the_factor_signed_is_valid(
    world: World, status: str, event: type[ChallengeApproved] | type[ChallengeDenied]
) -> None:
    """All that was shown, and the answer; further members don't matter."""
    receipt = await world.seal(jws.es256(KEY, {**SIGNED, "status": status, "mode": "silent"}))
    assert await world.check(receipt, event) == ReceiptCheck(Verdict.VALID)


@pytest.mark.parametrize(
    ("changes", "different"),
    [
        ({"details": {**DETAILS, "message": "Log out?"}}, ["details"]),
        ({"hidden_details": {}, "identity": "user-0002"}, ["identity", "hidden_details"]),
        ({"status": "denied"}, ["status"]),
        ({"status": "pending"}, ["status"]),
        ({"hidden_details": False}, ["hidden_details"]),
        ({"sid": None}, ["sid"]),
    ],
)
async def test_a_signature_over_something_else_is_different(
    world: World, changes: Members, different: list[str]
) -> None:
    """The members are named, in the order in which they are shown; their values stay inside."""
    signed = {name: value for name, value in {**SIGNED, **changes}.items() if name != "sid" or value is not None}
    check = await world.check(await world.seal(jws.es256(KEY, signed)))
    assert (check.verdict, list(check.different), check.is_right) == (Verdict.DIFFERENT, different, False)
    assert "Log out?" not in repr(check)


async def test_another_key_s_signature_is_invalid(world: World) -> None:
    """Also one that signed just the right things."""
    receipt = await world.seal(jws.es256(ec.generate_private_key(ec.SECP256R1()), SIGNED))
    check = await world.check(receipt)
    assert (check.verdict, check.is_right) == (Verdict.INVALID, False)


async def test_an_unsigned_receipt_is_invalid(world: World) -> None:
    """``alg`` none proves nothing, nor does what is no JWS."""
    for text in (jws.unsigned(SIGNED, jws.ES256), "", "a.b.c"):
        assert (await world.check(await world.seal(text))).verdict is Verdict.INVALID


async def test_a_receipt_from_another_place_is_broken(world: World) -> None:
    """Sealed as another field, or damaged: it never was what is there now."""
    receipt = jws.es256(KEY, SIGNED)
    moved = await world.seal(receipt, f"{SID}.metadata")
    whole = await world.seal(receipt)
    damaged = Sealed(whole.key_id, whole.nonce, whole.ciphertext[:-1] + bytes([whole.ciphertext[-1] ^ 1]))
    for sealed in (moved, damaged):
        check = await world.check(sealed)
        assert (check.verdict, check.is_right) == (Verdict.BROKEN, False)


async def test_an_erased_receipt_is_as_it_should_be(world: World) -> None:
    """The key was destroyed: that is no failure."""
    receipt = await world.seal(jws.es256(KEY, SIGNED))
    await world.store.destroy(world.key_id)
    check = await world.check(receipt)
    assert (check.verdict, check.is_right) == (Verdict.ERASED, True)


async def test_without_its_key_nothing_was_checked(world: World) -> None:
    """No such data key, or the factor's enrolment is not known: that is not a pass."""
    receipt = await world.seal(jws.es256(KEY, SIGNED))
    unknown_factor = await world.check(receipt, public_key=None)
    world.store.keys.clear()
    for check in (unknown_factor, await world.check(receipt)):
        assert (check.verdict, check.is_right) == (Verdict.UNREADABLE, False)
        assert check.reason


async def test_an_answer_without_a_receipt_needs_none(world: World) -> None:
    """Only what a device signs has one."""
    assert await world.check(None) == ReceiptCheck(Verdict.NONE)
