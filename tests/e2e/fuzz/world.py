"""What exists when the fuzzing begins, and who asks: so that requests reach further than to a 404."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Self

from cryptography.hazmat.primitives.asymmetric import ec

from tests.e2e.stock.backend import Backend, Enrolled
from tests.support.push_factor import spki_b64

CREDENTIALS: Final = {"push_fcm_credential_sid": f"CR{'f' * 32}", "push_apn_credential_sid": f"CR{'a' * 32}"}
NOWHERE: Final = "https://127.0.0.1:9/hook"

Credentials = Callable[[], tuple[str, str] | None]
"""User and password of a request; None sends none. A device's are made anew each time."""


@dataclass(frozen=True, slots=True)
class World:
    """A service with one of everything. ``path`` has the parameters under which it is found, in both spellings."""

    backend: Backend
    enrolled: Enrolled
    path: Mapping[str, str]

    @classmethod
    def made(cls, backend: Backend) -> Self:
        """Through the stock client."""
        service = backend.new_service(**CREDENTIALS)
        enrolled = Enrolled.by(service)
        created = enrolled.created
        challenge = enrolled.challenge(hidden_details={"ip": "192.0.2.1"})
        answered = backend.answer(enrolled, enrolled.challenge(), "approved")
        webhook = service.webhooks.create(friendly_name="Nobody", event_types=["pushward.*"], webhook_url=NOWHERE)
        token = service.access_tokens.create(identity=created.identity, factor_type="push")
        return cls(
            backend,
            enrolled,
            {
                "ServiceSid": created.service_sid,
                "Identity": created.identity,
                "FactorSid": created.sid,
                "ChallengeSid": challenge.sid,
                "WebhookSid": webhook.sid,
                "AccessTokenSid": token.sid,
                "service_sid": created.service_sid,
                "identity": created.identity,
                "challenge_sid": answered.sid,
            },
        )

    def plausible(self) -> Mapping[str, Any]:  # Any: JSON
        """Values of body parameters with which a request means something; the key is nobody's yet."""
        soon = datetime.now(UTC) + timedelta(minutes=5)
        return {
            "Binding.Alg": "ES256",
            "Binding.PublicKey": spki_b64(ec.generate_private_key(ec.SECP256R1())),
            "Config.NotificationPlatform": "none",
            "Details.Fields": ['{"label":"IP","value":"192.0.2.1"}'],
            "Details.Message": "Log in?",
            "EventTypes": ["challenge.approved"],
            "ExpirationDate": soon.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "FactorSid": self.path["FactorSid"],
            "FactorType": "push",
            "HiddenDetails": '{"ip":"192.0.2.1"}',
            "Metadata": '{"os":"Android"}',
            "WebhookUrl": NOWHERE,
        }

    def callers(self) -> Mapping[str, Credentials]:
        """Who asks."""
        client: Any = self.backend.client  # Any: the library ships no types
        return {
            "account": lambda: (client.username, client.password),
            "device": lambda: ("token", self.enrolled.token()),
            "stranger": lambda: None,
        }
