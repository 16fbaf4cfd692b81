"""A factor's challenges: read them, show them, answer them.

get -> show it to the user -> approve / deny: check, sign what was shown, POST, read it again
"""

from collections.abc import AsyncGenerator

from pushward_device.answer import Decision, signed_payload
from pushward_device.errors import AnswerFormatError, AnswerNotRecordedError, FactorUnknownError, WrongFactorError
from pushward_device.http import Answer, Connection, entity_path, path_of
from pushward_device.jose import answer_jws
from pushward_device.keystore import KeyStore
from pushward_device.models import (
    Challenge,
    ChallengePage,
    ChallengeStatus,
    Factor,
    Order,
    challenge_page_from_answer,
)

PAGE_SIZE = 50


class Challenges:
    """The challenges of this device's factors."""

    def __init__(self, store: KeyStore, connection: Connection) -> None:
        self._store = store
        self._connection = connection

    async def list(
        self,
        factor_sid: str,
        status: ChallengeStatus | None = None,
        order: Order = "asc",
        page_size: int = PAGE_SIZE,
        page_token: str | None = None,
    ) -> ChallengePage:
        """One page of the factor's challenges. They can be shown in a list; to answer one, `get` it."""
        factor = self._store.factor(factor_sid)
        query = {"PageSize": str(page_size), "FactorSid": factor.sid, "Order": order}
        if status is not None:
            query["Status"] = status.value
        if page_token is not None:
            query["PageToken"] = page_token
        answer = await self._connection.request("GET", _path(factor), factor, query=query)
        return challenge_page_from_answer(answer.body)

    async def iterate(
        self,
        factor_sid: str,
        status: ChallengeStatus | None = None,
        order: Order = "asc",
        page_size: int = PAGE_SIZE,
    ) -> AsyncGenerator[Challenge, None]:
        """Every challenge of the factor, page after page."""
        page_token: str | None = None
        while True:
            page = await self.list(factor_sid, status, order, page_size, page_token)
            for challenge in page.challenges:
                yield challenge
            if page.next_page_token is None:
                return
            if page.next_page_token == page_token:
                raise AnswerFormatError("The page says that it is followed by itself.")
            page_token = page.next_page_token

    async def get(self, factor_sid: str, challenge_sid: str) -> Challenge:
        """One challenge, ready to be shown and answered. Raises WrongFactorError if it is another factor's."""
        factor = self._store.factor(factor_sid)
        answer = await self._connection.request("GET", _path(factor) + path_of(challenge_sid), factor)
        return fetched(answer, factor_sid, challenge_sid)

    async def approve(self, challenge: Challenge) -> Challenge:
        """Sign a yes to exactly what this object showed. Returns the challenge as the server then has it."""
        return await self.answer(challenge, Decision.APPROVED)

    async def deny(self, challenge: Challenge) -> Challenge:
        """Sign a no to exactly what this object showed. Returns the challenge as the server then has it."""
        return await self.answer(challenge, Decision.DENIED)

    async def answer(self, challenge: Challenge, decision: Decision, *, mode: str | None = None) -> Challenge:
        """What `approve` and `deny` do; `mode` says under the signature how it was answered."""
        try:
            factor = self._store.factor(challenge.factor_sid)
        except FactorUnknownError as error:
            raise WrongFactorError("The challenge is for a factor that this device doesn't hold.") from error
        payload = signed_payload(challenge, decision, mode=mode)
        jws = answer_jws(payload, lambda message: self._store.sign(factor.key_id, message))
        path = _path(factor) + path_of(challenge.sid)
        await self._connection.request("POST", path, factor, form={"AuthPayload": jws})
        recorded = await self.get(factor.sid, challenge.sid)
        if recorded.status != decision.value:
            raise AnswerNotRecordedError(f"The challenge is {recorded.status}, not {decision}: show it again.")
        return recorded


def fetched(answer: Answer, factor_sid: str, challenge_sid: str) -> Challenge:
    """The challenge that was asked for. Raises AnswerFormatError, WrongFactorError."""
    names = answer.signature_fields
    challenge = Challenge(raw=answer.body, signature_fields=tuple(names.split(",")) if names else ())
    if challenge.sid != challenge_sid:
        raise AnswerFormatError("The answer is about another challenge.")
    if challenge.factor_sid != factor_sid:
        raise WrongFactorError("The challenge is for another factor: nothing of it may be shown as this one's.")
    return challenge


def _path(factor: Factor) -> str:
    return entity_path(factor) + path_of("Challenges")
