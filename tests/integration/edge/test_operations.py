"""Each operation: what it asks of which service, and what it answers."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx
import pytest
from google.protobuf.empty_pb2 import Empty
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message

from pushward.api.challenge.v1 import challenge_pb2 as challenge
from pushward.api.common.v1.common_pb2 import PageReply
from pushward.api.registry.v1 import registry_pb2 as registry
from pushward.api.webhook.v1 import webhook_pb2 as webhook
from pushward.challenge_view import SIGNATURE_FIELDS
from tests.integration.edge.samples import (
    ACCESS_TOKEN,
    API_KEY,
    CHALLENGE,
    ENTITY,
    EVENTS,
    FACTOR,
    INSIGHTS,
    NOTIFICATION,
    RECEIPT,
    SERVICE,
    WEBHOOK,
)
from tests.integration.edge.world import IDENTITY, PUBLIC_URL, SK, VA, YC, YF, YK, YW, World, account, client_of

PAGE = PageReply(next_token="on")
OF_SERVICE = {"service_sid": VA}
OF_ENTITY = {**OF_SERVICE, "identity": IDENTITY}
ENTITY_PATH = f"/v2/Services/{VA}/Entities/{IDENTITY}"


@dataclass
class Case:
    """A request, the call that it becomes, and the status of its answer."""

    request: str
    rpc: str
    reply: Message
    status: int
    asks: dict[str, Any] = field(default_factory=dict)  # Any: the fields of a message, as JSON has them
    form: dict[str, str | list[str]] = field(default_factory=dict)


CASES = (
    Case(
        "POST /v2/Services",
        "registry.CreateService",
        SERVICE,
        201,
        {"patch": {"friendly_name": "prod", "push_include_date": True}},
        {"FriendlyName": "prod", "Push.IncludeDate": "true"},
    ),
    Case(f"GET /v2/Services/{VA}", "registry.GetService", SERVICE, 200, OF_SERVICE),
    Case(
        f"POST /v2/Services/{VA}",
        "registry.UpdateService",
        SERVICE,
        200,
        {**OF_SERVICE, "patch": {"totp_skew": 2}},
        {"Totp.Skew": "2"},
    ),
    Case(f"DELETE /v2/Services/{VA}", "registry.DeleteService", Empty(), 204, OF_SERVICE),
    Case(
        "GET /v2/Services?PageSize=2&PageToken=t",
        "registry.ListServices",
        registry.ListServicesReply(services=[SERVICE], page=PAGE),
        200,
        {"page": {"size": 2, "token": "t"}},
    ),
    Case(
        f"POST /v2/Services/{VA}/Entities",
        "registry.CreateEntity",
        ENTITY,
        201,
        OF_ENTITY,
        {"Identity": IDENTITY},
    ),
    Case(f"GET {ENTITY_PATH}", "registry.GetEntity", ENTITY, 200, OF_ENTITY),
    Case(f"DELETE {ENTITY_PATH}", "registry.DeleteEntity", Empty(), 204, OF_ENTITY),
    Case(
        f"GET /v2/Services/{VA}/Entities",
        "registry.ListEntities",
        registry.ListEntitiesReply(entities=[ENTITY], page=PAGE),
        200,
        {**OF_SERVICE, "page": {"size": 50}},
    ),
    Case(
        f"POST {ENTITY_PATH}/Factors",
        "registry.CreateFactor",
        FACTOR,
        201,
        {
            **OF_ENTITY,
            "friendly_name": "phone",
            "factor_type": "push",
            "binding_alg": "ES256",
            "binding_public_key": "MFkw==",
            "app_id": "com.example",
            "sdk_version": "1.0",
            "notification_platform": "fcm",
            "notification_token": "t",
            "metadata_json": '{"os": "Android"}',
        },
        {
            "FriendlyName": "phone",
            "FactorType": "push",
            "Binding.Alg": "ES256",
            "Binding.PublicKey": "MFkw==",
            "Config.AppId": "com.example",
            "Config.SdkVersion": "1.0",
            "Config.NotificationPlatform": "fcm",
            "Config.NotificationToken": "t",
            "Metadata": '{"os": "Android"}',
        },
    ),
    Case(
        f"POST {ENTITY_PATH}/Factors",
        "registry.CreateFactor",
        FACTOR,
        201,
        {
            **OF_ENTITY,
            "friendly_name": "app",
            "factor_type": "totp",
            "binding_secret": "GEZDGNBVGY3TQOJQ",
            "totp": {"alg": "sha256", "skew": 0, "code_length": 8, "time_step": 60},
        },
        {
            "FriendlyName": "app",
            "FactorType": "totp",
            "Binding.Secret": "GEZDGNBVGY3TQOJQ",
            "Config.Alg": "sha256",
            "Config.Skew": "0",
            "Config.CodeLength": "8",
            "Config.TimeStep": "60",
        },
    ),
    Case(f"GET {ENTITY_PATH}/Factors/{YF}", "registry.GetFactor", FACTOR, 200, {**OF_ENTITY, "factor_sid": YF}),
    Case(
        f"POST {ENTITY_PATH}/Factors/{YF}",
        "registry.UpdateFactor",
        FACTOR,
        200,
        {**OF_ENTITY, "factor_sid": YF, "auth_payload": "MEQ=", "notification_token": "", "sdk_version": "2"},
        {"AuthPayload": "MEQ=", "Config.NotificationToken": "", "Config.SdkVersion": "2"},
    ),
    Case(
        f"POST {ENTITY_PATH}/Factors/{YF}",
        "registry.UpdateFactor",
        FACTOR,
        200,
        {**OF_ENTITY, "factor_sid": YF, "auth_payload": "123456", "totp": {"skew": 2}},
        {"AuthPayload": "123456", "Config.Skew": "2", "Config.TimeStep": ""},
    ),
    Case(f"DELETE {ENTITY_PATH}/Factors/{YF}", "registry.DeleteFactor", Empty(), 204, {**OF_ENTITY, "factor_sid": YF}),
    Case(
        f"GET {ENTITY_PATH}/Factors",
        "registry.ListFactors",
        registry.ListFactorsReply(factors=[FACTOR], page=PAGE),
        200,
        {**OF_ENTITY, "page": {"size": 50}},
    ),
    Case(
        f"POST {ENTITY_PATH}/Challenges",
        "challenge.CreateChallenge",
        CHALLENGE,
        201,
        {
            **OF_ENTITY,
            "factor_sid": YF,
            "expiration_date": "2026-01-01T00:00:00Z",
            "details_message": "Log in?",
            "details_fields": ['{"label": "a"}', '{"label": "b"}'],
            "hidden_details": "{}",
        },
        {
            "FactorSid": YF,
            "ExpirationDate": "2026-01-01T00:00:00Z",
            "Details.Message": "Log in?",
            "Details.Fields": ['{"label": "a"}', '{"label": "b"}'],
            "HiddenDetails": "{}",
        },
    ),
    Case(
        f"GET {ENTITY_PATH}/Challenges/{YC}",
        "challenge.GetChallenge",
        CHALLENGE,
        200,
        {**OF_ENTITY, "challenge_sid": YC},
    ),
    Case(
        f"POST {ENTITY_PATH}/Challenges/{YC}",
        "challenge.AnswerChallenge",
        CHALLENGE,
        200,
        {**OF_ENTITY, "challenge_sid": YC, "auth_payload": "a.b.c", "metadata": "{}"},
        {"AuthPayload": "a.b.c", "Metadata": "{}"},
    ),
    Case(
        f"GET {ENTITY_PATH}/Challenges?FactorSid={YF}&Status=pending&Order=desc&PageSize=20&pageToken=t&Page=3",
        "challenge.ListChallenges",
        challenge.ListChallengesReply(challenges=[CHALLENGE], page=PAGE),
        200,
        {
            **OF_ENTITY,
            "factor_sid": YF,
            "status": "STATUS_PENDING",
            "order": "ORDER_DESC",
            "page": {"size": 20, "token": "t"},
        },
    ),
    Case(
        f"POST {ENTITY_PATH}/Challenges/{YC}/Notifications",
        "challenge.CreateNotification",
        NOTIFICATION,
        201,
        {**OF_ENTITY, "challenge_sid": YC, "ttl_seconds": 0},
        {"Ttl": "0"},
    ),
    Case(
        f"GET /pushward/v1/services/{VA}/entities/{IDENTITY}/challenges/{YC}/receipt",
        "challenge.GetReceipt",
        RECEIPT,
        200,
        {**OF_ENTITY, "challenge_sid": YC},
    ),
    Case(
        f"POST /v2/Services/{VA}/AccessTokens",
        "registry.CreateAccessToken",
        ACCESS_TOKEN,
        201,
        {**OF_ENTITY, "factor_type": "push", "factor_friendly_name": "phone", "ttl": 90},
        {"Identity": IDENTITY, "FactorType": "push", "FactorFriendlyName": "phone", "Ttl": "90"},
    ),
    Case(
        f"GET /v2/Services/{VA}/AccessTokens/{YK}",
        "registry.GetAccessToken",
        ACCESS_TOKEN,
        200,
        {**OF_SERVICE, "access_token_sid": YK},
    ),
    Case(
        f"POST /v2/Services/{VA}/Webhooks",
        "webhook.CreateWebhook",
        WEBHOOK,
        201,
        {
            **OF_SERVICE,
            "friendly_name": "hook",
            "event_types": ["challenge.approved", "challenge.denied"],
            "webhook_url": "https://hooks.example.com/",
            "version": "v2",
        },
        {
            "FriendlyName": "hook",
            "EventTypes": ["challenge.approved", "challenge.denied"],
            "WebhookUrl": "https://hooks.example.com/",
            "Version": "v2",
        },
    ),
    Case(
        f"GET /v2/Services/{VA}/Webhooks/{YW}",
        "webhook.GetWebhook",
        WEBHOOK,
        200,
        {**OF_SERVICE, "webhook_sid": YW},
    ),
    Case(
        f"POST /v2/Services/{VA}/Webhooks/{YW}",
        "webhook.UpdateWebhook",
        WEBHOOK,
        200,
        {**OF_SERVICE, "webhook_sid": YW, "status": "disabled"},
        {"Status": "disabled"},
    ),
    Case(
        f"DELETE /v2/Services/{VA}/Webhooks/{YW}",
        "webhook.DeleteWebhook",
        Empty(),
        204,
        {**OF_SERVICE, "webhook_sid": YW},
    ),
    Case(
        f"GET /v2/Services/{VA}/Webhooks",
        "webhook.ListWebhooks",
        webhook.ListWebhooksReply(webhooks=[WEBHOOK], page=PAGE),
        200,
        {**OF_SERVICE, "page": {"size": 50}},
    ),
    Case(
        "POST /pushward/v1/keys",
        "registry.CreateApiKey",
        API_KEY,
        201,
        {"friendly_name": "Billing"},
        {"FriendlyName": "Billing"},
    ),
    Case(f"GET /pushward/v1/keys/{SK}", "registry.GetApiKey", API_KEY, 200, {"api_key_sid": SK}),
    Case(f"DELETE /pushward/v1/keys/{SK}", "registry.RevokeApiKey", Empty(), 204, {"api_key_sid": SK}),
    Case(
        "GET /pushward/v1/keys?PageSize=2&PageToken=t",
        "registry.ListApiKeys",
        registry.ListApiKeysReply(api_keys=[API_KEY], page=PAGE),
        200,
        {"page": {"size": 2, "token": "t"}},
    ),
    Case(
        "GET /pushward/v1/events?shard=2&after=7&limit=9",
        "relay.ListEvents",
        EVENTS,
        200,
        {"shard": 2, "after": "7", "limit": 9},
    ),
    Case(
        f"GET /pushward/v1/services/{VA}/insights?factor={YF}&since=2026-01-01T00:00:00Z",
        "insights.GetInsights",
        INSIGHTS,
        200,
        {**OF_SERVICE, "factor_sid": YF, "since": "2026-01-01T00:00:00Z"},
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rpc)
async def test_an_operation_is_authenticate_and_one_call(world: World, client: httpx.AsyncClient, case: Case) -> None:
    """The call carries the principal, fresh ids, the path and the parameters; the answer has the contract's status."""
    service, method = case.rpc.split(".")
    scripted = getattr(world, service)
    scripted.replies[method] = case.reply
    verb, url = case.request.split(" ")

    answer = await client.request(verb, url, data=case.form or None)

    assert answer.status_code == case.status, answer.text
    assert (answer.content == b"") == (case.status == 204)
    assert sorted(world.asked()) == sorted(["Authenticate", method])
    asked = MessageToDict(scripted.last, preserving_proto_field_name=True)
    context = asked.pop("context")
    assert context["principal"] == MessageToDict(account(), preserving_proto_field_name=True)
    assert asked == case.asks
    ids = scripted.last.context
    assert UUID(bytes=ids.command_id) != UUID(bytes=ids.correlation_id)


def test_every_operation_is_tried_here(world: World) -> None:
    """A new operation comes with its case."""
    operations = {(operation.method, operation.status, operation.path) for operation in world.edge().operations}
    assert len(operations) == len({case.rpc for case in CASES})


async def test_a_lists_next_page_is_where_it_says(world: World, client: httpx.AsyncClient) -> None:
    """Helper libraries follow the link as it is."""
    world.registry.replies["ListServices"] = registry.ListServicesReply(services=[SERVICE], page=PAGE)
    first = (await client.get("/v2/Services", params={"PageSize": "1"})).json()
    assert first["meta"]["key"] == "services"
    assert len(first["services"]) == 1
    followed = await client.get(first["meta"]["next_page_url"])
    assert world.registry.last.page.token == "on"
    assert (followed.json()["meta"]["page"], followed.json()["meta"]["page_size"]) == (1, 1)


async def test_a_challenge_says_which_fields_are_signed(world: World, client: httpx.AsyncClient) -> None:
    """On every GET of one, without spaces, and only names that are in the answer."""
    world.challenge.replies["GetChallenge"] = CHALLENGE
    answer = await client.get(f"{ENTITY_PATH}/Challenges/{YC}")
    assert answer.headers["Twilio-Verify-Signature-Fields"] == ",".join(SIGNATURE_FIELDS)
    assert set(SIGNATURE_FIELDS) <= answer.json().keys()


async def test_a_webhooks_secret_is_in_a_header_of_its_creation(world: World, client: httpx.AsyncClient) -> None:
    """And nowhere else."""
    created = webhook.Webhook()
    created.CopyFrom(WEBHOOK)
    created.secret = "whsec_abc"
    world.webhook.replies |= {"CreateWebhook": created, "GetWebhook": WEBHOOK}
    form = {"FriendlyName": "hook", "EventTypes": "*", "WebhookUrl": "https://hooks.example.com/"}
    answer = await client.post(f"/v2/Services/{VA}/Webhooks", data=form)
    assert answer.headers["Pushward-Webhook-Secret"] == "whsec_abc"
    assert "whsec" not in answer.text
    assert "Pushward-Webhook-Secret" not in (await client.get(f"/v2/Services/{VA}/Webhooks/{YW}")).headers


async def test_a_receipt_is_the_jws_and_the_key(world: World, client: httpx.AsyncClient) -> None:
    """The key as standard base64."""
    world.challenge.replies["GetReceipt"] = RECEIPT
    url = f"/pushward/v1/services/{VA}/entities/{IDENTITY}/challenges/{YC}/receipt"
    assert (await client.get(url)).json() == {"jws": "a.b.c", "public_key": "+//+"}


async def test_sids_in_a_path_may_be_in_capitals(world: World, client: httpx.AsyncClient) -> None:
    """The contract's pattern allows them; the services get the canonical form."""
    world.registry.replies["GetService"] = SERVICE
    await client.get(f"/v2/Services/VA{VA[2:].upper()}")
    assert world.registry.last.service_sid == VA


async def test_a_get_may_accept_anything(world: World, client: httpx.AsyncClient) -> None:
    """Device SDKs accept forms only, and read JSON (contract section 3.10)."""
    world.registry.replies["GetService"] = SERVICE
    answer = await client.get(f"/v2/Services/{VA}", headers={"Accept": "application/x-www-form-urlencoded"})
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")


async def test_every_answer_is_for_its_caller_alone(world: World, client: httpx.AsyncClient) -> None:
    """Nothing may be cached or sniffed."""
    world.registry.replies["GetService"] = SERVICE
    for answer in (await client.get(f"/v2/Services/{VA}"), await client.get("/nowhere")):
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_in_development_urls_follow_the_request(world: World) -> None:
    """Without a public URL."""
    world.registry.replies["GetService"] = SERVICE
    async with client_of(world.edge(public_url=None)) as client:
        body = (await client.get(f"/v2/Services/{VA}")).json()
    assert body["url"] == f"http://127.0.0.1:8080/v2/Services/{VA}"


async def test_with_a_public_url_urls_are_its(world: World, client: httpx.AsyncClient) -> None:
    """Whatever host the request names."""
    world.registry.replies["GetService"] = SERVICE
    body = (await client.get(f"/v2/Services/{VA}", headers={"Host": "evil.example"})).json()
    assert body["links"]["entities"] == f"{PUBLIC_URL}/v2/Services/{VA}/Entities"
