"""The edge as the contract describes it, in memory, behind httpx's transport seam.

It checks every token and signature with cryptography alone, so that the library's own JOSE can't vouch for itself.
Tests turn its clock, put an outcome in the way of a request, or alter what it says.
"""

import asyncio
import base64
import json
import re
import secrets
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import formatdate
from urllib.parse import parse_qsl, unquote

import httpx
from fake_checks import has_signed, load_public_key, signed_jws
from pushward_device import RegistrationPayload
from pushward_device.strict_json import JsonObject, JsonValue

BASE_URL = "https://edge.test"
IDENTITY = "0b9a7c52-user"
SIGNATURE_FIELDS = (
    "sid,account_sid,service_sid,entity_sid,identity,factor_sid,status,details,hidden_details,"
    "expiration_date,date_created"
)
LEEWAY_SECONDS = 30
STARTED_AT_SECONDS = 1_800_000_000.0

Outcome = httpx.Response | Exception


def sid(prefix: str) -> str:
    """A SID of that kind."""
    return prefix + secrets.token_hex(16)


class RefusedError(Exception):
    """A request that ends with the error envelope."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


@dataclass
class FakeFactor:
    """What the server keeps of a factor."""

    sid: str
    public_key_b64: str
    friendly_name: str
    platform: str
    notification_token: str | None = None
    status: str = "unverified"

    @property
    def credential_sid(self) -> str:
        return "CR" + self.sid[2:]


class OpenStream(httpx.AsyncByteStream):
    """A device's open event stream; what is put in comes out, None ends it, an error cuts it."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[bytes | Exception | None] = asyncio.Queue()
        self.closed = asyncio.Event()
        self.all_taken = asyncio.Event()

    def say(self, name: str, content: JsonObject) -> None:
        """Send one event."""
        self.queue.put_nowait(f"event: {name}\ndata: {json.dumps(content)}\n\n".encode())

    def announce(self, factor_sid: str, challenge_sid: str) -> None:
        """Say that there is a challenge."""
        self.say(
            "challenge",
            {
                "type": "verify_push_challenge",
                "challenge_sid": challenge_sid,
                "factor_sid": factor_sid,
                "message": "Log in?",
            },
        )

    def end(self, reason: str) -> None:
        """Say why, and close."""
        self.say("end", {"reason": reason})
        self.queue.put_nowait(None)

    def cut(self) -> None:
        """Break the connection."""
        self.queue.put_nowait(httpx.ReadError("cut"))

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b": welcome\n\n"
        while (chunk := await self._next()) is not None:
            if isinstance(chunk, Exception):
                raise chunk
            yield chunk

    async def _next(self) -> bytes | Exception | None:
        if self.queue.empty():
            self.all_taken.set()
        chunk = await self.queue.get()
        self.all_taken.clear()
        return chunk

    async def aclose(self) -> None:
        self.closed.set()


@dataclass(eq=False)
class FakeEdge(httpx.AsyncBaseTransport):
    """One service of one account."""

    now: float = STARTED_AT_SECONDS
    account_sid: str = field(default_factory=lambda: sid("AC"))
    service_sid: str = field(default_factory=lambda: sid("VA"))
    entity_sid: str = field(default_factory=lambda: sid("YE"))
    tokens: dict[str, str | None] = field(default_factory=dict)
    factors: dict[str, FakeFactor] = field(default_factory=dict)
    challenges: dict[str, JsonObject] = field(default_factory=dict)
    receipts: dict[str, str] = field(default_factory=dict)
    requests: list[httpx.Request] = field(default_factory=list)
    streams: asyncio.Queue[OpenStream] = field(default_factory=asyncio.Queue)
    has_streams: bool = True
    outcomes: list[tuple[str, str, Outcome]] = field(default_factory=list)
    lost_answers: list[tuple[str, str]] = field(default_factory=list)
    alter_answer: Callable[[JsonObject], None] = field(default=lambda _: None)
    signature_fields: str | None = SIGNATURE_FIELDS
    records_answers: bool = True

    def issue(self) -> RegistrationPayload:
        """What a backend would hand to its app."""
        token = f"{secrets.token_hex(16)}.{secrets.token_urlsafe(32)}"
        self.tokens[token] = None
        return RegistrationPayload(token=token, service_sid=self.service_sid, identity=IDENTITY)

    def ask(
        self,
        factor_sid: str,
        message: str = "Log in?",
        hidden: JsonObject | None = None,
        *,
        challenge_sid: str | None = None,
    ) -> str:
        """Create a challenge; returns its SID."""
        challenge_sid = challenge_sid or sid("YC")
        self.challenges[challenge_sid] = {
            "sid": challenge_sid,
            "account_sid": self.account_sid,
            "service_sid": self.service_sid,
            "entity_sid": self.entity_sid,
            "identity": IDENTITY,
            "factor_sid": factor_sid,
            "date_created": self._date(0),
            "date_updated": self._date(0),
            "date_responded": None,
            "expiration_date": self._date(300),
            "status": "pending",
            "responded_reason": "none",
            "details": {"message": message, "fields": [{"label": "IP", "value": "192.0.2.7"}]},
            "hidden_details": dict(hidden) if hidden is not None else None,
            "metadata": None,
            "factor_type": "push",
        }
        return challenge_sid

    def put_in_the_way(self, method: str, path: str, outcome: Outcome) -> None:
        """The next such request meets this instead of the server."""
        self.outcomes.append((method, path, outcome))

    def lose_answer(self, method: str, path: str) -> None:
        """The next such request is carried out, and its answer lost."""
        self.lost_answers.append((method, path))

    def count(self, method: str, path: str) -> int:
        """How many such requests came in."""
        return sum(_matches(request, method, path) for request in self.requests)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        self.requests.append(request)
        for index, (method, path, outcome) in enumerate(self.outcomes):
            if _matches(request, method, path):
                del self.outcomes[index]
                if isinstance(outcome, Exception):
                    raise outcome
                return outcome
        try:
            response = self._route(request)
        except RefusedError as refused:
            response = envelope(refused.status, refused.code, refused.message)
        response.headers["Date"] = formatdate(self.now, usegmt=True)
        for index, (method, path) in enumerate(self.lost_answers):
            if _matches(request, method, path):
                del self.lost_answers[index]
                raise httpx.ReadError("lost")
        return response

    def _route(self, request: httpx.Request) -> httpx.Response:
        segments = [unquote(segment) for segment in request.url.raw_path.decode().partition("?")[0].split("/")[1:]]
        if segments == ["pushward", "v1", "device", "stream"]:
            return self._open_stream(request)
        if segments[:5] != ["v2", "Services", self.service_sid, "Entities", IDENTITY]:
            raise RefusedError(404, 20404, "Not found")
        form = dict(parse_qsl(request.content.decode(), keep_blank_values=True, strict_parsing=bool(request.content)))
        match (request.method, *segments[5:]):
            case ("POST", "Factors"):
                return self._create_factor(request, form)
            case (method, "Factors", factor_sid):
                return self._factor_request(method, self._authenticated(request, factor_sid), form)
            case ("GET", "Challenges"):
                return self._list(self._authenticated(request), dict(request.url.params))
            case (method, "Challenges", challenge_sid):
                factor = self._authenticated(request)
                if self.challenges.get(challenge_sid, {}).get("factor_sid") != factor.sid:
                    raise RefusedError(404, 60391, "Challenge not found")
                return self._answer(challenge_sid, factor, form) if method == "POST" else self._show(challenge_sid)
        raise RefusedError(404, 20404, "Not found")

    def _authenticated(self, request: httpx.Request, factor_sid: str | None = None) -> FakeFactor:
        user, token = basic_credentials(request)
        for factor in self.factors.values():
            claims = signed_jws(token, load_public_key(factor.public_key_b64))
            if user != "token" or claims is None:
                continue
            header, payload = claims
            expected = {"cty": "twilio-pba;v=1", "kid": factor.credential_sid, "typ": "JWT", "alg": "ES256"}
            not_before, expires = payload.get("nbf"), payload.get("exp")
            assert header == expected
            assert set(payload) == {"sub", "nbf", "exp"}
            assert payload["sub"] == self.account_sid
            assert type(not_before) is int
            assert type(expires) is int
            assert expires - not_before == 600
            if not not_before - LEEWAY_SECONDS <= self.now <= expires + LEEWAY_SECONDS:
                raise RefusedError(401, 20104, "The token is expired or not yet valid")
            if factor_sid is not None and factor.sid != factor_sid:
                raise RefusedError(404, 60390, "Factor not found")
            return factor
        raise RefusedError(401, 20003, "Authentication failed")

    def _open_stream(self, request: httpx.Request) -> httpx.Response:
        if not self.has_streams:
            raise RefusedError(404, 20404, "Not found")
        assert request.headers["Accept"] == "text/event-stream"
        assert not request.url.query
        self._authenticated(request)
        stream = OpenStream()
        self.streams.put_nowait(stream)
        return httpx.Response(200, headers={"Content-Type": "text/event-stream; charset=utf-8"}, stream=stream)

    def _create_factor(self, request: httpx.Request, form: dict[str, str]) -> httpx.Response:
        user, token = basic_credentials(request)
        if user != "token" or token not in self.tokens:
            raise RefusedError(401, 20101, "The access token is unknown")
        assert (form["FactorType"], form["Binding.Alg"]) == ("push", "ES256")
        assert form["Config.SdkVersion"]
        assert ("Config.NotificationToken" in form) is (form["Config.NotificationPlatform"] != "none")
        load_public_key(form["Binding.PublicKey"])
        spent_on = self.tokens[token]
        if spent_on is None:
            created = FakeFactor(
                sid=sid("YF"),
                public_key_b64=form["Binding.PublicKey"],
                friendly_name=form["FriendlyName"],
                platform=form["Config.NotificationPlatform"],
                notification_token=form.get("Config.NotificationToken"),
            )
            self.factors[created.sid], self.tokens[token] = created, created.sid
            return self._factor_answer(created, 201)
        if self.factors[spent_on].public_key_b64 != form["Binding.PublicKey"]:
            raise RefusedError(403, 60313, "The access token made another factor")
        return self._factor_answer(self.factors[spent_on], 201)

    def _factor_request(self, method: str, factor: FakeFactor, form: dict[str, str]) -> httpx.Response:
        if method == "DELETE":
            del self.factors[factor.sid]
            return httpx.Response(204)
        if "AuthPayload" in form:
            proof = base64.b64decode(form["AuthPayload"], validate=True)
            if not has_signed(load_public_key(factor.public_key_b64), proof, factor.sid.encode()):
                raise RefusedError(403, 60311, "Factor verification failed")
            factor.status = "verified"
        factor.friendly_name = form.get("FriendlyName", factor.friendly_name)
        factor.platform = form.get("Config.NotificationPlatform", factor.platform)
        factor.notification_token = form.get("Config.NotificationToken", factor.notification_token)
        return self._factor_answer(factor, 200)

    def _factor_answer(self, factor: FakeFactor, status: int) -> httpx.Response:
        return self._say(
            {
                "sid": factor.sid,
                "account_sid": self.account_sid,
                "service_sid": self.service_sid,
                "entity_sid": self.entity_sid,
                "identity": IDENTITY,
                "friendly_name": factor.friendly_name,
                "status": factor.status,
                "factor_type": "push",
                "config": {"credential_sid": factor.credential_sid, "notification_platform": factor.platform},
                "metadata": None,
                "date_created": self._date(0),
            },
            status,
        )

    def _list(self, factor: FakeFactor, query: dict[str, str]) -> httpx.Response:
        assert query["FactorSid"] == factor.sid
        mine = [c for c in self.challenges.values() if c["factor_sid"] == factor.sid]
        mine = [c for c in mine if c["status"] == query.get("Status", c["status"])]
        if query["Order"] == "desc":
            mine.reverse()
        first, size = int(query.get("PageToken", "0")), int(query["PageSize"])
        has_more = len(mine) > first + size
        # Another host on purpose: a device only takes the token from this URL.
        following = f"https://elsewhere.test/v2?PageSize={size}&PageToken={first + size}" if has_more else None
        shown: list[JsonValue] = [*mine[first : first + size]]
        return self._say({"challenges": shown, "meta": {"page": 0, "page_size": size, "next_page_url": following}}, 200)

    def _show(self, challenge_sid: str) -> httpx.Response:
        response = self._say(self.challenges[challenge_sid], 200)
        if self.signature_fields is not None:
            response.headers["Twilio-Verify-Signature-Fields"] = self.signature_fields
        return response

    def _answer(self, challenge_sid: str, factor: FakeFactor, form: dict[str, str]) -> httpx.Response:
        challenge = self.challenges[challenge_sid]
        if challenge["status"] != "pending":
            raise RefusedError(403, 60322, "The challenge is answered already")
        signed = signed_jws(form["AuthPayload"], load_public_key(factor.public_key_b64))
        if signed is None or signed[0] != {"typ": "JWT", "alg": "ES256"}:
            raise RefusedError(403, 60324, "The signature is wrong")
        payload = signed[1]
        mode = payload.pop("mode", None)
        expected: JsonObject = {name: challenge[name] for name in SIGNATURE_FIELDS.split(",")}
        if payload.get("status") not in ("approved", "denied") or payload != {**expected, "status": payload["status"]}:
            raise RefusedError(403, 60324, "What was signed isn't what was asked")
        self.receipts[challenge_sid] = form["AuthPayload"]
        if self.records_answers:
            challenge.update(status=payload["status"], date_responded=self._date(0))
            challenge.update(metadata=None if mode is None else {"mode": mode})
        return self._say(challenge, 200)

    def _say(self, members: JsonObject, status: int) -> httpx.Response:
        said: JsonObject = json.loads(json.dumps(members))
        self.alter_answer(said)
        return httpx.Response(status, json=said)

    def _date(self, seconds_ahead: float) -> str:
        return datetime.fromtimestamp(self.now + seconds_ahead, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def envelope(status: int, code: int, message: str, headers: dict[str, str] | None = None) -> httpx.Response:
    """A refusal as the contract writes it."""
    more_info = f"https://www.twilio.com/docs/errors/{code}"
    body = {"code": code, "message": message, "more_info": more_info, "status": status}
    return httpx.Response(status, json=body, headers=headers)


def basic_credentials(request: httpx.Request) -> tuple[str, str]:
    """User and password of a request."""
    scheme, _, credentials = request.headers["Authorization"].partition(" ")
    assert scheme == "Basic"
    user, _, password = base64.b64decode(credentials, validate=True).decode().partition(":")
    return user, password


def _matches(request: httpx.Request, method: str, path: str) -> bool:
    return request.method == method and re.search(path, request.url.path) is not None
