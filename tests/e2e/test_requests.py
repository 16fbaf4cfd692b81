"""Requests that make no sense, and how they are told so (contract sections 0 and 10)."""

from collections.abc import AsyncIterator
from typing import Final

import pytest

from tests.support import plain_http
from tests.support.phone import Phone
from tests.support.tenant import Tenant, refused

FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}
BODY_BYTES_MAX: Final = 64 * 1024
MISSING: Final = "0" * 32


@pytest.mark.parametrize(
    "body",
    [
        b"FriendlyName=%zz",
        b"FriendlyName=%4",
        b"FriendlyName=%ff%fe",
        b"FriendlyName=\xff\xfe",
        b"%c3%28=x&FriendlyName=Stage",
        b"FriendlyName=Sta%00ge",
        b"FriendlyName=Sta\0ge",
        b"&".join(b"a%d=b" % number for number in range(1001)),
    ],
    ids=["escape", "half escape", "utf-8 escaped", "utf-8 raw", "utf-8 name", "nul escaped", "nul raw", "fields"],
)
@pytest.mark.provokes(60306)
async def test_a_malformed_form_is_refused(tenant: Tenant, body: bytes) -> None:
    """400 60306, and nothing is created."""
    assert refused(await tenant.client.post("/v2/Services", content=body, headers=FORM)) == (400, 60306)


@pytest.mark.parametrize("query", ["PageSize=%zz", "PageToken=%ff", "PageToken=%00"])
@pytest.mark.provokes(60306)
async def test_a_malformed_query_is_refused(tenant: Tenant, query: str) -> None:
    """Like a form."""
    assert refused(await tenant.client.get(f"{tenant.base_url}/v2/Services?{query}")) == (400, 60306)


async def test_json_where_a_form_is_wanted_is_refused(tenant: Tenant) -> None:
    """400 with what to send instead."""
    refusal = await tenant.client.post("/v2/Services", json={"FriendlyName": "Stage"})
    assert refused(refusal) == (400, 60306)
    assert "x-www-form-urlencoded" in refusal.json()["message"]


async def test_an_equals_sign_in_a_value_is_part_of_it(tenant: Tenant) -> None:
    """The iOS SDK leaves it raw; each pair is split at its first one."""
    created = await tenant.client.post("/v2/Services", content=b"FriendlyName=a=b+c%2B", headers=FORM)
    assert created.json()["friendly_name"] == "a=b c+"


@pytest.mark.provokes(20413)
async def test_an_oversize_body_is_refused(tenant: Tenant) -> None:
    """413 with the envelope, whether its length was told or not; just within the bound it is read."""

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(3 * BODY_BYTES_MAX // 8192):
            yield b"x" * 8192

    told = await tenant.client.post("/v2/Services", content=b"x" * (BODY_BYTES_MAX + 1), headers=FORM)
    assert refused(told) == (413, 20413)
    untold = await tenant.client.post("/v2/Services", content=chunks(), headers=FORM)
    assert refused(untold) == (413, 20413)
    within = b"FriendlyName=Stage&Flavour="
    within += b"x" * (BODY_BYTES_MAX - len(within))
    assert (await tenant.client.post("/v2/Services", content=within, headers=FORM)).status_code == 201


@pytest.mark.provokes(20003)
async def test_nobody_unknown_makes_us_read_a_body(tenant: Tenant) -> None:
    """Credentials come first: a malformed or missing form without them is a 401."""
    async with plain_http.client(tenant.base_url) as client:
        answer = await client.post("/v2/Services", content=b"FriendlyName=%zz", headers=FORM)
        assert refused(answer) == (401, 20003)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/v2",
        "/v2/Nothing",
        "/v2/Services/",
        "/v2/Services/nonsense",
        f"/v2/Services/VA{MISSING}",
        "/v2/Services/VA" + "f" * 32,  # no such shard
        f"/v2/Services/AC{MISSING}",
        "/pushward/v1/nothing",
    ],
)
@pytest.mark.provokes(20404)
async def test_what_is_not_there_is_a_404(tenant: Tenant, path: str) -> None:
    """Unknown paths, malformed SIDs, SIDs of another kind or of a shard that doesn't exist."""
    assert refused(await tenant.client.get(path)) == (404, 20404)


@pytest.mark.provokes(20404, 60390, 60391, 60392)
async def test_sids_below_a_service_that_are_not_there_are_404(tenant: Tenant, phone: Phone) -> None:
    """Each kind with its own code; malformed ones are 20404."""
    service = f"/v2/Services/{phone.factor.service_sid}"
    for path, code in (
        (f"{service}/Entities/nobody-here", 60392),
        (f"{phone.entity}/Factors/YF{MISSING}", 60390),
        (f"{phone.entity}/Challenges/YC{MISSING}", 60391),
        (f"{phone.entity}/Factors/nonsense", 20404),
        (f"{phone.entity}/Challenges/nonsense", 20404),
        (f"{service}/Webhooks/YW{MISSING}", 20404),
        (f"{service}/AccessTokens/YK{MISSING}", 20404),
    ):
        assert refused(await tenant.client.get(path)) == (404, code), path


async def test_the_case_of_a_sids_digits_does_not_matter(tenant: Tenant, service: str) -> None:
    """Answers have the canonical one."""
    assert (await tenant.get(f"/v2/Services/VA{service[2:].upper()}"))["sid"] == service


@pytest.mark.provokes(20004)
async def test_a_method_that_a_path_lacks_is_a_405(tenant: Tenant, service: str) -> None:
    """With the methods that it has."""
    answer = await tenant.client.put(f"/v2/Services/{service}")
    assert refused(answer)[0] == 405
    assert set(answer.headers["Allow"].split(", ")) == {"DELETE", "GET", "HEAD", "POST"}


async def test_any_accept_header_gets_json(tenant: Tenant) -> None:
    """Device SDKs ask for a form with GET; nobody gets a 406."""
    answer = await tenant.client.get("/v2/Services", headers={"Accept": "application/x-www-form-urlencoded"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")


@pytest.mark.exercises("GET /healthz", "GET /readyz")
async def test_health_and_readiness_take_no_credentials(tenant: Tenant) -> None:
    """For those who run us."""
    async with plain_http.client(tenant.base_url) as client:
        for path in ("/healthz", "/readyz"):
            assert (await client.get(path)).status_code == 200
