"""A device with one SDK: what an app can do with it (contract sections 3.2, 3.3, 3.6 to 3.9)."""

import dataclasses
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, Literal, Self
from urllib.parse import parse_qs, urlsplit

import httpx

from tests.support import plain_http
from tests.support.device_emulator.errors import (
    AlreadyUpdatedError,
    ExpiredChallengeError,
    NetworkError,
    NotUpdatedError,
    SignatureFieldsError,
    WrongFactorError,
)
from tests.support.device_emulator.http import Connection
from tests.support.device_emulator.key import DeviceKey
from tests.support.device_emulator.models import SdkChallenge, SdkFactor, SdkPage
from tests.support.device_emulator.quirks import Quirks, a_list, a_number, an_object, parsed
from tests.support.jws import ES256

SDK_VERSION: Final = "1.2.3"
APP_ID: Final = "com.example.app"
SIGNATURE_FIELDS: Final = "Twilio-Verify-Signature-Fields"


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an app gets from its backend."""

    access_token: str
    service_sid: str
    identity: str


class EmulatedDevice:
    """One phone. ``factors`` is its local store; a factor's key goes with it."""

    def __init__(self, client: httpx.AsyncClient, quirks: Quirks, clock: Callable[[], float] = time.time) -> None:
        self.quirks = quirks
        self.factors: dict[str, SdkFactor] = {}
        self.keys: dict[str, DeviceKey] = {}
        self.connection = Connection(client, quirks, clock)

    @classmethod
    @asynccontextmanager
    async def switched_on(
        cls, base_url: str, quirks: Quirks, clock: Callable[[], float] = time.time
    ) -> AsyncIterator[Self]:
        """A device whose SDK was built for this server."""
        async with plain_http.client(base_url) as client:
            yield cls(client, quirks, clock)

    async def create_factor(
        self,
        enrolment: Enrolment,
        friendly_name: str,
        push_token: str | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> SdkFactor:
        """Stores a factor with a new key. If the answer can't be read, nothing is stored and the key is gone."""
        key = DeviceKey()
        form = {
            "FriendlyName": friendly_name,
            "FactorType": "push",
            "Binding.PublicKey": key.public,
            "Binding.Alg": "ES256",
            **self._config(push_token),
        }
        if metadata is not None:
            form["Metadata"] = json.dumps(metadata)
        url = f"{_entity(enrolment.service_sid, enrolment.identity)}/Factors"
        answer = await self.connection.enrol(url, enrolment.access_token, form)
        factor = self.quirks.factor(parsed(answer.text), enrolment.service_sid, enrolment.identity)
        self.keys[factor.sid] = key
        self.factors[factor.sid] = factor
        return factor

    async def verify_factor(self, factor_sid: str) -> SdkFactor:
        """Proves that this device holds the key; of the answer only the status is read."""
        form = {"AuthPayload": self.keys[factor_sid].proof(factor_sid)}
        answer = await self._send("POST", factor_sid, f"/Factors/{factor_sid}", form)
        status = parsed(answer.text)["status"]
        self.factors[factor_sid] = dataclasses.replace(self.factors[factor_sid], status=status)
        return self.factors[factor_sid]

    async def update_factor(self, factor_sid: str, push_token: str) -> SdkFactor:
        """Tells where pushes go now; a blank token means nowhere."""
        kept = self.factors[factor_sid]
        form = {"FriendlyName": kept.friendly_name, **self._config(push_token or None)}
        answer = await self._send("POST", factor_sid, f"/Factors/{factor_sid}", form)
        self.factors[factor_sid] = self.quirks.factor(parsed(answer.text), kept.service_sid, kept.identity)
        return self.factors[factor_sid]

    async def delete_factor(self, factor_sid: str) -> None:
        """Deletes it on the server and here; one that the server no longer knows is deleted, too."""
        try:
            await self._send("DELETE", factor_sid, f"/Factors/{factor_sid}")
        except NetworkError as error:
            if error.status not in (401, 404):
                raise
        del self.factors[factor_sid]
        del self.keys[factor_sid]

    async def get_challenge(self, challenge_sid: str, factor_sid: str) -> SdkChallenge:
        """A fresh look at a challenge, with what an answer would sign while it is pending."""
        answer = await self._send("GET", factor_sid, f"/Challenges/{challenge_sid}")
        challenge = self.quirks.challenge(parsed(answer.text))
        names = self.quirks.header(answer.headers, SIGNATURE_FIELDS)
        if challenge.status != "pending" or names is None:
            return challenge
        return dataclasses.replace(challenge, signature_fields=names.split(","))

    async def get_all_challenges(
        self,
        factor_sid: str,
        page_size: int,
        status: str | None = None,
        order: Literal["asc", "desc"] = "asc",
        page_token: str | None = None,
    ) -> SdkPage:
        """A page of a factor's challenges."""
        query = {"PageSize": str(page_size), "FactorSid": factor_sid, "Order": order}
        if status is not None:
            query["Status"] = status
        if page_token is not None:
            query[self.quirks.page_token_parameter] = page_token
        answer = await self._send("GET", factor_sid, f"/Challenges?{self.quirks.query(query)}")
        body = parsed(answer.text)
        meta = an_object(body.get("meta"), "meta")
        return SdkPage(
            challenges=[
                self.quirks.challenge(an_object(item, "challenges"))
                for item in a_list(body.get("challenges"), "challenges")
            ],
            page=a_number(meta, "page"),
            page_size=a_number(meta, "page_size"),
            previous_token=_page_token(meta.get("previous_page_url")),
            next_token=_page_token(meta.get("next_page_url")),
        )

    async def update_challenge(
        self, challenge_sid: str, factor_sid: str, status: Literal["approved", "denied"]
    ) -> None:
        """The user's answer: look, check, sign, send, look again (contract section 3.7)."""
        challenge = await self.get_challenge(challenge_sid, factor_sid)
        if challenge.factor_sid != factor_sid:
            raise WrongFactorError(challenge.factor_sid)
        if challenge.status == "expired":
            raise ExpiredChallengeError(challenge_sid)
        if challenge.status != "pending":
            raise AlreadyUpdatedError(challenge.status)
        if not challenge.signature_fields:
            raise SignatureFieldsError("none")
        missing = set(challenge.signature_fields) - challenge.response.keys()
        if missing:
            raise SignatureFieldsError(f"not in the answer: {missing}")
        signed = {name: challenge.response[name] for name in challenge.signature_fields}
        payload = self.connection.signed(ES256, {**signed, "status": status}, self.keys[factor_sid])
        await self._send("POST", factor_sid, f"/Challenges/{challenge_sid}", {"AuthPayload": payload})
        seen = await self.get_challenge(challenge_sid, factor_sid)
        if seen.status != status:
            raise NotUpdatedError(seen.status)

    async def get_service(self, factor_sid: str) -> str:
        """The friendly name of the factor's service (Android has this call; its app can't make it)."""
        factor = self.factors[factor_sid]
        url = f"/v2/Services/{factor.service_sid}"
        answer = await self.connection.send("GET", url, factor, self.keys[factor_sid])
        return str(parsed(answer.text)["friendly_name"])

    async def _send(
        self, method: Literal["GET", "POST", "DELETE"], factor_sid: str, path: str, form: dict[str, str] | None = None
    ) -> httpx.Response:
        factor = self.factors[factor_sid]
        url = _entity(factor.service_sid, factor.identity) + path
        return await self.connection.send(method, url, factor, self.keys[factor_sid], form)

    def _config(self, push_token: str | None) -> dict[str, str]:
        config = {
            "Config.SdkVersion": SDK_VERSION,
            "Config.AppId": APP_ID,
            "Config.NotificationPlatform": "none" if push_token is None else self.quirks.default_platform,
        }
        return config if push_token is None else {**config, "Config.NotificationToken": push_token}


def _entity(service_sid: str, identity: str) -> str:
    return f"/v2/Services/{service_sid}/Entities/{identity}"


def _page_token(url: Any) -> str | None:  # Any: JSON
    """Of a link, the SDKs read nothing but the query parameter of exactly this name."""
    return None if url is None else parse_qs(urlsplit(str(url)).query).get("PageToken", [None])[0]
