"""Tenants can't see each other: what is foreign looks exactly like what isn't there.

The walks go through every operation that the edge has, each with SIDs of somebody else's. An operation that is new is
walked through by itself; what a walk can't know (a form, who may ask for it) fails until it is written down here.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Final

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from services.edge.app.operation import Caller, Operation
from services.edge.wiring import described_operations
from tests.e2e.conftest import Enrol
from tests.support.api_key import api_key_of
from tests.support.operations import name_of
from tests.support.phone import Phone, new_identity
from tests.support.push_factor import push_form
from tests.support.receiver import Receiver
from tests.support.tenant import Form, Json, Tenant, refused

EVERY_OPERATION: Final = described_operations()
NEVER: Final = "0" * 8
"""The end of SIDs that nobody has."""

KEYS: Final = "/pushward/v1/keys"
RECEIPT: Final = "GET /pushward/v1/services/{service_sid}/entities/{identity}/challenges/{challenge_sid}/receipt"
_SERVICE: Final = "/v2/Services/{service_sid}"
_ENTITY: Final = f"{_SERVICE}/Entities/{{identity}}"
_FACTOR: Final = f"{_ENTITY}/Factors/{{factor_sid}}"
_CHALLENGE: Final = f"{_ENTITY}/Challenges/{{challenge_sid}}"

OF_AN_ACCOUNT: Final = {
    "POST /v2/Services",
    "GET /v2/Services",
    "GET /pushward/v1/events",
    f"POST {KEYS}",
    f"GET {KEYS}",
}
"""Operations that name nothing: each account meets its own."""
QUERIES: Final[Mapping[str, Form]] = {"GET /pushward/v1/events": {"shard": "0", "after": "0", "limit": "500"}}

OF_A_DEVICE: Final = {
    f"GET {_SERVICE}",
    f"GET {_FACTOR}",
    f"POST {_FACTOR}",
    f"DELETE {_FACTOR}",
    f"GET {_ENTITY}/Challenges",
    f"GET {_CHALLENGE}",
    f"POST {_CHALLENGE}",
}
"""What a device may do with what is its own (contract section 10). All else is 403 to it."""


@dataclass(frozen=True, slots=True)
class Things:
    """What a tenant has, and the forms that would change it."""

    path: Mapping[str, str]  # by path parameter
    answered: str  # the SID of a challenge with a receipt
    forms: Mapping[str, Form]  # by operation
    secrets: frozenset[str]  # what nobody else may ever be shown

    def url(self, operation: Operation) -> str:
        """Where the operation is. Fails for a parameter that nobody has thought of."""
        path = {**self.path, "challenge_sid": self.answered} if name_of(operation) == RECEIPT else self.path
        return operation.path.format(**path)

    def missing(self, operation: Operation) -> str:
        """The same where nothing is."""
        named = "api_key_sid" if "{api_key_sid}" in operation.path else "service_sid"
        return self.url(operation).replace(self.path[named], self.path[named][: -len(NEVER)] + NEVER)

    async def asked(
        self, operation: Operation, client: httpx.AsyncClient, url: str, auth: tuple[str, str] | None = None
    ) -> httpx.Response:
        """The operation's answer; a POST comes with a form that its owner would have success with."""
        form = self.forms[name_of(operation)] if operation.method == "POST" else None
        query = QUERIES.get(name_of(operation))
        return await client.request(
            operation.method, url, data=form, params=query, auth=auth or httpx.USE_CLIENT_DEFAULT
        )

    def shown_in(self, answer: httpx.Response) -> set[str]:
        """What the answer tells and mustn't."""
        return {secret for secret in self.secrets if secret in answer.text}


def test_the_document_tells_what_a_device_may_do() -> None:
    """The walks below see whether it is so."""
    callers = {name_of(operation): operation.callers for operation in EVERY_OPERATION}
    assert {name for name, told in callers.items() if Caller.DEVICE in told} == OF_A_DEVICE


@pytest.fixture
async def things(tenant: Tenant, service: str, phone: Phone, receiver: Receiver) -> AsyncIterator[Things]:
    """One of each kind."""
    base, identity = f"/v2/Services/{service}", phone.factor.identity
    answered = (await tenant.challenge(phone.entity, phone.sid, "Answered?"))["sid"]
    await phone.decide(answered, "approved")
    pending = (await tenant.challenge(phone.entity, phone.sid, "Pending?"))["sid"]
    hook = {"FriendlyName": "Backend", "EventTypes": "*", "WebhookUrl": receiver.url}
    token = {"Identity": identity, "FactorType": "push"}
    webhook = (await tenant.create(f"{base}/Webhooks", hook))["sid"]
    issued = await tenant.create(f"{base}/AccessTokens", token)
    async with api_key_of(tenant, "Billing") as key:
        path = {
            "service_sid": service,
            "identity": identity,
            "factor_sid": phone.sid,
            "challenge_sid": pending,
            "webhook_sid": webhook,
            "access_token_sid": issued["sid"],
            "api_key_sid": key.sid,
        }
        forms: dict[str, Form] = {
            "POST /v2/Services": {"FriendlyName": "Mine"},
            f"POST {_SERVICE}": {"FriendlyName": "Mine"},
            f"POST {_SERVICE}/Entities": {"Identity": new_identity()},
            f"POST {_ENTITY}/Factors": push_form(ec.generate_private_key(ec.SECP256R1())),
            f"POST {_FACTOR}": {"FriendlyName": "Mine"},
            f"POST {_ENTITY}/Challenges": {"FactorSid": phone.sid, "Details.Message": "Log in?"},
            f"POST {_CHALLENGE}": {"AuthPayload": "a.b.c"},
            f"POST {_CHALLENGE}/Notifications": {"Ttl": "60"},
            f"POST {_SERVICE}/AccessTokens": token,
            f"POST {_SERVICE}/Webhooks": hook,
            f"POST {_SERVICE}/Webhooks/{{webhook_sid}}": {"FriendlyName": "Mine", "WebhookUrl": receiver.url},
            f"POST {KEYS}": {"FriendlyName": "Mine"},
        }
        secrets = frozenset({service, phone.sid, pending, answered, webhook, key.sid, key.auth_token, issued["token"]})
        yield Things(path, answered, forms, secrets)


async def as_it_is(tenant: Tenant, things: Things) -> dict[str, Json]:
    """All that the tenant can read of its things."""
    return {
        name_of(operation): (await things.asked(operation, tenant.client, things.url(operation))).json()
        for operation in EVERY_OPERATION
        if operation.method == "GET" and name_of(operation) not in OF_AN_ACCOUNT
    }


@pytest.mark.provokes(20403, 20404)
async def test_no_operation_shows_or_changes_what_is_another_accounts(
    tenant: Tenant, other_tenant: Tenant, things: Things, phone: Phone
) -> None:
    """By its auth token and by its API key: what lies below a SID is 404, in the words for what never was."""
    before = await as_it_is(tenant, things)
    async with api_key_of(other_tenant, "Curious") as key, Tenant(tenant.base_url, key) as by_key:
        for operation in EVERY_OPERATION:
            for stranger in (other_tenant, by_key):
                name, where = name_of(operation), things.url(operation)
                foreign = await things.asked(operation, stranger.client, where)
                if stranger is by_key and KEYS in operation.path:
                    assert refused(foreign) == (403, 20403), name
                elif "{" in operation.path:
                    assert refused(foreign)[0] == 404, name
                    missing = await things.asked(operation, stranger.client, things.missing(operation))
                    assert foreign.json() == missing.json(), name
                else:
                    assert name in OF_AN_ACCOUNT, f"{name} names nothing: whose things does it show?"
                    assert foreign.status_code == operation.status, name
                    assert things.shown_in(foreign) == set(), name
        for shown in (await other_tenant.get(KEYS))["keys"]:
            if shown["sid"] != key.sid:  # made by the walk
                await other_tenant.delete(f"{KEYS}/{shown['sid']}")
    assert await as_it_is(tenant, things) == before
    assert (await phone.decide(things.path["challenge_sid"], "approved")).status == "approved"


async def test_no_operation_shows_or_changes_what_is_another_devices(
    tenant: Tenant, other_tenant: Tenant, things: Things, enrol: Enrol, service: str
) -> None:
    """Of another account, service, entity, or only another factor: 404 for what it may do with its own, else 403."""
    identity = things.path["identity"]
    own_service = {f"GET {_SERVICE}"}
    async with Phone.enrolled(other_tenant, await other_tenant.new_service(), identity) as foreigner:
        strangers: Mapping[Phone, set[str]] = {
            foreigner: set(),
            await enrol(await tenant.new_service("Prod"), identity): set(),
            await enrol(service): own_service,
            await enrol(service, identity): own_service | {f"GET {_ENTITY}/Challenges"},
        }
        before = await as_it_is(tenant, things)
        for operation in EVERY_OPERATION:
            for phone, own in strangers.items():
                name = name_of(operation)
                auth = ("token", phone.token())
                answer = await things.asked(operation, phone.client, things.url(operation), auth)
                if name in own:
                    assert answer.status_code == 200, name
                    assert things.shown_in(answer) <= {service}, name
                elif name in OF_A_DEVICE:
                    assert refused(answer)[0] == 404, name
                else:
                    assert refused(answer) == (403, 20403), name
    assert await as_it_is(tenant, things) == before


@pytest.mark.provokes(20403, 60313)
async def test_no_operation_is_open_to_the_bearer_of_anothers_access_token(tenant: Tenant, things: Things) -> None:
    """403 whatever it asks for; 60313 where it tries to enrol for somebody else."""
    before = await as_it_is(tenant, things)
    token = await tenant.new_access_token(things.path["service_sid"], new_identity())
    for operation in EVERY_OPERATION:
        answer = await things.asked(operation, tenant.client, things.url(operation), ("token", token))
        enrols = name_of(operation) == f"POST {_ENTITY}/Factors"
        assert refused(answer) == (403, 60313 if enrols else 20403), name_of(operation)
    assert await as_it_is(tenant, things) == before


@pytest.mark.provokes(60390, 60391)
async def test_sids_of_one_service_are_not_there_below_another(
    tenant: Tenant, phone: Phone, enrol: Enrol, receiver: Receiver
) -> None:
    """Every SID in a path must belong to all its parents, also among services of one tenant."""
    elsewhere = await enrol(await tenant.new_service("Prod"), identity=phone.factor.identity)
    challenge = (await tenant.challenge(phone.entity, phone.sid))["sid"]
    hook = {"FriendlyName": "Backend", "EventTypes": "*", "WebhookUrl": receiver.url}
    webhook = (await tenant.create(f"/v2/Services/{phone.factor.service_sid}/Webhooks", hook))["sid"]
    for path in (
        f"{elsewhere.entity}/Factors/{phone.sid}",
        f"{elsewhere.entity}/Challenges/{challenge}",
        f"/v2/Services/{elsewhere.factor.service_sid}/Webhooks/{webhook}",
    ):
        assert refused(await tenant.client.get(path))[0] == 404, path
    form = {"FactorSid": phone.sid, "Details.Message": "Log in?"}
    assert refused(await tenant.client.post(f"{elsewhere.entity}/Challenges", data=form)) == (404, 60390)


async def test_a_device_of_another_tenant_is_as_blind(tenant: Tenant, other_tenant: Tenant, phone: Phone) -> None:
    """404, whatever it names."""
    challenge = (await tenant.challenge(phone.entity, phone.sid))["sid"]
    async with Phone.enrolled(other_tenant, await other_tenant.new_service()) as foreigner:
        for path in (phone.path, f"{phone.entity}/Challenges", f"{phone.entity}/Challenges/{challenge}"):
            assert refused(await foreigner.get(path))[0] == 404, path
