"""Silent approval: sign without asking, where the app itself began what it approves.

Who logs in on the very device that approves needs no second look. What makes it safe is that nothing but the one
expected challenge is signed: its SID, or the transaction id among its hidden details, came to the app over its own
connection to its backend.

    listening -> looking at what is there -> waiting
        the expected one: pending              in the foreground? sign, with `mode`, and return
                          approved or denied   ChallengeNotPendingError
                          expired              ChallengeExpiredError
        another one       remembered, never answered; goes on waiting
        time is over      AnotherChallengeError if there were others, else ChallengeNotArrivedError
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field

from pushward_device.answer import Decision
from pushward_device.challenges import Challenges
from pushward_device.clock import Clock
from pushward_device.errors import (
    AnotherChallengeError,
    ChallengeExpiredError,
    ChallengeNotArrivedError,
    ChallengeNotPendingError,
    NotFoundError,
    NotInForegroundError,
    PermissionDeniedError,
)
from pushward_device.foreground import Foreground
from pushward_device.models import Challenge, ChallengeStatus
from pushward_device.watch import Watch

MODE = "silent"
"""The extra member under the signature; the server copies it into the challenge's metadata."""

TRANSACTION_ID = "transaction_id"
"""The hidden detail by which a backend and its app agree on a challenge that has no SID yet."""

LOOKED_AT_MAX = 50
"""The newest challenges, among which one with a transaction id is looked for: more than can be open in practice."""

OTHERS_MAX = 4096
_ANSWERED, _EXPIRED = 60322, 60323


@dataclass(frozen=True, slots=True)
class Expectation:
    """Which challenge the app began: exactly one of the two. Raises ValueError otherwise."""

    challenge_sid: str | None
    transaction_id: str | None

    def __post_init__(self) -> None:
        if (self.challenge_sid is None) is (self.transaction_id is None) or "" in (
            self.challenge_sid,
            self.transaction_id,
        ):
            raise ValueError("Say which challenge is expected: by its SID, or by its transaction id.")

    def is_met_by(self, challenge: Challenge) -> bool:
        """Whether this is the one."""
        if self.challenge_sid is not None:
            return challenge.sid == self.challenge_sid
        return challenge.hidden_details.get(TRANSACTION_ID) == self.transaction_id


@dataclass(slots=True)
class Search:
    """What a watch looks at while one challenge is expected: it hands out that one, and remembers the others."""

    challenges: Challenges
    factor_sid: str
    expected: Expectation
    others: dict[str, None] = field(default_factory=dict)

    async def here(self) -> AsyncGenerator[Challenge, None]:
        """The expected challenge, if it is there, whatever has become of it."""
        if self.expected.challenge_sid is not None:
            found = await self._get(self.expected.challenge_sid)
            if found is not None:
                yield found
        page = await self.challenges.list(self.factor_sid, order="desc", page_size=LOOKED_AT_MAX)
        # A pending one before those that are over: a backend may use a transaction id again.
        for outline in sorted(page.challenges, key=lambda one: one.status is not ChallengeStatus.PENDING):
            if self.expected.is_met_by(outline):
                found = await self._get(outline.sid)
                if found is not None:
                    yield found
            elif outline.status is ChallengeStatus.PENDING:
                self._remember(outline.sid)

    async def announced(self, challenge_sid: str) -> Challenge | None:
        """The challenge, if it is the expected one."""
        if self.expected.challenge_sid not in (None, challenge_sid) or challenge_sid in self.others:
            self._remember(challenge_sid)
            return None
        return await self._get(challenge_sid)

    async def _get(self, challenge_sid: str) -> Challenge | None:
        try:
            challenge = await self.challenges.get(self.factor_sid, challenge_sid)
        except NotFoundError:
            return None
        # Again, on what would be signed: a list's word is not enough.
        if self.expected.is_met_by(challenge):
            return challenge
        self._remember(challenge_sid)
        return None

    def _remember(self, challenge_sid: str) -> None:
        if len(self.others) < OTHERS_MAX:
            self.others[challenge_sid] = None


@dataclass(frozen=True, slots=True)
class SilentApproval:
    """One wait for one challenge."""

    challenges: Challenges
    search: Search
    watch: Watch
    clock: Clock
    foreground: Foreground

    async def approved(self, within_seconds: float) -> Challenge:
        """The challenge, approved. Raises a SilentApprovalError, ChallengeNotPendingError, and what a watch raises."""
        if not within_seconds > 0:
            raise ValueError("within_seconds must be more than 0.")
        self._require_foreground()
        return await self._approve(await self._found(within_seconds))

    async def _found(self, within_seconds: float) -> Challenge:
        finding = asyncio.ensure_future(self._first())
        deadline = asyncio.ensure_future(self.clock.sleep(within_seconds))
        try:
            await asyncio.wait({finding, deadline}, return_when=asyncio.FIRST_COMPLETED)
            if finding.done():
                return finding.result()
        finally:
            finding.cancel()
            deadline.cancel()
            await asyncio.wait({finding, deadline})
        if self.search.others:
            raise AnotherChallengeError(
                "Other challenges came, but not the expected one: nothing was approved. Show them to the user.",
                challenge_sids=tuple(self.search.others),
            )
        raise ChallengeNotArrivedError(
            f"The expected challenge didn't come within {within_seconds:g} seconds. Ask the backend to begin again."
        ) from self.watch.away

    async def _first(self) -> Challenge:
        async with aclosing(self.watch.challenges()) as found:
            return await anext(found)

    async def _approve(self, challenge: Challenge) -> Challenge:
        if challenge.status is ChallengeStatus.EXPIRED:
            raise ChallengeExpiredError("The expected challenge has expired. Ask the backend to begin again.")
        self._require_foreground()
        try:
            return await self.challenges.answer(challenge, Decision.APPROVED, mode=MODE)
        except PermissionDeniedError as error:
            if error.code == _EXPIRED:
                raise ChallengeExpiredError("The expected challenge expired meanwhile.") from error
            if error.code == _ANSWERED:
                raise ChallengeNotPendingError("The expected challenge was answered elsewhere meanwhile.") from error
            raise

    def _require_foreground(self) -> None:
        if not self.foreground():
            raise NotInForegroundError(
                "Nothing is approved silently while the user can't see the app: nothing was signed. "
                "Show the challenge when the app is in front again."
            )
