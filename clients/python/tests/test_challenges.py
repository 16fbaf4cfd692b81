"""Reading challenges: lists, pages, one at a time, and nothing with two meanings."""

import json
from dataclasses import FrozenInstanceError, replace

import httpx
import pytest
from fake_edge import FakeEdge, sid
from pushward_device import (
    AnswerFormatError,
    Challenge,
    ChallengeStatus,
    DetailField,
    Device,
    Factor,
    FactorUnknownError,
    NotFoundError,
    WrongFactorError,
)
from pushward_device.strict_json import JsonObject


async def test_a_challenge_shows_what_the_server_asks(edge: FakeEdge, device: Device, factor: Factor) -> None:
    """Message, lines, hidden details, dates and the fields to sign, all of one answer."""
    challenge_sid = edge.ask(factor.sid, "Pay 12 €?\u2028", {"transaction": "t-1"})
    challenge = await device.challenges.get(factor.sid, challenge_sid)

    assert (challenge.sid, challenge.factor_sid) == (challenge_sid, factor.sid)
    assert challenge.status is ChallengeStatus.PENDING
    assert challenge.message == "Pay 12 €?\u2028"
    assert challenge.fields == (DetailField("IP", "192.0.2.7"),)
    assert challenge.hidden_details == {"transaction": "t-1"}
    assert (challenge.expiration_date - challenge.date_created).total_seconds() == 300
    assert challenge.signature_fields is not None
    assert challenge.signature_fields[0] == "sid"


async def test_a_challenge_cannot_be_changed_nor_made_of_two_answers(
    edge: FakeEdge, device: Device, factor: Factor
) -> None:
    """No attribute can be set, none given in place of the answer's."""
    challenge = await device.challenges.get(factor.sid, edge.ask(factor.sid))
    with pytest.raises(FrozenInstanceError):
        challenge.message = "Something harmless"  # type: ignore[misc]  # that is the point
    with pytest.raises((TypeError, ValueError)):
        replace(challenge, message="Something harmless")
    with pytest.raises(TypeError):
        challenge.hidden_details["a"] = "b"  # type: ignore[index]  # that is the point
    challenge.members()["details"] = {}
    assert "details" in challenge.members()
    assert challenge.members()["details"] != {}


async def test_a_list_takes_status_order_and_size_and_gives_a_token(
    edge: FakeEdge, device: Device, factor: Factor
) -> None:
    """The token is taken out of the next page's URL; requests stay with this edge."""
    sids = [edge.ask(factor.sid) for _ in range(3)]
    edge.challenges[sids[1]]["status"] = "denied"

    page = await device.challenges.list(factor.sid, ChallengeStatus.PENDING, order="desc", page_size=1)
    assert [challenge.sid for challenge in page.challenges] == [sids[2]]
    rest = await device.challenges.list(
        factor.sid, ChallengeStatus.PENDING, order="desc", page_size=1, page_token=page.next_page_token
    )
    assert [challenge.sid for challenge in rest.challenges] == [sids[0]]
    assert rest.next_page_token is None
    assert {request.url.host for request in edge.requests} == {"edge.test"}


async def test_iterating_goes_through_every_page(edge: FakeEdge, device: Device, factor: Factor) -> None:
    """Seven challenges, three a page, three requests."""
    sids = [edge.ask(factor.sid) for _ in range(7)]
    found = [challenge.sid async for challenge in device.challenges.iterate(factor.sid, page_size=3)]
    assert found == sids
    assert edge.count("GET", "/Challenges$") == 3


async def test_a_page_that_follows_itself_ends_the_iteration(edge: FakeEdge, device: Device, factor: Factor) -> None:
    """A broken server can't keep a device busy for ever."""

    def follow_itself(answer: JsonObject) -> None:
        answer["meta"] = {"next_page_url": "https://edge.test/v2?PageToken=0"}

    edge.ask(factor.sid)
    edge.alter_answer = follow_itself
    with pytest.raises(AnswerFormatError, match="followed by itself"):
        [challenge async for challenge in device.challenges.iterate(factor.sid)]


@pytest.mark.parametrize("next_page_url", ["https://edge.test/v2", "?PageToken=a&PageToken=b", 7])
async def test_a_next_page_without_one_token_is_refused(
    edge: FakeEdge, device: Device, factor: Factor, next_page_url: str | int
) -> None:
    """The one thing that is read of that URL must be there."""

    def lead_astray(answer: JsonObject) -> None:
        answer["meta"] = {"next_page_url": next_page_url}

    edge.alter_answer = lead_astray
    with pytest.raises(AnswerFormatError, match="PageToken"):
        await device.challenges.list(factor.sid)


async def test_an_unknown_challenge_is_not_found(device: Device, factor: Factor) -> None:
    """As the contract words it."""
    with pytest.raises(NotFoundError) as refused:
        await device.challenges.get(factor.sid, sid("YC"))
    assert refused.value.code == 60391


async def test_an_unknown_factor_is_not_asked_for(edge: FakeEdge, device: Device) -> None:
    """There is no key to ask with."""
    with pytest.raises(FactorUnknownError, match="enrol"):
        await device.challenges.get(sid("YF"), sid("YC"))
    assert not edge.requests


@pytest.mark.parametrize(("member", "error"), [("factor_sid", WrongFactorError), ("sid", AnswerFormatError)])
async def test_an_answer_about_something_else_is_refused(
    edge: FakeEdge, device: Device, factor: Factor, member: str, error: type[Exception]
) -> None:
    """Another factor's challenge, or another challenge than the one asked for, is never handed out."""

    def swap(answer: JsonObject) -> None:
        answer[member] = "XX" + "0" * 32

    challenge_sid = edge.ask(factor.sid)
    edge.alter_answer = swap
    with pytest.raises(error):
        await device.challenges.get(factor.sid, challenge_sid)


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda text: text.replace('"Log in?"', '"Log in?", "message": "Pay?"'), id="duplicate member"),
        pytest.param(lambda text: text.replace('"sid":', '"x": 1, "x": 2, "sid":', 1), id="duplicate unknown member"),
        pytest.param(lambda text: text.replace('"metadata": null', '"metadata": NaN'), id="NaN"),
        pytest.param(lambda text: text.replace('"metadata": null', '"metadata": -Infinity'), id="infinity"),
        pytest.param(lambda text: text.replace('"metadata": null', '"metadata": 1e999'), id="number without end"),
        pytest.param(lambda text: text.replace("Log in?", "\\ud800"), id="half a character"),
        pytest.param(lambda text: text.replace('"metadata": null', '"metadata": ' + "[" * 99999), id="nested"),
        pytest.param(lambda text: text.replace('"pending"', '"maybe"'), id="unknown status"),
        pytest.param(lambda text: text.replace('"pending"', "null"), id="no status"),
        pytest.param(lambda text: text.replace('"message"', '"massage"'), id="no message"),
        pytest.param(lambda text: text.replace('"192.0.2.7"', "7"), id="a field that is no text"),
        pytest.param(lambda text: text.replace('"t-1"', "1"), id="a hidden detail that is no text"),
        pytest.param(lambda text: text.replace('"expiration_date": "2', '"expiration_date": "x'), id="no date"),
        pytest.param(lambda text: text.replace('Z", "status"', '", "status"'), id="a date without a zone"),
        pytest.param(lambda text: text[:-1], id="cut short"),
        pytest.param(lambda text: f"[{text}]", id="no object"),
    ],
)
def test_a_challenge_with_two_meanings_or_none_is_refused(edge: FakeEdge, damage: object) -> None:
    """Strict JSON, and the contract's members with the contract's types."""
    asked = edge.challenges[edge.ask(sid("YF"), hidden={"transaction": "t-1"})]
    text = json.dumps(asked)
    Challenge(raw=text.encode(), signature_fields=("sid",))
    assert callable(damage)
    assert damage(text) != text
    with pytest.raises(AnswerFormatError):
        Challenge(raw=damage(text).encode(), signature_fields=("sid",))


async def test_an_answer_that_is_not_utf8_is_refused(edge: FakeEdge, device: Device, factor: Factor) -> None:
    """Bytes that somebody else might read otherwise."""
    edge.put_in_the_way(
        "GET", "/Challenges$", httpx.Response(200, content=b'{"challenges": [], "meta": {"a": "\xff"}}')
    )
    with pytest.raises(AnswerFormatError):
        await device.challenges.list(factor.sid)
