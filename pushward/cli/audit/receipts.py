"""Checks receipts: is the sealed JWS the factor's signature over just what the challenge showed, and over this answer?

The rendering that is compared is the one that the edge shows and challenge compares with (pushward/challenge_view.py).
Nothing of the receipt's text leaves this module, only what the check came to.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from pushward.challenge_view import SIGNATURE_FIELDS, signed_view
from pushward.errors import NotFoundError, UnavailableError
from pushward.security.keys import KeyDestroyedError
from pushward.security.receipt import ReceiptError, verify_receipt
from pushward.security.sealing import SealBrokenError, Sealer
from pushward.strictjson import JsonObject, strictly_equal
from services.challenge.app.contents import RECEIPT, Contents
from services.challenge.domain.events import ChallengeApproved, ChallengeDenied
from services.challenge.domain.state import Challenge

STATUS: Final = "status"


class Verdict(StrEnum):
    """What a check came to. Only `valid`, `erased` and `none` are as they should be."""

    VALID = "valid"
    """The factor's key signed all that was shown, and this answer."""
    ERASED = "erased"
    """The entity was forgotten: nobody can read it any more, as it must be."""
    NONE = "none"
    """This answer has no receipt: codes aren't signed."""
    INVALID = "invalid"
    """Not a signature of the factor's key."""
    DIFFERENT = "different"
    """A signature of the factor's key, but over something else."""
    BROKEN = "broken"
    """The ciphertext is not what was sealed there."""
    UNREADABLE = "unreadable"
    """It could not be opened, or the factor's key is not known: nothing was checked."""


RIGHT: Final = frozenset({Verdict.VALID, Verdict.ERASED, Verdict.NONE})


@dataclass(frozen=True, slots=True)
class ReceiptCheck:
    """A verdict, why, and the names of members that differ."""

    verdict: Verdict
    reason: str | None = None
    different: Sequence[str] = ()

    @property
    def is_right(self) -> bool:
        """Whether nothing speaks against it."""
        return self.verdict in RIGHT


class ReceiptChecker:
    """Checks answers with the keys of this installation."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer
        self._contents = Contents(sealer)

    async def check(
        self, asked: Challenge, answer: ChallengeApproved | ChallengeDenied, public_key: bytes | None
    ) -> ReceiptCheck:
        """The receipt of ``answer`` to the challenge as it was before."""
        if answer.receipt is None:
            return ReceiptCheck(Verdict.NONE)
        if public_key is None:
            return ReceiptCheck(Verdict.UNREADABLE, "the factor's enrolment, and so its key, is not known")
        try:
            jws = await self._sealer.unseal(answer.receipt, asked.stream_id, f"{asked.sid}.{RECEIPT}")
            shown = signed_view(await self._contents.message(asked))
            signed = verify_receipt(jws, public_key)
        except (KeyDestroyedError, NotFoundError):
            return ReceiptCheck(Verdict.ERASED)
        except SealBrokenError:
            return ReceiptCheck(Verdict.BROKEN, "what is sealed was changed, or sealed for another place")
        except UnavailableError as error:
            return ReceiptCheck(Verdict.UNREADABLE, error.message)
        except ReceiptError as error:
            return ReceiptCheck(Verdict.INVALID, str(error))
        return _compared(signed, shown, "approved" if isinstance(answer, ChallengeApproved) else "denied")


def _compared(signed: JsonObject, shown: JsonObject, answer: str) -> ReceiptCheck:
    """``status`` is the answer where it was signed, pending where it was shown."""
    expected = {**shown, STATUS: answer}
    different = [
        name for name in SIGNATURE_FIELDS if name not in signed or not strictly_equal(signed[name], expected[name])
    ]
    if different:
        return ReceiptCheck(Verdict.DIFFERENT, "the device signed something else", different)
    return ReceiptCheck(Verdict.VALID)
