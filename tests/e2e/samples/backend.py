"""A sample backend as a process of its own, for one service, and the user in front of it."""

import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
from pushward_device import Challenge, Device, Factor, MemoryKeyStore, RegistrationPayload

from deploy.embedded.waiting import wait_until
from pushward.cli.dev_file import DevelopmentAccess, write_dev_file
from tests.support import plain_http
from tests.support.child import Child
from tests.support.installation import Account
from tests.support.tenant import answered
from tests.support.waiting import until

START_SECONDS_MAX: Final = 30.0
DEV_FILE: Final = "dev.json"
APP_ID: Final = "com.example.app"
ENVIRONMENT: Final = {"TWILIO_EDGE": "nowhere", "HTTP_PROXY": "http://127.0.0.1:1", "ALL_PROXY": "http://127.0.0.1:1"}
"""What would lead the client elsewhere if it were asked."""

Json = dict[str, Any]
"""A JSON object. Any: members of every type."""


class SampleBackend:
    """A child process; ``client`` is what its web app would ask with."""

    def __init__(self, base_url: str, account: Account, service_sid: str, directory: Path) -> None:
        write_dev_file(directory, DevelopmentAccess(base_url, account.sid, account.auth_token, service_sid))
        command = [sys.executable, "-m", "samples.backend", "--dev", str(directory / DEV_FILE), "--port", "0"]
        self.child = Child(command, ENVIRONMENT, directory / "backend.log")
        self.client = httpx.AsyncClient(timeout=plain_http.TIMEOUT_SECONDS, verify=plain_http.NO_CERTIFICATES)
        self.url = ""

    @classmethod
    @asynccontextmanager
    async def serving(
        cls, base_url: str, account: Account, service_sid: str, directory: Path
    ) -> AsyncIterator["SampleBackend"]:
        """One that serves, ended with the block."""
        backend = cls(base_url, account, service_sid, directory)
        try:
            backend.child.start()
            assert wait_until(backend._serves, START_SECONDS_MAX), backend.child.tail()
            yield backend
        finally:
            backend.child.end()
            await backend.client.aclose()

    async def post(self, path: str, **body: object) -> httpx.Response:
        """What the app asks."""
        return await self.client.post(f"{self.url}{path}", json=body)

    async def created(self, path: str, **body: object) -> Json:
        """What the app is given: 201."""
        return answered(await self.post(path, **body), 201)

    async def status(self, username: str, challenge_sid: str) -> Json:
        """How a challenge stands, and where that was seen."""
        return answered(await self.post("/challenge-status", username=username, challenge_sid=challenge_sid), 200)

    async def calls(self, after: int = 0) -> list[Json]:
        """The backend's own calls."""
        seen = answered(await self.client.get(f"{self.url}/calls", params={"after": after}), 200)
        calls: list[Json] = seen["calls"]
        return calls

    async def has_its_webhook(self) -> None:
        """Waits until Pushward knows where to tell."""

        async def created() -> bool:
            return any(
                call["method"] == "POST" and call["url"].endswith("/Webhooks") and call["status"] == 201
                for call in await self.calls()
            )

        await until(created)

    def _serves(self) -> bool:
        said = self.child.tail()
        assert self.child.running or not said, said
        if "backend at " not in said:
            return False
        self.url = said.split("backend at ")[1].split(" ")[0]
        try:
            return httpx.get(f"{self.url}/config", verify=plain_http.NO_CERTIFICATES).is_success
        except httpx.TransportError:
            return False


@dataclass(frozen=True, slots=True)
class User:
    """Somebody with a device, registered through the backend as an app would."""

    name: str
    device: Device
    factor: Factor

    @classmethod
    @asynccontextmanager
    async def registered(cls, backend: SampleBackend, name: str) -> AsyncIterator["User"]:
        """With a device as long as the block runs."""
        payload = await backend.created("/access-token", username=name)
        assert payload["factor_type"] == "push"
        async with Device(payload["base_url"], MemoryKeyStore(), transport=plain_http.transport()) as device:
            registration = RegistrationPayload(payload["token"], payload["service_sid"], payload["identity"])
            yield cls(name, device, await device.register_factor(registration, "Phone", app_id=APP_ID))

    async def seen(self, challenge_sid: str) -> Challenge:
        """What the device shows of a challenge."""
        return await self.device.challenges.get(self.factor.sid, challenge_sid)

    async def approve(self, challenge_sid: str) -> None:
        """Sees it and says yes."""
        await self.device.challenges.approve(await self.seen(challenge_sid))

    async def deny(self, challenge_sid: str) -> None:
        """Sees it and says no."""
        await self.device.challenges.deny(await self.seen(challenge_sid))


def error_of(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of a refusal, which must carry the sample's envelope."""
    envelope = json.loads(answer.content)
    assert set(envelope) == {"code", "message"}
    assert envelope["message"]
    return answer.status_code, envelope["code"]
