"""An enrolled device: honest through the device library, or saying what only an attacker or a broken app would say."""

import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, Literal

import httpx
from cryptography.hazmat.primitives.asymmetric import ec
from pushward_device import Challenge, Clock, Device, Factor, MemoryKeyStore, RegistrationPayload
from pushward_device.answer import Decision

from tests.support import jws, plain_http
from tests.support.jws import Members
from tests.support.tenant import Tenant, answered, entity_path

APP_ID: Final = "com.example.app"
TOKEN_SECONDS: Final = 600
STREAM: Final = "/pushward/v1/device/stream"


@dataclass(frozen=True, slots=True)
class Phone:
    """One factor's device. ``client`` is for requests that the library would not make."""

    device: Device
    store: MemoryKeyStore
    factor: Factor
    client: httpx.AsyncClient

    @classmethod
    @asynccontextmanager
    async def enrolled(
        cls, tenant: Tenant, service_sid: str, identity: str | None = None, clock: Clock | None = None
    ) -> AsyncIterator["Phone"]:
        """A phone that a user has just enrolled, for somebody new if nobody is named."""
        identity = identity or new_identity()
        access_token = await tenant.new_access_token(service_sid, identity)
        store = MemoryKeyStore()
        async with (
            Device(tenant.base_url, store, clock=clock, transport=plain_http.transport()) as device,
            plain_http.client(tenant.base_url) as client,
        ):
            payload = RegistrationPayload(access_token, service_sid, identity)
            factor = await device.register_factor(payload, "Phone", app_id=APP_ID)
            yield cls(device, store, factor, client)

    @property
    def sid(self) -> str:
        """The factor's."""
        return self.factor.sid

    @property
    def entity(self) -> str:
        """The path of the entity that this phone verifies."""
        return entity_path(self.factor.service_sid, self.factor.identity)

    @property
    def path(self) -> str:
        """The factor's."""
        return f"{self.entity}/Factors/{self.sid}"

    @property
    def key(self) -> ec.EllipticCurvePrivateKey:
        """The factor's private key."""
        return self.store.keys[self.factor.key_id]

    def token_parts(self, header: Members | None = None, claims: Members | None = None) -> tuple[Members, Members]:
        """Header and claims of a right token, with changes; None leaves a member out."""
        now = int(time.time())
        right_header = {"cty": "twilio-pba;v=1", "kid": self.factor.credential_sid, "typ": "JWT", "alg": "ES256"}
        right_claims = {"sub": self.factor.account_sid, "exp": now + TOKEN_SECONDS, "nbf": now}
        return jws.changed(right_header, header or {}), jws.changed(right_claims, claims or {})

    def token(
        self,
        header: Members | None = None,
        claims: Members | None = None,
        key: ec.EllipticCurvePrivateKey | None = None,
    ) -> str:
        """A device token; right unless told otherwise."""
        right_header, right_claims = self.token_parts(header, claims)
        return jws.es256(key or self.key, right_claims, right_header)

    async def get(self, path: str, token: str | None = None, **query: Any) -> httpx.Response:  # Any: what httpx takes
        """Reads with a token of its own, or with the one that is given."""
        return await self.client.get(path, params=query, auth=("token", token or self.token()))

    async def post(self, path: str, form: dict[str, str], token: str | None = None) -> httpx.Response:
        """Writes with a token of its own, or with the one that is given."""
        return await self.client.post(path, data=form, auth=("token", token or self.token()))

    async def delete(self, path: str) -> httpx.Response:
        """Deletes with a token of its own."""
        return await self.client.delete(path, auth=("token", self.token()))

    async def shown(self, challenge_sid: str) -> Members:
        """The members that an answer to this challenge signs, as the server shows them."""
        answer = await self.get(f"{self.entity}/Challenges/{challenge_sid}")
        body = answered(answer, 200)
        return {name: body[name] for name in answer.headers["Twilio-Verify-Signature-Fields"].split(",")}

    async def answer(
        self, challenge_sid: str, signed: Members, key: ec.EllipticCurvePrivateKey | None = None, **more: str
    ) -> httpx.Response:
        """Sends an answer that signs just these members; ``more`` goes beside it."""
        form = {"AuthPayload": jws.es256(key or self.key, signed), **more}
        return await self.post(f"{self.entity}/Challenges/{challenge_sid}", form)

    async def decide(self, challenge_sid: str, decision: Literal["approved", "denied"]) -> Challenge:
        """What the user of an honest app does: see it, then say yes or no."""
        challenges = self.device.challenges
        return await challenges.answer(await challenges.get(self.sid, challenge_sid), Decision(decision))


def receipt_path(factor: Factor, challenge_sid: str) -> str:
    """Where the receipt of an answered challenge is."""
    entity = f"/pushward/v1/services/{factor.service_sid}/entities/{factor.identity}"
    return f"{entity}/challenges/{challenge_sid}/receipt"


def new_identity() -> str:
    """Somebody who has never been here."""
    return f"user-{uuid.uuid4()}"
