"""A device of Pushward: two sequences, enrol and answer, and what goes with them.

register_factor              create a key, POST Factors with the access token, prove possession
watch                        listen, list, get: show it to the user
challenges.approve / deny    check, sign what was shown, POST, read it again
approve_silently             the same for the one challenge that the app itself began
"""

import base64
import hashlib
import json
from collections.abc import AsyncGenerator, Mapping
from dataclasses import replace
from types import TracebackType
from typing import Self

import httpx

from pushward_device.challenges import Challenges
from pushward_device.clock import Clock, SystemClock
from pushward_device.errors import (
    AnswerFormatError,
    ApiError,
    AuthenticationError,
    FactorNotVerifiedError,
    NotFoundError,
    RateLimitedError,
    ServerUnavailableError,
)
from pushward_device.factors import Factors
from pushward_device.foreground import Foreground, always_in_foreground
from pushward_device.http import Connection, entity_path, path_of
from pushward_device.keystore import KeyStore
from pushward_device.models import (
    Challenge,
    Factor,
    FactorStatus,
    Platform,
    RegistrationPayload,
    factor_from_answer,
    factor_status_from_answer,
)
from pushward_device.silent import Expectation, Search, SilentApproval
from pushward_device.version import __version__
from pushward_device.watch import PendingLook, Watch

WITHIN_SECONDS = 30.0
"""How long a silent approval waits unless told otherwise."""


class Device:
    """This device, as one edge knows it. Use it as an async context manager.

    `base_url` is the edge's, without `/v2`: https, or http to this machine, else BaseUrlError. All calls raise the
    errors of `pushward_device.errors`. `factors` and `challenges` hold what is done with them.
    """

    def __init__(
        self,
        base_url: str,
        store: KeyStore,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Clock | None = None,
        foreground: Foreground = always_in_foreground,
    ) -> None:
        self._store = store
        self._clock = clock or SystemClock()
        self._foreground = foreground
        self._connection = Connection(base_url, store, self._clock, transport)
        self.factors = Factors(store)
        self.challenges = Challenges(store, self._connection)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close every connection."""
        await self._connection.aclose()

    async def register_factor(
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
        key_id = hashlib.sha256(payload.token.encode()).hexdigest()
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

    def watch(self, factor_sid: str) -> AsyncGenerator[Challenge, None]:
        """Each pending challenge of the factor, once, as it comes, ready to be shown and answered.

        Goes on through lost streams and restarts; close it with `aclose`. Raises FactorDeletedError once the factor
        is gone.
        """
        factor = self._store.factor(factor_sid)
        return Watch(PendingLook(self.challenges, factor.sid), self._connection, self._clock, factor).challenges()

    async def approve_silently(
        self,
        factor_sid: str,
        *,
        expect_challenge_sid: str | None = None,
        expect_transaction_id: str | None = None,
        within_seconds: float = WITHIN_SECONDS,
    ) -> Challenge:
        """Approve the one challenge that this app itself began, without asking; it may still be on its way.

        It is named by its SID, or by the text that the backend put into its hidden detail `transaction_id`. Nothing
        else is ever approved. Raises a SilentApprovalError, or ChallengeNotPendingError if it was answered already.
        """
        factor = self._store.factor(factor_sid)
        search = Search(self.challenges, factor.sid, Expectation(expect_challenge_sid, expect_transaction_id))
        watch = Watch(search, self._connection, self._clock, factor)
        return await SilentApproval(self.challenges, search, watch, self._clock, self._foreground).approved(
            within_seconds
        )

    def _enrolled_with(self, key_id: str) -> Factor | None:
        return next((factor for factor in self._store.factors() if factor.key_id == key_id), None)

    async def _create_factor(
        self, payload: RegistrationPayload, key_id: str, form: Mapping[str, str], *, app_id: str, platform: Platform
    ) -> Factor:
        path = path_of("v2", "Services", payload.service_sid, "Entities", payload.identity, "Factors")
        binding = {"Binding.Alg": "ES256", "Binding.PublicKey": self._store.ensure_key(key_id)}
        try:
            answer = await self._connection.enrol(path, payload.token, {**form, **binding})
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


def _factor_path(factor: Factor) -> str:
    return entity_path(factor) + path_of("Factors", factor.sid)
