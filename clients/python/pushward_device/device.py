"""A device of Pushward: two sequences, enrol and answer, and what goes with them.

register -> create a key, POST Factors with the access token, prove possession
watch    -> listen, list, get                        } show it to the user
approve / deny -> check, sign what was shown, POST, read it again
"""

import base64
import hashlib
import json
from collections.abc import AsyncGenerator, Mapping
from dataclasses import replace
from types import TracebackType
from typing import Self

import httpx

from pushward_device.answer import Decision, signed_payload
from pushward_device.clock import Clock, SystemClock
from pushward_device.errors import (
    AnswerFormatError,
    AnswerNotRecordedError,
    ApiError,
    AuthenticationError,
    FactorNotVerifiedError,
    FactorUnknownError,
    NotFoundError,
    RateLimitedError,
    ServerUnavailableError,
    WrongFactorError,
)
from pushward_device.http import Answer, Connection, path_of
from pushward_device.jose import answer_jws
from pushward_device.keystore import KeyStore
from pushward_device.models import (
    Challenge,
    ChallengePage,
    ChallengeStatus,
    Factor,
    FactorStatus,
    Order,
    Platform,
    RegistrationPayload,
    challenge_page_from_answer,
    factor_from_answer,
    factor_status_from_answer,
)
from pushward_device.version import __version__
from pushward_device.watch import Watch

PAGE_SIZE = 50


class Device:
    """This device, as one edge knows it. Use it as an async context manager.

    `base_url` is the edge's, without `/v2`: https, or http to this machine, else BaseUrlError. All calls raise the
    errors of `pushward_device.errors`.
    """

    def __init__(
        self,
        base_url: str,
        store: KeyStore,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._store = store
        self._clock = clock or SystemClock()
        self._connection = Connection(base_url, store, self._clock, transport)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close every connection."""
        await self._connection.aclose()

    async def register(
        self,
        payload: RegistrationPayload,
        friendly_name: str,
        *,
        app_id: str,
        platform: Platform = "none",
        notification_token: str | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> Factor:
        """Enrol this device with a key of its own, and prove that it holds it.

        Not repeated by itself. After a lost answer call it again with the same payload: the key is the same too, so
        the server answers with the same factor (contract §10).
        """
        # The key's name comes from the token, so that a second try with that token finds the first one's key.
        key_id = hashlib.sha256(payload.access_token.encode()).hexdigest()
        factor = self._enrolled_with(key_id)
        if factor is None:
            form = {
                "FriendlyName": friendly_name,
                "FactorType": "push",
                "Config.SdkVersion": __version__,
                "Config.AppId": app_id,
            }
            platform = _push_target(form, platform, notification_token)
            if metadata is not None:
                form["Metadata"] = json.dumps(dict(metadata))
            factor = await self._create_factor(payload, key_id, form, app_id=app_id, platform=platform)
        if factor.status is FactorStatus.VERIFIED:
            return factor
        return await self.verify_factor(factor.sid)

    async def verify_factor(self, factor_sid: str) -> Factor:
        """Prove that this device holds the factor's key: a signature over the factor's SID (contract §3.3)."""
        factor = self._store.factor(factor_sid)
        proof = self._store.sign(factor.key_id, factor.sid.encode())
        form = {"AuthPayload": base64.b64encode(proof).decode("ascii")}
        answer = await self._connection.request("POST", _factor_path(factor), factor, form=form)
        verified = replace(factor, status=factor_status_from_answer(answer.body))
        if verified.status is not FactorStatus.VERIFIED:
            raise FactorNotVerifiedError(
                "The server didn't accept the proof of possession: delete the factor and enrol again."
            )
        self._store.put_factor(verified)
        return verified

    def factors(self) -> tuple[Factor, ...]:
        """The factors in this device's store; the server isn't asked."""
        return self._store.factors()

    def public_key_spki_b64(self, factor_sid: str) -> str:
        """The factor's public key, SPKI DER in base64: what checks its receipts."""
        return self._store.public_key_spki_b64(self._store.factor(factor_sid).key_id)

    async def update_factor(
        self,
        factor_sid: str,
        *,
        friendly_name: str | None = None,
        platform: Platform | None = None,
        notification_token: str | None = None,
    ) -> Factor:
        """Change the friendly name or where pushes go. A blank token turns pushes off (contract §3.9)."""
        factor = self._store.factor(factor_sid)
        form = {"Config.SdkVersion": __version__, "Config.AppId": factor.app_id}
        if friendly_name is not None:
            form["FriendlyName"] = friendly_name
        if notification_token is not None or platform is not None:
            platform = _push_target(form, platform or factor.platform, notification_token)
        answer = await self._connection.request("POST", _factor_path(factor), factor, form=form)
        updated = factor_from_answer(
            answer.body,
            service_sid=factor.service_sid,
            identity=factor.identity,
            key_id=factor.key_id,
            app_id=factor.app_id,
            platform=platform or factor.platform,
        )
        if updated.sid != factor.sid:
            raise AnswerFormatError("The answer is about another factor.")
        self._store.put_factor(updated)
        return updated

    async def delete_factor(self, factor_sid: str) -> None:
        """Delete the factor on the server, then here with its key; one that the server no longer knows, only here."""
        factor = self._store.factor(factor_sid)
        try:
            await self._connection.request("DELETE", _factor_path(factor), factor)
        except (NotFoundError, AuthenticationError) as error:
            if error.code is None:
                raise
        self._store.remove_factor(factor_sid)

    async def list_challenges(
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
        answer = await self._connection.request("GET", _challenges_path(factor), factor, query=query)
        return challenge_page_from_answer(answer.body)

    async def iterate_challenges(
        self,
        factor_sid: str,
        status: ChallengeStatus | None = None,
        order: Order = "asc",
        page_size: int = PAGE_SIZE,
    ) -> AsyncGenerator[Challenge, None]:
        """Every challenge of the factor, page after page."""
        page_token: str | None = None
        while True:
            page = await self.list_challenges(factor_sid, status, order, page_size, page_token)
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
        answer = await self._connection.request("GET", _challenges_path(factor) + path_of(challenge_sid), factor)
        challenge = _fetched(answer)
        if challenge.sid != challenge_sid:
            raise AnswerFormatError("The answer is about another challenge.")
        if challenge.factor_sid != factor_sid:
            raise WrongFactorError("The challenge is for another factor: nothing of it may be shown as this one's.")
        return challenge

    async def approve(self, challenge: Challenge) -> Challenge:
        """Sign a yes to exactly what this object showed. Returns the challenge as the server then has it."""
        return await self._answer(challenge, Decision.APPROVED)

    async def deny(self, challenge: Challenge) -> Challenge:
        """Sign a no to exactly what this object showed. Returns the challenge as the server then has it."""
        return await self._answer(challenge, Decision.DENIED)

    def watch(self, factor_sid: str) -> AsyncGenerator[Challenge, None]:
        """Each pending challenge of the factor, once, as it comes, ready to be shown and answered.

        Goes on through lost streams and restarts; close it with `aclose`. Raises FactorDeletedError once the factor
        is gone.
        """
        return Watch(self, self._connection, self._clock, self._store.factor(factor_sid)).challenges()

    async def _answer(self, challenge: Challenge, decision: Decision) -> Challenge:
        try:
            factor = self._store.factor(challenge.factor_sid)
        except FactorUnknownError as error:
            raise WrongFactorError("The challenge is for a factor that this device doesn't hold.") from error
        payload = signed_payload(challenge, decision)
        jws = answer_jws(payload, lambda message: self._store.sign(factor.key_id, message))
        path = _challenges_path(factor) + path_of(challenge.sid)
        await self._connection.request("POST", path, factor, form={"AuthPayload": jws})
        recorded = await self.get(factor.sid, challenge.sid)
        if recorded.status != decision.value:
            raise AnswerNotRecordedError(f"The challenge is {recorded.status}, not {decision}: show it again.")
        return recorded

    def _enrolled_with(self, key_id: str) -> Factor | None:
        return next((factor for factor in self._store.factors() if factor.key_id == key_id), None)

    async def _create_factor(
        self, payload: RegistrationPayload, key_id: str, form: Mapping[str, str], *, app_id: str, platform: Platform
    ) -> Factor:
        path = path_of("v2", "Services", payload.service_sid, "Entities", payload.identity, "Factors")
        binding = {"Binding.Alg": "ES256", "Binding.PublicKey": self._store.ensure_key(key_id)}
        try:
            answer = await self._connection.enrol(path, payload.access_token, {**form, **binding})
            factor = factor_from_answer(
                answer.body,
                service_sid=payload.service_sid,
                identity=payload.identity,
                key_id=key_id,
                app_id=app_id,
                platform=platform,
            )
        except (ApiError, AnswerFormatError) as error:
            if not _may_succeed_later(error):
                self._store.discard_key(key_id)
            raise
        self._store.put_factor(factor)
        return factor


def _may_succeed_later(error: ApiError | AnswerFormatError) -> bool:
    if isinstance(error, AnswerFormatError):
        return False
    return error.code is None or isinstance(error, RateLimitedError | ServerUnavailableError)


def _push_target(form: dict[str, str], platform: Platform, notification_token: str | None) -> Platform:
    if notification_token is not None and not notification_token.strip():
        platform, notification_token = "none", None
    if (platform == "none") is not (notification_token is None):
        raise ValueError("A notification token goes with the platforms fcm and apn, and only with them.")
    form["Config.NotificationPlatform"] = platform
    if notification_token is not None:
        form["Config.NotificationToken"] = notification_token
    return platform


def _fetched(answer: Answer) -> Challenge:
    names = answer.signature_fields
    return Challenge(raw=answer.body, signature_fields=tuple(names.split(",")) if names else ())


def _factor_path(factor: Factor) -> str:
    return _entity_path(factor) + path_of("Factors", factor.sid)


def _challenges_path(factor: Factor) -> str:
    return _entity_path(factor) + path_of("Challenges")


def _entity_path(factor: Factor) -> str:
    return path_of("v2", "Services", factor.service_sid, "Entities", factor.identity)
