"""Who we are and what time it is: device JWTs, their reuse, and a clock that is wrong."""

import httpx
import pytest
from fake_clock import FakeClock
from fake_edge import BASE_URL, FakeEdge, basic_credentials, envelope
from pushward_device import (
    ApiError,
    AuthenticationError,
    Device,
    Factor,
    MemoryKeyStore,
    NetworkError,
    NotFoundError,
    PermissionDeniedError,
    PushwardDeviceError,
    RateLimitedError,
    ServerUnavailableError,
)
from pushward_device.jose import JWT_LIFETIME_SECONDS


@pytest.mark.parametrize("off_by_seconds", [-3600, 3600])
async def test_a_clock_an_hour_off_costs_one_refusal_and_is_remembered(
    edge: FakeEdge, store: MemoryKeyStore, off_by_seconds: int
) -> None:
    """401 with a Date: correct, sign anew, try once more; after that every request is right at once."""
    clock = FakeClock(edge, off_by_seconds)
    async with Device(BASE_URL, store, transport=edge, clock=clock) as device:
        factor = await device.register_factor(edge.issue(), "Test phone", app_id="com.example.app")
        assert store.clock_correction_seconds == -off_by_seconds
        assert edge.count("POST", factor.sid) == 2

    async with Device(BASE_URL, store, transport=edge, clock=clock) as restarted:
        await restarted.challenges.list(factor.sid)
    assert edge.count("GET", "/Challenges$") == 1


async def test_a_second_401_is_the_callers(edge: FakeEdge, device: Device, factor: Factor) -> None:
    """One correction, one more try, never a loop."""
    edge.factors.clear()
    with pytest.raises(AuthenticationError) as refused:
        await device.challenges.list(factor.sid)
    assert (refused.value.status, refused.value.code, refused.value.message) == (401, 20003, "Authentication failed")
    assert edge.count("GET", "/Challenges$") == 2


@pytest.mark.parametrize("headers", [{}, {"Date": "yesterday"}])
async def test_a_401_without_a_usable_date_is_not_tried_again(
    edge: FakeEdge, device: Device, store: MemoryKeyStore, factor: Factor, headers: dict[str, str]
) -> None:
    """Nothing to correct by."""
    edge.put_in_the_way("GET", "/Challenges$", envelope(401, 20104, "Expired", headers))
    with pytest.raises(AuthenticationError):
        await device.challenges.list(factor.sid)
    assert edge.count("GET", "/Challenges$") == 1
    assert store.clock_correction_seconds == 0


async def test_a_jwt_is_used_again_until_a_minute_before_its_end(
    edge: FakeEdge, device: Device, factor: Factor
) -> None:
    """One signature serves many requests."""
    tokens = []
    for seconds in (0, JWT_LIFETIME_SECONDS - 61, 2):
        edge.now += seconds
        await device.challenges.list(factor.sid)
        tokens.append(basic_credentials(edge.requests[-1])[1])
    assert tokens[0] == tokens[1] != tokens[2]


async def test_a_clock_that_was_turned_back_gets_a_new_jwt(
    edge: FakeEdge, device: Device, clock: FakeClock, factor: Factor
) -> None:
    """A token from the future isn't kept."""
    await device.challenges.list(factor.sid)
    first = basic_credentials(edge.requests[-1])
    clock.off_by_seconds = -20
    await device.challenges.list(factor.sid)
    assert basic_credentials(edge.requests[-1]) != first


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, ApiError),
        (403, PermissionDeniedError),
        (404, NotFoundError),
        (429, RateLimitedError),
        (500, ServerUnavailableError),
        (503, ServerUnavailableError),
    ],
)
async def test_a_refusal_arrives_with_status_code_and_message(
    edge: FakeEdge, device: Device, factor: Factor, status: int, kind: type[ApiError]
) -> None:
    """The envelope's words, under a type that says what can be done."""
    edge.put_in_the_way("GET", "/Challenges$", envelope(status, 60300 + status, "As it is", {"Retry-After": "7"}))
    with pytest.raises(ApiError) as refused:
        await device.challenges.list(factor.sid)
    error = refused.value
    assert type(error) is kind
    assert (error.status, error.code, error.message) == (status, 60300 + status, "As it is")
    assert error.retry_after_seconds == 7
    assert error.advice in str(error)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"code": "60300"}', b'{"code": 1, "code": 2}'])
async def test_a_refusal_without_the_envelope_has_no_code(
    edge: FakeEdge, device: Device, factor: Factor, body: bytes
) -> None:
    """Something in between answered."""
    edge.put_in_the_way("GET", "/Challenges$", httpx.Response(502, content=body))
    with pytest.raises(ServerUnavailableError) as refused:
        await device.challenges.list(factor.sid)
    assert refused.value.code is None


@pytest.mark.parametrize(
    "failure", [httpx.ConnectError("no"), httpx.ReadTimeout("no"), httpx.RemoteProtocolError("no")]
)
async def test_a_lost_connection_is_a_network_error(
    edge: FakeEdge, device: Device, factor: Factor, failure: httpx.TransportError
) -> None:
    """Nobody has to know httpx to catch it."""
    edge.put_in_the_way("GET", "/Challenges$", failure)
    with pytest.raises(NetworkError):
        await device.challenges.list(factor.sid)


async def test_a_redirect_takes_no_token_anywhere(edge: FakeEdge, device: Device, factor: Factor) -> None:
    """A redirect is a refusal."""
    edge.put_in_the_way("GET", "/Challenges$", httpx.Response(307, headers={"Location": "https://elsewhere.test/"}))
    with pytest.raises(ApiError):
        await device.challenges.list(factor.sid)
    assert {request.url.host for request in edge.requests} == {"edge.test"}


async def test_an_answer_without_end_is_cut_off(edge: FakeEdge, device: Device, factor: Factor) -> None:
    """A bound on every body."""
    edge.put_in_the_way("GET", "/Challenges$", httpx.Response(200, content=b" " * (8 * 1024 * 1024 + 1)))
    with pytest.raises(PushwardDeviceError, match="longer than"):
        await device.challenges.list(factor.sid)
