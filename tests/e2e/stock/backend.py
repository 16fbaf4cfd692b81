"""A backend on the stock client, and the device that answers it: also the stock client, with a device's credentials.

Everything goes through the library; `Any` stands for its objects, since it ships no types.
"""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, Self

from cryptography.hazmat.primitives.asymmetric import ec
from twilio.rest import Client

from tests.support import jws
from tests.support.conformity import check_of_requests
from tests.support.installation import Account
from tests.support.phone import TOKEN_SECONDS, new_identity
from tests.support.push_factor import possession, spki_b64

METADATA: Final = {"os": "Android"}


@dataclass(frozen=True, slots=True)
class Backend:
    """``client`` is the stock client, whose `verify.base_url` is ours."""

    client: Any

    @classmethod
    @contextmanager
    def of(cls, base_url: str, account: Account) -> Iterator[Self]:
        """An account's, set up as the documents say, as long as the block runs."""
        client = Client(account.sid, account.auth_token)
        client.verify.base_url = base_url
        client.http_client.session.hooks["response"].append(check_of_requests)
        yield cls(client)
        client.http_client.session.close()

    @property
    def verify(self) -> Any:
        """Verify v2, as existing code uses it."""
        return self.client.verify.v2

    def new_service(self, **settings: object) -> Any:
        """A new service, ready for what lies below it."""
        created = self.verify.services.create(**{"friendly_name": "Stock", **settings})
        return self.verify.services(created.sid)

    def as_caller(self, username: str, password: str) -> Any:
        """The same client with other credentials, on the same connections."""
        client = Client(username, password, http_client=self.client.http_client)
        client.verify.base_url = self.client.verify.base_url
        return client

    def answer(
        self,
        enrolled: "Enrolled",
        challenge: Any,
        decision: str,
        key: ec.EllipticCurvePrivateKey | None = None,
        **more: object,
    ) -> Any:
        """What `update` returns for the answer that the device (or another key) signs over what it is shown."""
        device = self.as_caller("token", enrolled.token())
        shown = device.request("GET", challenge.url)
        body = json.loads(shown.text)
        signed = {name: body[name] for name in shown.headers["Twilio-Verify-Signature-Fields"].split(",")}
        payload = jws.es256(key or enrolled.key, {**signed, "status": decision})
        entity = device.verify.v2.services(challenge.service_sid).entities(challenge.identity)
        return entity.challenges(challenge.sid).update(auth_payload=payload, **more)


@dataclass(frozen=True, slots=True)
class Enrolled:
    """An entity, as the library addresses it, its factor as it was created, and the device's key."""

    entity: Any
    created: Any
    key: ec.EllipticCurvePrivateKey

    @classmethod
    def by(cls, service: Any, **more: object) -> Self:
        """Enrols and verifies a push factor for somebody new."""
        key = ec.generate_private_key(ec.SECP256R1())
        entity = service.entities(new_identity())
        created = entity.new_factors.create(**push_arguments(key, **more))
        assert entity.factors(created.sid).update(auth_payload=possession(key, created.sid)).status == "verified"
        return cls(entity, created, key)

    @property
    def factor_sid(self) -> str:
        """The factor's SID."""
        return str(self.created.sid)

    @property
    def factor(self) -> Any:
        """The factor, as the library addresses it."""
        return self.entity.factors(self.factor_sid)

    def token(self) -> str:
        """What the device authenticates with (contract section 3.4)."""
        now = int(time.time())
        header = {"cty": "twilio-pba;v=1", "kid": self.created.config["credential_sid"], "typ": "JWT", "alg": "ES256"}
        claims = {"sub": self.created.account_sid, "exp": now + TOKEN_SECONDS, "nbf": now}
        return jws.es256(self.key, claims, header)

    def challenge(self, **more: object) -> Any:
        """A new challenge of this factor."""
        return self.entity.challenges.create(
            **{"factor_sid": self.factor_sid, "details_message": "Log in from Basel?", **more}
        )


def push_arguments(key: ec.EllipticCurvePrivateKey, **changes: object) -> dict[str, object]:
    """What `new_factors.create` needs for a push factor of this key, with changes."""
    return {
        "friendly_name": "Jo's phone",
        "factor_type": "push",
        "binding_alg": "ES256",
        "binding_public_key": spki_b64(key),
        "config_app_id": "com.example.app",
        "config_notification_platform": "none",
        "config_sdk_version": "1.0",
        "metadata": METADATA,
        **changes,
    }
