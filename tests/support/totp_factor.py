"""A TOTP factor of a tenant's, and the authenticator that its user has set up."""

from dataclasses import dataclass
from typing import Any

import httpx

from tests.support.authenticator import Authenticator
from tests.support.phone import new_identity
from tests.support.tenant import Json, Tenant, entity_path

STEADY: dict[str, str] = {"Config.Skew": "2", "Config.TimeStep": "60"}
"""A generous skew: the authenticator's clock is stopped, and a slow test still finds its codes in time."""


@dataclass(frozen=True, slots=True)
class TotpFactor:
    """What its creation said, and its user's app."""

    tenant: Tenant
    entity: str
    created: Json
    app: Authenticator

    @classmethod
    async def agreed(cls, tenant: Tenant, service: str, identity: str | None = None, **parameters: str) -> "TotpFactor":
        """A new factor of somebody new, unless somebody is named; ``Config_Alg`` is ``Config.Alg``."""
        entity = entity_path(service, identity or new_identity())
        given = {name.replace("_", "."): value for name, value in parameters.items()}
        form = {"FriendlyName": "App", "FactorType": "totp", **STEADY, **given}
        created = await tenant.create(f"{entity}/Factors", form)
        return cls(tenant, entity, created, Authenticator.scanning(created["binding"]["uri"]).stopped())

    @property
    def sid(self) -> str:
        """The factor's."""
        return str(self.created["sid"])

    @property
    def path(self) -> str:
        """The factor's."""
        return f"{self.entity}/Factors/{self.sid}"

    async def verify(self) -> Json:
        """The factor, verified with the code of two steps ago, so that later ones still count."""
        verified = await self.tenant.update(self.path, {"AuthPayload": self.app.code(-2)})
        assert verified["status"] == "verified"
        return verified

    async def post_challenge(self, code: str | None = None, **more: Any) -> httpx.Response:  # Any: what httpx takes
        """The answer to a creation, with or without a code."""
        form = {"FactorSid": self.sid, **({} if code is None else {"AuthPayload": code}), **more}
        return await self.tenant.client.post(f"{self.entity}/Challenges", data=form)

    async def challenge(self, code: str | None = None, **more: Any) -> Json:  # Any: what httpx takes
        """A new challenge, tried with a code if one is given."""
        answer = await self.post_challenge(code, **more)
        assert answer.status_code == 201, answer.text
        created: Json = answer.json()
        return created
