"""The two sequences of the product, told by the three who take part: a backend, a device, and Pushward between them.

register a device   the backend asks for an access token; the device enrols with it and proves that it holds its key
verify a user       the backend asks; the device shows and signs the answer; the backend sees it, and keeps a proof
"""

import asyncio
import json
import secrets
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Any, Final, Self

import httpx
from pushward_device import Challenge, Device, Factor, MemoryKeyStore, RegistrationPayload, receipt

from samples.demo.errors import DemoError, hold
from samples.demo.receiver import WebhookReceiver
from samples.demo.server import Access
from samples.demo.wire import ShownTransport, Wire

BACKEND: Final = "backend → Pushward"
DEVICE: Final = "device → Pushward"
POLL_SECONDS: Final = 0.2
POLLS_MAX: Final = 50
EVENT_TYPES: Final = ("challenge.approved", "challenge.denied")

Members = Mapping[str, Any]
"""A JSON object. Any: members of every type."""


class Story:
    """One backend, one device, one user."""

    def __init__(self, access: Access, wire: Wire) -> None:
        self._wire = wire
        self._identity = f"user-{secrets.token_hex(6)}"
        self._backend = httpx.AsyncClient(
            base_url=access.base_url,
            auth=(access.account_sid, access.auth_token),
            transport=ShownTransport(BACKEND, wire),
        )
        self._device = Device(access.base_url, MemoryKeyStore(), transport=ShownTransport(DEVICE, wire))
        self._receiver = WebhookReceiver(access.auth_token, wire)
        self._service = ""
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        await self._open.enter_async_context(self._backend)
        await self._open.enter_async_context(self._device)
        await self._open.enter_async_context(self._receiver)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._open.aclose()

    async def tell(self) -> None:
        """All of it. Raises DemoError for the first thing that doesn't hold."""
        await self._prepare()
        factor = await self._register()
        public_key = self._device.factors.public_key_spki_b64(factor.sid)
        approved = await self._verify(factor)
        denied = await self._deny(factor)
        await self._hear(approved, denied)
        await self._prove(approved, denied, public_key)

    async def _prepare(self) -> None:
        self._wire.chapter("A service, and where its webhooks go")
        service = await self._post("/v2/Services", FriendlyName="Demo bank")
        self._service = f"/v2/Services/{service['sid']}"
        response = await self._backend.post(
            f"{self._service}/Webhooks",
            data={"FriendlyName": "Demo", "EventTypes": list(EVENT_TYPES), "WebhookUrl": self._receiver.url},
        )
        _created(response)
        hold("Pushward-Webhook-Secret" in response.headers, "a new webhook's secret is told, once")
        self._receiver.trust(response.headers["Pushward-Webhook-Secret"])

    async def _register(self) -> Factor:
        self._wire.chapter("Register a device")
        token = await self._post(f"{self._service}/AccessTokens", Identity=self._identity, FactorType="push")
        self._wire.note("The backend hands the token to the app; the device makes a key pair that never leaves it.")
        payload = RegistrationPayload(token["token"], self._service.rsplit("/", 1)[1], self._identity)
        factor = await self._device.register_factor(payload, "Demo phone", app_id="com.example.demo")
        hold(factor.status == "verified", "the factor is verified once the device has proved that it holds the key")
        return factor

    async def _verify(self, factor: Factor) -> str:
        self._wire.chapter("Verify a user: approved")
        asked = await self._ask(factor, "Log in to Demo bank?", {"IP": "203.0.113.7", "City": "Lisbon"})
        shown = await self._show(factor, asked)
        answered = await self._device.challenges.approve(shown)
        hold(answered.status == "approved", "the device sees its answer")
        await self._seen(asked, "approved")
        return asked

    async def _deny(self, factor: Factor) -> str:
        self._wire.chapter("Verify a user: denied")
        asked = await self._ask(factor, "Pay 940.00 EUR?", {"To": "ACME Ltd", "Amount": "940.00 EUR"})
        answered = await self._device.challenges.deny(await self._show(factor, asked))
        hold(answered.status == "denied", "the device sees its answer")
        await self._seen(asked, "denied")
        return asked

    async def _hear(self, approved: str, denied: str) -> None:
        self._wire.chapter("Signed webhooks")
        for event_type, challenge_sid in zip(EVENT_TYPES, (approved, denied), strict=True):
            form = await self._receiver.delivered(event_type, challenge_sid)
            hold(form["entity_identity"] == self._identity, "a webhook names the identity that was verified")
        self._wire.note("Both came, each with two right signatures: the account's and the webhook's own.")

    async def _prove(self, approved: str, denied: str, public_key: str) -> None:
        self._wire.chapter("The proof")
        for challenge_sid, decision in ((approved, "approved"), (denied, "denied")):
            path = f"{self._challenges.replace('/v2/Services', '/pushward/v1/services')}/{challenge_sid}/receipt"
            stored = await self._get(path.replace("/Entities/", "/entities/").replace("/Challenges/", "/challenges/"))
            hold(stored["public_key"] == public_key, "the receipt names the key that was enrolled")
            proof = receipt.verify(stored["jws"], public_key)
            hold(proof.challenge_sid == challenge_sid, "the receipt is about this challenge")
            hold(proof.decision.value == decision, f"the receipt says {decision}")
            self._wire.screen(
                "Verified offline, with the public key alone",
                [
                    ("decision", proof.decision.value),
                    ("message", proof.message),
                    *((field.label, field.value) for field in proof.fields),
                    *(proof.hidden_details.items()),
                ],
            )

    @property
    def _challenges(self) -> str:
        return f"{self._service}/Entities/{self._identity}/Challenges"

    async def _ask(self, factor: Factor, message: str, fields: Mapping[str, str]) -> str:
        """A new challenge with details that are shown and one that isn't; its SID."""
        response = await self._backend.post(
            self._challenges,
            data={
                "FactorSid": factor.sid,
                "Details.Message": message,
                "Details.Fields": [json.dumps({"label": label, "value": value}) for label, value in fields.items()],
                "HiddenDetails": json.dumps({"session": secrets.token_hex(8)}),
            },
        )
        challenge = _created(response)
        hold(challenge["status"] == "pending", "a new challenge is pending")
        sid: str = challenge["sid"]
        return sid

    async def _show(self, factor: Factor, asked: str) -> Challenge:
        """The device finds the challenge, reads it and shows it."""
        page = await self._device.challenges.list(factor.sid)
        hold(asked in {challenge.sid for challenge in page.challenges}, "the device finds the challenge in its list")
        challenge = await self._device.challenges.get(factor.sid, asked)
        self._wire.screen(
            "On the device",
            [("", challenge.message), *((field.label, field.value) for field in challenge.fields)],
        )
        return challenge

    async def _seen(self, challenge_sid: str, status: str) -> None:
        """The backend polls until the challenge is answered."""
        for _ in range(POLLS_MAX):
            challenge = await self._get(f"{self._challenges}/{challenge_sid}")
            if challenge["status"] != "pending":
                hold(challenge["status"] == status, f"the backend sees {status}")
                return
            await asyncio.sleep(POLL_SECONDS)
        raise DemoError("The backend still sees a pending challenge.")

    async def _post(self, path: str, **form: str) -> Members:
        return _created(await self._backend.post(path, data=form))

    async def _get(self, path: str) -> Members:
        response = await self._backend.get(path)
        hold(response.status_code == httpx.codes.OK, f"GET {path} answers 200")
        members: Members = response.json()
        return members


def _created(response: httpx.Response) -> Members:
    hold(response.status_code == httpx.codes.CREATED, f"{response.request.url.path} answers 201")
    members: Members = response.json()
    return members
