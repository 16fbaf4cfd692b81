"""The SDKs' requests: headers, a device token for each, one retry with a corrected clock (sections 3.4, 3.5)."""

import base64
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from email.utils import parsedate_to_datetime
from typing import Final, Literal

import httpx

from tests.support.device_emulator.errors import NetworkError
from tests.support.device_emulator.key import DeviceKey
from tests.support.device_emulator.models import SdkFactor
from tests.support.device_emulator.quirks import Quirks
from tests.support.jws import Members

TOKEN_SECONDS: Final = 600
FORM: Final = "application/x-www-form-urlencoded"
JSON: Final = "application/json"

Method = Literal["GET", "POST", "DELETE"]


class Connection:
    """One device's requests to one server. ``requests`` counts them; ``correction_seconds`` is what its clock lacks."""

    def __init__(self, client: httpx.AsyncClient, quirks: Quirks, clock: Callable[[], float]) -> None:
        self._client = client
        self._quirks = quirks
        self._clock = clock
        self.correction_seconds = 0
        self.requests = 0

    async def enrol(self, url: str, access_token: str, form: Mapping[str, str]) -> httpx.Response:
        """With the access token, once: an enrolment isn't repeated. Raises NetworkError."""
        answer = await self._send("POST", url, access_token, form)
        return self._succeeded(answer)

    async def send(
        self, method: Method, url: str, factor: SdkFactor, key: DeviceKey, form: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """With a device token; after a 401 that says what time it is, once more. Raises NetworkError."""
        answer = await self._send(method, url, self._token(factor, key), form)
        date = self._quirks.header(answer.headers, "Date")
        if answer.status_code == 401 and date is not None:
            self._failure(answer)  # read before anything else: without a body there is no retry on Android
            self.correction_seconds = round(parsedate_to_datetime(date).timestamp() - self._clock())
            answer = await self._send(method, url, self._token(factor, key), form)
        return self._succeeded(answer)

    def signed(self, header: Members, payload: Members, key: DeviceKey) -> str:
        """A compact JWS."""
        encoded = (base64url(self._quirks.json(part).encode()) for part in (header, payload))
        signed = ".".join(encoded)
        return f"{signed}.{base64url(key.raw(signed))}"

    def _token(self, factor: SdkFactor, key: DeviceKey) -> str:
        now = int(self._clock()) + self.correction_seconds
        header = {"cty": "twilio-pba;v=1", "kid": factor.credential_sid, "typ": "JWT", "alg": "ES256"}
        payload = {"sub": factor.account_sid, "exp": now + TOKEN_SECONDS, "nbf": now}
        return self.signed(header, payload, key)

    async def _send(self, method: Method, url: str, token: str, form: Mapping[str, str] | None) -> httpx.Response:
        self.requests += 1
        headers = {
            "Authorization": f"Basic {base64.b64encode(f'token:{token}'.encode()).decode()}",
            "Accept": FORM if method == "GET" else JSON,
            "User-Agent": self._quirks.user_agent,
        }
        if method != "GET":
            headers["Content-Type"] = FORM
        content = None if form is None else self._quirks.form(form)
        return await self._client.request(method, url, headers=headers, content=content)

    def _succeeded(self, answer: httpx.Response) -> httpx.Response:
        if not answer.is_success:
            raise self._failure(answer)
        return answer

    def _failure(self, answer: httpx.Response) -> NetworkError:
        """What the app is told; raised here where the SDK stumbles over the answer."""
        if not answer.content and self._quirks.reads_error_body():
            raise NetworkError(None, None, "the answer has no body")
        code = None
        with suppress(ValueError, TypeError, KeyError):
            told = json.loads(answer.content)["code"]
            code = told if type(told) is int else None
        return NetworkError(answer.status_code, code, answer.text)


def base64url(raw: bytes) -> str:
    """Without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")
