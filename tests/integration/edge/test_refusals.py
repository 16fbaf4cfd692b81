"""The unhappy paths: always the envelope, always the right status, nobody asked in vain."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from google.protobuf.message import Message

from pushward.api.registry.v1.registry_pb2 import Service
from pushward.config.settings import Environment, Settings, SettingsError
from pushward.errors import (
    BadRequestError,
    ConflictError,
    ForbiddenError,
    InternalError,
    NotFoundError,
    PushwardError,
    TooManyRequestsError,
    UnauthenticatedError,
    UnavailableError,
)
from pushward.rpc.errors import INTERNAL_TEXT
from services.edge.app.admission import REQUESTS_IN_FLIGHT_MAX
from services.edge.app.form import BODY_BYTES_MAX
from services.edge.wiring import build
from tests.integration.edge.samples import SERVICE
from tests.integration.edge.world import (
    IDENTITY,
    ORIGIN,
    PUBLIC_URL,
    VA,
    YC,
    UnreadyService,
    World,
    client_of,
)

SERVICE_PATH = f"/v2/Services/{VA}"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def _assert_envelope(answer: httpx.Response, status: int, code: int) -> None:
    body = answer.json()
    assert answer.status_code == status, answer.text
    assert body.keys() == {"code", "message", "more_info", "status"}
    assert (body["code"], body["status"]) == (code, status)
    assert body["more_info"] == f"{PUBLIC_URL}/pushward/v1/errors/{code}"
    assert body["message"]


@pytest.mark.parametrize("path", ["/", "/v2", "/v2/Nothing", "/v2/Services/", f"{SERVICE_PATH}/Verifications", "/%00"])
async def test_an_unknown_path_is_not_found(world: World, client: httpx.AsyncClient, path: str) -> None:
    """With the envelope, and without a redirect for a slash too many."""
    _assert_envelope(await client.get(path), 404, 20404)
    assert world.asked() == []


@pytest.mark.parametrize(
    "path",
    [
        "/v2/Services/VA123",
        "/v2/Services/" + "VA" + "g" * 32,
        "/v2/Services/" + "YE" + VA[2:],
        f"{SERVICE_PATH}%0A",
        f"{SERVICE_PATH}/Entities/{IDENTITY}/Challenges/{VA}",
        f"{SERVICE_PATH}/Entities/a%00b",
        f"/pushward/v1/services/x/entities/{IDENTITY}/challenges/{YC}/receipt",
    ],
)
async def test_a_sid_that_cannot_be_is_not_found_before_any_call(
    world: World, client: httpx.AsyncClient, path: str
) -> None:
    """Not even credentials are looked at."""
    _assert_envelope(await client.get(path), 404, 20404)
    assert world.asked() == []


@pytest.mark.parametrize(("method", "path"), [("PUT", SERVICE_PATH), ("DELETE", "/v2/Services"), ("POST", "/readyz")])
async def test_a_method_that_a_path_lacks_is_not_allowed(client: httpx.AsyncClient, method: str, path: str) -> None:
    """405 says which there are."""
    answer = await client.request(method, path)
    _assert_envelope(answer, 405, 20004)
    assert method not in answer.headers["Allow"]


async def test_no_credentials_are_no_caller(world: World) -> None:
    """401 with a body and what to send; nobody is asked."""
    async with client_of(world.edge(), auth=None) as client:
        answer = await client.get(SERVICE_PATH)
    _assert_envelope(answer, 401, 20003)
    assert answer.headers["WWW-Authenticate"].startswith("Basic realm=")
    assert world.asked() == []


async def test_a_script_in_a_browser_gets_no_dialog(world: World) -> None:
    """A challenge would make the browser ask its user for a password."""
    async with client_of(world.edge(), auth=None) as client:
        answer = await client.get(SERVICE_PATH, headers={"Sec-Fetch-Mode": "cors"})
    _assert_envelope(answer, 401, 20003)
    assert "WWW-Authenticate" not in answer.headers


async def test_wrong_credentials_end_with_authenticate(world: World, client: httpx.AsyncClient) -> None:
    """The code is registry's: an expired token has one of its own."""
    world.registry.replies["Authenticate"] = UnauthenticatedError("This token has expired.", code=20104)
    _assert_envelope(await client.get(SERVICE_PATH), 401, 20104)
    assert world.asked() == ["Authenticate"]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (BadRequestError("a", code=60314), 400),
        (ForbiddenError("a", code=60322), 403),
        (NotFoundError("a", code=60391), 404),
        (ConflictError("a", code=60317), 409),
        (TooManyRequestsError("a", code=60308), 429),
        (UnavailableError("a"), 503),
    ],
)
async def test_a_services_refusal_is_told_as_it_is(
    world: World, client: httpx.AsyncClient, error: PushwardError, status: int
) -> None:
    """Code and message are the owner's."""
    world.registry.replies["GetService"] = error
    answer = await client.get(SERVICE_PATH)
    _assert_envelope(answer, status, error.code)
    assert answer.json()["message"] == "a"


async def test_when_to_try_again_is_passed_on(world: World, client: httpx.AsyncClient) -> None:
    """In seconds."""
    world.registry.replies["GetService"] = TooManyRequestsError("a", retry_after_seconds=7)
    assert (await client.get(SERVICE_PATH)).headers["Retry-After"] == "7"


@pytest.mark.parametrize("error", [InternalError("inner text"), ValueError("inner text")])
@pytest.mark.provokes(20500)
async def test_inner_text_never_crosses_the_wire(world: World, client: httpx.AsyncClient, error: Exception) -> None:
    """A defect of a service is 500 with a constant text."""
    world.registry.replies["GetService"] = error
    answer = await client.get(SERVICE_PATH)
    _assert_envelope(answer, 500, 20500)
    assert answer.json()["message"] == INTERNAL_TEXT


async def test_a_defect_of_ours_is_an_envelope_too(world: World, client: httpx.AsyncClient) -> None:
    """A message that can't be rendered, say."""
    world.challenge.replies["GetChallenge"] = Service()
    answer = await client.get(f"{SERVICE_PATH}/Entities/{IDENTITY}/Challenges/{YC}")
    _assert_envelope(answer, 500, 20500)


@pytest.mark.provokes(20503)
async def test_a_service_that_is_away_is_unavailable(world: World, client: httpx.AsyncClient) -> None:
    """503, and the edge goes on."""
    await world.challenge.server.stop(0)
    _assert_envelope(await client.get(f"{SERVICE_PATH}/Entities/{IDENTITY}/Challenges/{YC}"), 503, 20503)
    world.registry.replies["GetService"] = SERVICE
    assert (await client.get(SERVICE_PATH)).status_code == 200


@pytest.mark.parametrize("body", [b"FriendlyName=%ff", b"FriendlyName=%00", b"FriendlyName=%4", b"\xff=a"])
async def test_a_malformed_form_is_a_bad_request(world: World, client: httpx.AsyncClient, body: bytes) -> None:
    """Told after the caller is known, before anyone else is asked."""
    _assert_envelope(await client.post("/v2/Services", content=body, headers=FORM), 400, 60306)
    assert world.asked() == ["Authenticate"]


async def test_a_malformed_query_is_a_bad_request(client: httpx.AsyncClient) -> None:
    """The same rules as for forms."""
    _assert_envelope(await client.get("/v2/Services?PageSize=%zz"), 400, 60306)


async def test_a_page_size_out_of_bounds_is_a_bad_request(client: httpx.AsyncClient) -> None:
    """With its own code."""
    _assert_envelope(await client.get("/v2/Services?PageSize=1001"), 400, 60373)


async def test_a_body_that_is_too_long_is_refused(world: World, client: httpx.AsyncClient) -> None:
    """By what it says of its length."""
    answer = await client.post("/v2/Services", content=b"a" * (BODY_BYTES_MAX + 1), headers=FORM)
    _assert_envelope(answer, 413, 20413)


async def test_a_body_without_a_length_is_bounded_too(client: httpx.AsyncClient) -> None:
    """Counted as it comes."""

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(BODY_BYTES_MAX // 1024 + 1):
            yield b"a" * 1024

    _assert_envelope(await client.post("/v2/Services", content=chunks(), headers=FORM), 413, 20413)


@pytest.mark.provokes(20503)
async def test_the_number_of_requests_at_once_is_bounded(world: World) -> None:
    """One more than the bound is refused at once, with when to try again."""
    all_in, release = asyncio.Event(), asyncio.Event()
    waiting = 0

    async def wait(_: Any) -> Message:
        nonlocal waiting
        waiting += 1
        if waiting == REQUESTS_IN_FLIGHT_MAX:
            all_in.set()
        await release.wait()
        return SERVICE

    world.registry.replies["GetService"] = wait
    edge = world.edge()
    async with client_of(edge) as client:
        requests = [asyncio.create_task(client.get(SERVICE_PATH)) for _ in range(REQUESTS_IN_FLIGHT_MAX)]
        await all_in.wait()
        refused = await client.get(SERVICE_PATH)
        release.set()
        answers = await asyncio.gather(*requests)
    _assert_envelope(refused, 503, 20503)
    assert refused.headers["Retry-After"] == "1"
    assert {answer.status_code for answer in answers} == {200}


async def test_slow_bodies_take_no_places(world: World) -> None:
    """As many as the bound are on their way, and others are served; once whole, each is worked on."""
    all_in, release = asyncio.Event(), asyncio.Event()
    sending = 0

    async def trickle() -> AsyncIterator[bytes]:
        nonlocal sending
        sending += 1
        if sending == REQUESTS_IN_FLIGHT_MAX:
            all_in.set()
        yield b"Friendly"
        await release.wait()
        yield b"Name=Shop"

    world.registry.replies["GetService"] = SERVICE
    world.registry.replies["CreateService"] = SERVICE
    async with client_of(world.edge()) as client:
        requests = [
            asyncio.create_task(client.post("/v2/Services", content=trickle(), headers=FORM))
            for _ in range(REQUESTS_IN_FLIGHT_MAX)
        ]
        await all_in.wait()
        served = await client.get(SERVICE_PATH)
        release.set()
        answers = await asyncio.gather(*requests)
    assert served.status_code == 200
    assert {answer.status_code for answer in answers} == {201}


async def test_an_allowed_origin_may_read_an_answer(world: World, client: httpx.AsyncClient) -> None:
    """And the headers that a device needs; never with the browser's own credentials."""
    world.registry.replies["GetService"] = SERVICE
    answer = await client.get(SERVICE_PATH, headers={"Origin": ORIGIN})
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    exposed = "Date, Twilio-Verify-Signature-Fields, Retry-After"
    assert answer.headers["Access-Control-Expose-Headers"] == exposed
    assert answer.headers["Vary"] == "Origin"
    assert "Access-Control-Allow-Credentials" not in answer.headers


async def test_an_allowed_origin_may_read_a_refusal(client: httpx.AsyncClient) -> None:
    """Or the web device couldn't correct its clock on a 401."""
    answer = await client.get("/v2/Nothing", headers={"Origin": ORIGIN})
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN


async def test_another_origin_may_not(world: World, client: httpx.AsyncClient) -> None:
    """The answer is the same; the browser keeps it from the page."""
    world.registry.replies["GetService"] = SERVICE
    answer = await client.get(SERVICE_PATH, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 200
    assert "Access-Control-Allow-Origin" not in answer.headers


async def test_a_preflight_needs_no_credentials(world: World) -> None:
    """204 with what may be sent; for a local origin too, in development."""
    async with client_of(world.edge(), auth=None) as client:
        for origin, allowed in ((ORIGIN, True), ("http://localhost:5173", True), ("https://evil.example", False)):
            asks = {"Origin": origin, "Access-Control-Request-Method": "POST"}
            answer = await client.options("/v2/Services", headers=asks)
            assert answer.status_code == 204
            assert answer.headers.get("Access-Control-Allow-Origin") == (origin if allowed else None)
            assert ("Access-Control-Allow-Headers" in answer.headers) == allowed
    assert world.asked() == []


async def test_it_lives_without_its_peers_but_is_not_ready(world: World) -> None:
    """Liveness is this process's own, readiness names who is away."""
    async with client_of(world.edge(), auth=None) as client:
        assert (await client.get("/readyz")).status_code == 200
    await world.registry.server.stop(0)
    async with client_of(world.edge(), auth=None) as client:
        assert (await client.get("/healthz")).json() == {"status": "ok"}
        away = await client.get("/readyz")
    _assert_envelope(away, 503, 20503)
    assert "registry" in away.json()["message"]


@pytest.mark.parametrize(
    ("env", "told"),
    [
        (Environment.PRODUCTION, "Not ready: registry."),
        (Environment.DEVELOPMENT, "Not ready: registry: role bank_7 does not exist."),
    ],
)
async def test_the_public_hears_what_is_not_ready_and_operators_why(world: World, env: Environment, told: str) -> None:
    """A reason may be a database's own words: in production they go to the log alone, which `ready` feeds."""
    sibling = UnreadyService("registry", "role bank_7 does not exist")
    edge = build(Settings(env=env, public_url=PUBLIC_URL), world.runtime(), siblings=[sibling])
    async with client_of(edge, auth=None) as client:
        answer = await client.get("/readyz")
    _assert_envelope(answer, 503, 20503)
    assert answer.json()["message"] == told
    assert await edge.ready() == "registry: role bank_7 does not exist"


async def test_asking_often_whether_it_is_ready_costs_no_more(world: World) -> None:
    """Anybody may ask, and finding out costs queries: many askers at once share one answer."""
    sibling = UnreadyService("registry", "starting")
    edge = build(Settings(public_url=PUBLIC_URL), world.runtime(), siblings=[sibling])
    async with client_of(edge, auth=None) as client:
        answers = await asyncio.gather(*(client.get("/readyz") for _ in range(20)))
    assert {answer.status_code for answer in answers} == {503}
    assert sibling.asked == 1


def test_production_needs_a_public_url(world: World) -> None:
    """Links must not follow whatever host a caller names."""
    with pytest.raises(SettingsError, match="PUSHWARD_PUBLIC_URL"):
        build(Settings(public_url=None), world.runtime())


async def test_credentials_are_asked_for_anew_each_time(world: World, client: httpx.AsyncClient) -> None:
    """Nothing about a caller is remembered."""
    world.registry.replies["GetService"] = SERVICE
    for _ in range(2):
        await client.get(SERVICE_PATH)
    assert world.registry.names() == ["Authenticate", "GetService"] * 2
    assert world.registry.asked[0][1] == world.registry.asked[2][1]
