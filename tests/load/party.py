"""One user in the eyes of the generator: a backend's connection, an enrolled device's, and their login cycle.

    1  backend  POST …/Challenges            message, two fields, a hidden detail
    2  device   GET  …/Challenges?…          what is pending for its factor
    3  device   GET  …/Challenges/YC…        what it will show and sign
    4  device   POST …/Challenges/YC…        the signed answer
    5  backend  GET  …/Challenges/YC…        approved

The device's token is signed once and used for all of a run, as the Python device library does within its lifetime.
"""

import base64
import json
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final, Self
from urllib.parse import urlencode

import httpx
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from pushward_device.jose import answer_jws, device_jwt, public_key_to_spki_b64

from samples.demo.server import Access
from tests.load.http1 import Http1Connection, Reply

SIGNATURE_FIELDS: Final = b"twilio-verify-signature-fields:"
APPROVED: Final = b'"status":"approved"'


class CycleError(Exception):
    """A step of a cycle was not answered as it must be."""

    def __init__(self, step: str, reply: Reply) -> None:
        super().__init__(f"{step}: {reply.status} {reply.body[:200].decode('utf-8', 'replace')}")
        self.step = step
        self.status = reply.status


@dataclass(slots=True)
class Tally:
    """What a run has seen."""

    cycle_seconds: list[float] = field(default_factory=list)
    challenge_sids: set[str] = field(default_factory=set)
    errors: Counter[str] = field(default_factory=Counter)


class Party:
    """A backend and one of its users' devices. Enrolled once; `connect` and `close` go around each run."""

    def __init__(
        self, access: Access, key: ec.EllipticCurvePrivateKey, token: str, entity_path: str, factor_sid: str
    ) -> None:
        self._base_url = access.base_url
        self._authorizations = (_basic(access.account_sid, access.auth_token), _basic("token", token))
        self._connections: tuple[Http1Connection, ...] = ()
        self._key = key
        path = f"{entity_path}/Challenges"
        self._challenges = path.encode()
        self._pending = f"{path}?PageSize=50&FactorSid={factor_sid}&Order=asc&Status=pending".encode()
        details = [
            json.dumps({"label": "IP", "value": "203.0.113.7"}),
            json.dumps({"label": "City", "value": "Lisbon"}),
        ]
        self._ask = urlencode(
            {
                "FactorSid": factor_sid,
                "Details.Message": "Log in to the bench?",
                "Details.Fields": details,
                "HiddenDetails": json.dumps({"session": "9f86d081884c7d65"}),
            },
            doseq=True,
        ).encode()

    @classmethod
    async def enrol(cls, access: Access, service_sid: str, identity: str) -> Self:
        """A new user with a verified device."""
        key = ec.generate_private_key(ec.SECP256R1())
        path = f"/v2/Services/{service_sid}/Entities/{identity}"
        form = {
            "FriendlyName": "Bench",
            "FactorType": "push",
            "Binding.Alg": "ES256",
            "Binding.PublicKey": public_key_to_spki_b64(key.public_key()),
            "Config.SdkVersion": "1",
            "Config.AppId": "bench",
            "Config.NotificationPlatform": "none",
        }
        async with httpx.AsyncClient(base_url=access.base_url) as client:
            backend = (access.account_sid, access.auth_token)
            created = (await client.post(f"{path}/Factors", data=form, auth=backend)).raise_for_status().json()
            token = device_jwt(
                credential_sid=created["config"]["credential_sid"],
                account_sid=access.account_sid,
                now_seconds=int(time.time()),
                sign=lambda message: _sign(key, message),
            )
            factor_sid: str = created["sid"]
            proof = {"AuthPayload": base64.b64encode(_sign(key, factor_sid.encode())).decode()}
            verified = await client.post(f"{path}/Factors/{factor_sid}", data=proof, auth=("token", token))
            verified.raise_for_status()
        return cls(access, key, token, path, factor_sid)

    @property
    def device(self) -> Http1Connection:
        """The device's connection."""
        return self._connections[1]

    @property
    def _backend(self) -> Http1Connection:
        return self._connections[0]

    async def connect(self) -> None:
        """Opens both connections."""
        await self.close()
        self._connections = tuple(
            [await Http1Connection.open(self._base_url, authorization) for authorization in self._authorizations]
        )

    async def close(self) -> None:
        """Closes both connections."""
        for connection in self._connections:
            await connection.close()
        self._connections = ()

    async def cycle(self) -> str:
        """One login; the challenge's SID. Raises CycleError."""
        sid = await self.ask()
        listed = await self.device.get(self._pending)
        _expect("list", listed, 200, sid.encode())
        await self.answer(sid)
        seen = await self._backend.get(self._path(sid))
        _expect("see", seen, 200, APPROVED)
        return sid

    async def ask(self) -> str:
        """The backend's challenge."""
        created = await self._backend.post(self._challenges, self._ask)
        _expect("create", created, 201, b'"sid"')
        sid: str = json.loads(created.body)["sid"]
        return sid

    async def answer(self, sid: str) -> None:
        """The device reads the challenge and signs a yes."""
        path = self._path(sid)
        read = await self.device.get(path)
        _expect("read", read, 200, b'"details"')
        members = json.loads(read.body)
        signed: dict[str, Any] = {name: members[name] for name in _signature_fields(read.head)}
        jws = answer_jws(signed | {"status": "approved"}, lambda message: _sign(self._key, message))
        answered = await self.device.post(path, b"AuthPayload=" + jws.encode())
        _expect("answer", answered, 200, APPROVED)

    def _path(self, sid: str) -> bytes:
        return self._challenges + b"/" + sid.encode()


def _expect(step: str, reply: Reply, status: int, part: bytes) -> None:
    if reply.status != status or part not in reply.body:
        raise CycleError(step, reply)


def _signature_fields(head: bytes) -> list[str]:
    start = head.lower().index(SIGNATURE_FIELDS) + len(SIGNATURE_FIELDS)
    return head[start : head.index(b"\r", start)].decode().strip().split(",")


def _sign(key: ec.EllipticCurvePrivateKey, message: bytes) -> bytes:
    return key.sign(message, ec.ECDSA(hashes.SHA256()))


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
