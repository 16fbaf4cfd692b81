"""The backend's webhook receiver: believes a delivery only if both of its signatures are right."""

import asyncio
import base64
import hashlib
import hmac
import time
from collections.abc import Mapping
from typing import Final, Self
from urllib.parse import parse_qsl

from aiohttp import web

from samples.demo.errors import DemoError
from samples.demo.wire import Wire

PATH: Final = "/webhooks"
LEEWAY_SECONDS: Final = 300
DELIVERY_SECONDS_MAX: Final = 30
SECRET_PREFIX: Final = "whsec_"  # noqa: S105 - how such secrets begin


class WebhookReceiver:
    """Listens on a free port of this machine; deliveries are kept by (type, challenge)."""

    def __init__(self, auth_token: str, wire: Wire) -> None:
        self._auth_token = auth_token
        self._wire = wire
        self._secret: str | None = None
        self._arrived: dict[tuple[str, str], Mapping[str, str]] = {}
        self._refused: str | None = None
        self._news = asyncio.Condition()
        app = web.Application()
        app.router.add_post(PATH, self._receive)
        self._runner = web.AppRunner(app, access_log=None)

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    @property
    def url(self) -> str:
        """Where Pushward should deliver."""
        host, port = self._runner.addresses[0][:2]
        return f"http://{host}:{port}{PATH}"

    def trust(self, secret: str) -> None:
        """The secret of our webhook, as its creation told it once."""
        self._secret = secret

    async def delivered(self, event_type: str, challenge_sid: str) -> Mapping[str, str]:
        """Waits for a delivery. Raises DemoError if a signature is wrong or nothing comes."""
        try:
            async with asyncio.timeout(DELIVERY_SECONDS_MAX), self._news:
                while (event_type, challenge_sid) not in self._arrived:
                    if self._refused is not None:
                        raise DemoError(self._refused)
                    await self._news.wait()
        except TimeoutError as error:
            raise DemoError(f"No webhook {event_type} came within {DELIVERY_SECONDS_MAX} s.") from error
        return self._arrived[event_type, challenge_sid]

    async def _receive(self, request: web.Request) -> web.Response:
        body = await request.read()
        form = dict(parse_qsl(body.decode(), keep_blank_values=True))
        account_right = twilio_signature_is_right(
            self._auth_token, self.url, form, request.headers.get("X-Twilio-Signature", "")
        )
        webhook_right = standard_signature_is_right(self._secret or "", request.headers, body)
        self._wire.delivery(
            {name: form[name] for name in ("type", "challenge_sid", "entity_identity") if name in form},
            {"X-Twilio-Signature": _word(account_right), "webhook-signature": _word(webhook_right)},
        )
        async with self._news:
            if account_right and webhook_right:
                self._arrived[form["type"], form.get("challenge_sid", "")] = form
            else:
                self._refused = f"A webhook {form.get('type')} came with a wrong signature."
            self._news.notify_all()
        return web.Response()


def twilio_signature_is_right(auth_token: str, url: str, form: Mapping[str, str], signature: str) -> bool:
    """HMAC-SHA1 with the account's token over the URL and the form's fields, sorted by name."""
    text = url + "".join(f"{name}{form[name]}" for name in sorted(form))
    digest = hmac.new(auth_token.encode(), text.encode(), hashlib.sha1).digest()
    return hmac.compare_digest(base64.b64encode(digest).decode(), signature)


def standard_signature_is_right(secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    """Standard Webhooks: HMAC-SHA256 with the webhook's own secret over id, time and body."""
    identifier, sent_at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not sent_at.isdigit() or abs(time.time() - int(sent_at)) > LEEWAY_SECONDS:
        return False
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    digest = hmac.new(key, f"{identifier}.{sent_at}.".encode() + body, hashlib.sha256).digest()
    right = f"v1,{base64.b64encode(digest).decode()}"
    return any(hmac.compare_digest(right, one) for one in headers.get("webhook-signature", "").split(" "))


def _word(right: bool) -> str:
    return "right" if right else "WRONG"
