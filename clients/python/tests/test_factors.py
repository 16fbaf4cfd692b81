"""Changing and deleting a factor."""

import httpx
import pytest
from fake_edge import FakeEdge, envelope
from pushward_device import (
    AnswerFormatError,
    Device,
    Factor,
    FactorUnknownError,
    KeyUnknownError,
    MemoryKeyStore,
    NotFoundError,
    ServerUnavailableError,
)
from pushward_device.strict_json import JsonObject


async def test_a_new_friendly_name_leaves_the_push_target_alone(edge: FakeEdge, device: Device, factor: Factor) -> None:
    """Only what changes is sent."""
    updated = await device.update_factor(factor.sid, friendly_name="Old phone")
    assert updated.friendly_name == edge.factors[factor.sid].friendly_name == "Old phone"
    assert b"Notification" not in edge.requests[-1].content
    assert device.factors.all() == (updated,)


async def test_a_new_push_token_is_sent_with_its_platform(edge: FakeEdge, device: Device, factor: Factor) -> None:
    """From then on a new token needs no platform."""
    assert (await device.update_factor(factor.sid, platform="fcm", notification_token="a" * 40)).platform == "fcm"
    await device.update_factor(factor.sid, notification_token="b" * 40)
    assert (edge.factors[factor.sid].platform, edge.factors[factor.sid].notification_token) == ("fcm", "b" * 40)


async def test_a_blank_push_token_turns_pushes_off(edge: FakeEdge, device: Device, factor: Factor) -> None:
    """As the stock SDKs do (contract §3.9)."""
    await device.update_factor(factor.sid, platform="fcm", notification_token="a" * 40)
    assert (await device.update_factor(factor.sid, notification_token=" ")).platform == "none"
    assert edge.factors[factor.sid].platform == "none"


async def test_an_update_that_answers_with_another_factor_is_not_stored(
    edge: FakeEdge, device: Device, factor: Factor
) -> None:
    """The store keeps what it had."""

    def swap(answer: JsonObject) -> None:
        answer["sid"] = "YF" + "0" * 32

    edge.alter_answer = swap
    with pytest.raises(AnswerFormatError):
        await device.update_factor(factor.sid, friendly_name="Old phone")
    assert device.factors.all() == (factor,)


async def test_deleting_removes_the_factor_there_and_here_and_its_key(
    edge: FakeEdge, device: Device, store: MemoryKeyStore, factor: Factor
) -> None:
    """Nothing is left to sign with."""
    await device.delete_factor(factor.sid)
    assert not edge.factors
    assert not device.factors.all()
    with pytest.raises(KeyUnknownError):
        store.sign(factor.key_id, b"")
    with pytest.raises(FactorUnknownError):
        await device.delete_factor(factor.sid)


@pytest.mark.parametrize(("status", "code"), [(404, 60390), (401, 20003)])
async def test_deleting_what_the_server_no_longer_knows_deletes_it_here(
    edge: FakeEdge, device: Device, factor: Factor, status: int, code: int
) -> None:
    """404, and 401 after the clock's correction, are as good as done (contract §3.9)."""
    for _ in range(2):
        edge.put_in_the_way("DELETE", factor.sid, envelope(status, code, "Gone"))
    await device.delete_factor(factor.sid)
    assert not device.factors.all()


async def test_a_factor_stays_when_the_server_is_away_or_somebody_else_answers(
    edge: FakeEdge, device: Device, factor: Factor
) -> None:
    """A 5xx deletes nothing, nor does a proxy's own 404."""
    edge.put_in_the_way("DELETE", factor.sid, envelope(503, 20503, "Later"))
    with pytest.raises(ServerUnavailableError):
        await device.delete_factor(factor.sid)
    edge.put_in_the_way("DELETE", factor.sid, httpx.Response(404, text="<html>no such site</html>"))
    with pytest.raises(NotFoundError, match="no error envelope"):
        await device.delete_factor(factor.sid)
    assert device.factors.all() == (factor,)
