"""The device emulator stumbles where the SDKs do: a test that passes with it has met their traps."""

import json
from collections.abc import Iterable
from email.utils import formatdate

import httpx
import pytest

from tests.support.device_emulator.android import Android
from tests.support.device_emulator.device import EmulatedDevice
from tests.support.device_emulator.errors import (
    AlreadyUpdatedError,
    MapperError,
    NetworkError,
    NotUpdatedError,
    SdkError,
    SignatureFieldsError,
    WrongFactorError,
)
from tests.support.device_emulator.ios import Ios
from tests.support.device_emulator.key import DeviceKey
from tests.support.device_emulator.quirks import Quirks
from tests.support.jws import Members, changed

ANDROID, IOS = Android(), Ios()
BOTH = pytest.mark.parametrize("quirks", [ANDROID, IOS], ids=["android", "ios"])
VA, YF, YC = (f"{kind}{'0' * 32}" for kind in ("VA", "YF", "YC"))
IDENTITY = "somebody"
NOW = 1_780_000_000.0
FACTOR: Members = {
    "sid": YF,
    "friendly_name": "Phone",
    "account_sid": "AC" + "0" * 32,
    "status": "unverified",
    "date_created": "2030-01-31T12:00:00Z",
    "config": {"credential_sid": "CR" + "0" * 32},
}
CHALLENGE: Members = {
    "sid": YC,
    "factor_sid": YF,
    "status": "pending",
    "details": {"message": "Log in?", "fields": [{"label": "a", "value": "b"}]},
    "hidden_details": None,
    "expiration_date": "2030-01-31T12:05:00Z",
    "date_created": "2030-01-31T12:00:00Z",
    "date_updated": "2030-01-31T12:00:00Z",
}
FIELDS = {"Twilio-Verify-Signature-Fields": "sid,status,details"}


class Server:
    """Answers with what it is given, in turn, and keeps what it was asked."""

    def __init__(self, *answers: httpx.Response) -> None:
        self._answers = list(answers)
        self.asked: list[httpx.Request] = []

    def device(self, quirks: Quirks) -> EmulatedDevice:
        """A device of this server's with one factor."""
        client = httpx.AsyncClient(base_url="http://server.example", transport=httpx.MockTransport(self._answer))
        device = EmulatedDevice(client, quirks, lambda: NOW)
        device.factors[YF] = quirks.factor(FACTOR, VA, IDENTITY)
        device.keys[YF] = DeviceKey()
        return device

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return self._answers.pop(0)


def shown(headers: dict[str, str] | None = None, **changes: object) -> httpx.Response:
    """A challenge, with changes; None leaves a member out."""
    return httpx.Response(200, json=changed(CHALLENGE, changes), headers=FIELDS if headers is None else headers)


@BOTH
def test_a_challenge_is_read(quirks: Quirks) -> None:
    """What the other tests spoil is right to begin with."""
    challenge = quirks.challenge(CHALLENGE)
    assert (challenge.message, challenge.fields, challenge.date) == ("Log in?", [("a", "b")], None)


def test_android_cannot_read_a_date_that_is_null() -> None:
    """To `optString` it is the text `null`; iOS takes it for none."""
    challenge = {**CHALLENGE, "details": {"message": "Log in?", "date": None}}
    with pytest.raises(MapperError, match="null"):
        ANDROID.challenge(challenge)
    assert IOS.challenge(challenge).date is None


def test_ios_cannot_read_hidden_details_that_are_no_text() -> None:
    """Android writes them down as text."""
    challenge = {**CHALLENGE, "hidden_details": {"amount": 17}}
    with pytest.raises(MapperError, match="amount"):
        IOS.challenge(challenge)
    assert ANDROID.challenge(challenge).hidden_details == {"amount": "17"}


@BOTH
@pytest.mark.parametrize(
    "change", [{"details": []}, {"details": {}}, {"date_updated": 17}, {"status": "gone"}], ids=str
)
def test_a_challenge_that_lacks_something_is_unreadable(quirks: Quirks, change: Members) -> None:
    """A TOTP challenge without details, say."""
    with pytest.raises(MapperError):
        quirks.challenge({**CHALLENGE, **change})


@pytest.mark.parametrize(
    ("text", "readers"),
    [
        ("2030-01-31T12:00:00Z", [ANDROID, IOS]),
        ("2030-01-31T12:00:00-01:00", [ANDROID, IOS]),
        ("2030-01-31T12:00:00+00:00", [IOS]),
        ("2030-01-31T12:00:00.000Z", []),
        ("2030-01-31 12:00:00Z", []),
        ("Thu, 31 Jan 2030 12:00:00 +0000", []),
    ],
)
def test_dates_are_read_as_strictly_as_the_sdks_do(text: str, readers: Iterable[Quirks]) -> None:
    """Only `Z` without a fraction suits both."""
    for quirks in (ANDROID, IOS):
        if quirks in readers:
            quirks.date(text)
        else:
            with pytest.raises(MapperError):
                quirks.date(text)


@BOTH
async def test_a_factor_without_a_credential_is_not_stored(quirks: Quirks) -> None:
    """Its device couldn't say which one it is."""
    device = Server(httpx.Response(200, json={**FACTOR, "config": {}})).device(quirks)
    with pytest.raises(MapperError, match="credential_sid"):
        await device.update_factor(YF, "")


def test_forms_are_written_as_the_sdks_do() -> None:
    """Java escapes everything; Swift leaves `=` and `&`."""
    form = {"Name": "a =&+/ü~*"}
    assert ANDROID.form(form) == b"Name=a+%3D%26%2B%2F%C3%BC%7E*"
    assert IOS.form(form) == b"Name=a%20=&%2B/%C3%BC~*"


def test_json_is_written_as_the_sdks_do() -> None:
    """Android escapes slashes, iOS has another order each time."""
    members = {str(number): {"b": "1/2", "a": "ü"} for number in range(8)}
    assert ANDROID.json({"b": "1/2", "a": "ü"}) == '{"b":"1\\/2","a":"ü"}'
    spelled = {IOS.json(members) for _ in range(20)}
    assert len(spelled) > 1
    assert all(json.loads(text) == members for text in spelled)


@BOTH
async def test_a_get_asks_for_a_form(quirks: Quirks) -> None:
    """A quirk of both; the page's token is spelled differently."""
    server = Server(httpx.Response(200, json={"challenges": [], "meta": {"page": 0, "page_size": 1}}))
    page = await server.device(quirks).get_all_challenges(YF, 1, page_token="abc")
    assert server.asked[0].headers["Accept"] == "application/x-www-form-urlencoded"
    assert server.asked[0].url.params[quirks.page_token_parameter] == "abc"
    assert page.next_token is None


@BOTH
async def test_a_401_with_the_time_is_retried_once(quirks: Quirks) -> None:
    """With a token of the server's time; a second 401 is the app's."""
    late = httpx.Response(401, json={"code": 20104}, headers={"date": formatdate(NOW + 3600, usegmt=True)})
    server = Server(late, late)
    with pytest.raises(NetworkError) as refusal:
        await server.device(quirks).get_challenge(YC, YF)
    assert (refusal.value.status, refusal.value.code, len(server.asked)) == (401, 20104, 2)
    assert server.asked[0].headers["Authorization"] != server.asked[1].headers["Authorization"]


@BOTH
async def test_nothing_else_is_retried(quirks: Quirks) -> None:
    """A 401 without the time, a 403 with it."""
    for answer in (
        httpx.Response(401, json={"code": 20003}),
        httpx.Response(403, json={"code": 20403}, headers={"Date": formatdate(NOW)}),
    ):
        server = Server(answer)
        with pytest.raises(NetworkError):
            await server.device(quirks).get_challenge(YC, YF)
        assert len(server.asked) == 1


async def test_android_does_not_retry_after_a_401_without_a_body() -> None:
    """It stumbles over the missing error stream before it looks at the time; iOS doesn't."""
    silent = httpx.Response(401, headers={"Date": formatdate(NOW)})
    server = Server(silent)
    with pytest.raises(NetworkError, match="no body"):
        await server.device(ANDROID).get_challenge(YC, YF)
    assert (await Server(silent, shown()).device(IOS).get_challenge(YC, YF)).sid == YC


@BOTH
@pytest.mark.parametrize(
    ("answers", "error"),
    [
        ([shown(factor_sid="YF" + "1" * 32)], WrongFactorError),
        ([shown(status="approved")], AlreadyUpdatedError),
        ([shown(headers={})], SignatureFieldsError),
        ([shown(headers={"Twilio-Verify-Signature-Fields": "sid, status"})], SignatureFieldsError),
        ([shown(headers={"Twilio-Verify-Signature-Fields": "sid,colour"})], SignatureFieldsError),
        ([shown(), httpx.Response(200), shown()], NotUpdatedError),
    ],
    ids=["another factor's", "answered", "no fields", "a space", "a field that isn't there", "nothing came of it"],
)
async def test_an_answer_is_refused_on_the_device(
    quirks: Quirks, answers: list[httpx.Response], error: type[SdkError]
) -> None:
    """By the checks of contract section 3.7; names of fields are split without trimming."""
    with pytest.raises(error):
        await Server(*answers).device(quirks).update_challenge(YC, YF, "approved")


@BOTH
@pytest.mark.parametrize("status", [401, 404])
async def test_what_the_server_does_not_know_is_deleted(quirks: Quirks, status: int) -> None:
    """Here at least."""
    device = Server(httpx.Response(status, json={"code": 20404})).device(quirks)
    await device.delete_factor(YF)
    assert device.factors == {}


@BOTH
async def test_what_the_server_could_not_delete_is_kept(quirks: Quirks) -> None:
    """503, say."""
    device = Server(httpx.Response(503, json={"code": 20503})).device(quirks)
    with pytest.raises(NetworkError):
        await device.delete_factor(YF)
    assert set(device.factors) == {YF}
