"""The sample bank, whole: Pushward in one process, and samples/backend with its pages beside it."""

import json
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx

from deploy.embedded.waiting import wait_until
from tests.support import plain_http
from tests.support.child import Child
from tests.support.installation import Account, Stores
from tests.support.system import DEV_FILE, LOOPBACK, Shape, System, running
from tests.support.tenant import Tenant, entity_path

READY_SECONDS_MAX: Final = 30.0


class SampleBank:
    """`system` is Pushward. The bank is its only tenant; ``url`` is where its pages are."""

    def __init__(self, system: System, directory: Path) -> None:
        self.system = system
        dev_file = directory / DEV_FILE
        access = json.loads(dev_file.read_text("utf-8"))
        self.service_sid: str = access["service_sid"]
        self.account = Account(access["account_sid"], access["auth_token"])
        port = _free_port()
        self.url = f"http://{LOOPBACK}:{port}"
        command = [sys.executable, "-m", "samples.backend", "--dev", str(dev_file), "--port", str(port)]
        self.backend = Child(command, system.stores.environment(), directory / "backend.log")

    @classmethod
    @contextmanager
    def open(cls, stores: Stores, directory: Path) -> Iterator["SampleBank"]:
        """A bank that serves, ended with the block."""
        with running(Shape.ONE, stores, directory) as system:
            bank = cls(system, directory)
            try:
                bank.start()
                yield bank
            finally:
                bank.backend.end()

    def start(self) -> None:
        """Starts the backend, and waits until it serves."""
        self.backend.start()
        assert wait_until(self._ready, READY_SECONDS_MAX), f"not ready\n{self.backend.tail()}"

    def tenant(self) -> Tenant:
        """The bank's own access to Pushward, for what its pages don't offer."""
        return Tenant(self.system.base_url, self.account)

    async def identity(self, username: str) -> str:
        """Whom Pushward knows a user of the bank as."""
        async with httpx.AsyncClient(base_url=self.url, verify=plain_http.NO_CERTIFICATES) as client:
            answer = await client.post("/access-token", json={"username": username})
            assert answer.status_code == 201, answer.text
            identity: str = answer.json()["identity"]
            return identity

    async def entity(self, username: str) -> str:
        """The path of a user's entity."""
        return entity_path(self.service_sid, await self.identity(username))

    def tail(self) -> str:
        """The end of what all its processes said."""
        return f"{self.system.tail()}\n--- backend\n{self.backend.tail()}"

    def _ready(self) -> bool:
        assert self.backend.running, self.backend.tail()
        try:
            return httpx.get(f"{self.url}/config", verify=plain_http.NO_CERTIFICATES).status_code == 200
        except httpx.TransportError:
            return False


def fields(*entries: tuple[str, str]) -> list[str]:
    """Detail fields as a backend sends them: one JSON object each."""
    return [json.dumps({"label": label, "value": value}) for label, value in entries]


def hidden(**entries: str) -> str:
    """Hidden details as a backend sends them."""
    details: dict[str, Any] = dict(entries)  # Any: JSON
    return json.dumps(details)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port
