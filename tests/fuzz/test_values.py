"""Dates, SIDs, identities, page tokens, paths, hosts, trace contexts, origins."""

from datetime import UTC, datetime, timedelta

from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import example, given
from hypothesis import strategies as st
from starlette.types import Message

from pushward import ids
from pushward.api.common.v1 import common_pb2
from pushward.challenge_view import date_text
from pushward.database.paging import TOKEN_CHARACTERS_MAX, Page
from pushward.errors import BadRequestError, NotFoundError
from services.challenge.domain.rules import LIFETIME_MAX, expiration_date, expiration_within_bounds
from services.edge.app.cors import Cors
from services.edge.app.resource import checked_path
from services.edge.app.tracing import ID_BYTES, correlation_id
from services.edge.app.urls import UrlSource
from services.registry.domain.rules import is_identity, new_identity
from tests.fuzz.budget import attempt
from tests.fuzz.inputs import ANY_TEXT, spoiled

NOW = datetime(2030, 1, 31, 12, 0, tzinfo=UTC)
DATE = "2030-01-31T12:10:00Z"
SID = "VA" + "0003" + "a" * 28
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
CORS = Cors(["https://app.example.com"], development=True)


@given(ANY_TEXT | spoiled(DATE) | st.text("0123456789-:TZ.+", max_size=40))
@example("0000-00-00T00:00:00Z")
@example("9999-12-31T23:59:60Z")
@example("9999-12-31T24:00:00Z")
@example("0001-01-01T00:00:00Z")
@example("2030-02-30T12:00:00.999999999Z")
@example("\uff12\uff10\uff13\uff10-01-31T12:00:00Z")
def test_a_date_is_in_utc_or_refused(text: str) -> None:
    """In whole seconds, and then within its bounds or refused: always 60306."""
    moment = attempt(lambda: expiration_date(text), BadRequestError)
    if isinstance(moment, BadRequestError):
        assert moment.code == 60306
        return
    if moment is not None:
        assert (moment.tzinfo, moment.microsecond) == (UTC, 0)
        assert text.startswith(moment.replace(tzinfo=None).isoformat())
    expires = attempt(lambda: expiration_within_bounds(moment, NOW), BadRequestError)
    if isinstance(expires, BadRequestError):
        assert expires.code == 60306
    else:
        assert NOW < expires <= NOW + LIFETIME_MAX


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_date_that_we_write_is_read_as_it_was(moment: datetime) -> None:
    """To the second."""
    whole = moment.replace(microsecond=0)
    seconds = (whole - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1)
    assert expiration_date(date_text(Timestamp(seconds=seconds))) == whole


@given(ANY_TEXT | spoiled(SID), st.sampled_from(["VA", "YE"]), st.integers(1, ids.SHARD_COUNT_MAX))
@example("VA" + "\uff10" * 32, "VA", 4)
@example("VA" + "0" * 32 + "\n", "VA", 4)
def test_a_sid_is_canonical_or_none(text: str, kind: str, shard_count: int) -> None:
    """Of its kind, on a shard that there is, in lower case; and then it stays as it is."""
    sid = ids.parse_sid(text, kind, shard_count)
    if sid is not None:
        assert ids.is_sid(sid, kind)
        assert sid == sid[:2] + sid[2:].lower()
        assert ids.shard_of_sid(sid) < shard_count
        assert ids.parse_sid(sid, kind, shard_count) == sid


@given(ANY_TEXT | spoiled(SID), ANY_TEXT)
def test_a_path_is_canonical_or_not_found(service_sid: str, identity: str) -> None:
    """Before anybody is asked."""
    checked = attempt(lambda: checked_path({"service_sid": service_sid, "identity": identity}), NotFoundError)
    if isinstance(checked, NotFoundError):
        return
    assert checked["identity"] == identity
    assert ids.is_sid(checked["service_sid"], "VA")


@given(ANY_TEXT | st.text("aZ09-", max_size=70))
@example("somebody\n")
@example("\uff41" * 8)
def test_an_identity_is_plain_or_refused(text: str) -> None:
    """8 to 64 letters, digits and dashes of ASCII."""
    found = attempt(lambda: new_identity(text), BadRequestError)
    if isinstance(found, BadRequestError):
        assert found.code == 60367
        assert not is_identity(text)
    else:
        assert found == text
        assert 8 <= len(text) <= 64
        assert text.replace("-", "a").isalnum()
        assert text.isascii()


@given(st.characters(codec="utf-8").map(str) | st.text(st.characters(codec="utf-8"), max_size=2 * TOKEN_CHARACTERS_MAX))
@example("WzAsMSwiWUMwMCJd")
@example("WzAsOTk5OTk5OTk5OTk5OTk5OTk5OTksIllDMDAiXQ")  # a date beyond all
@example("WzAsLTk5OTk5OTk5OTk5OTk5OTk5LCJZQzAwIl0")  # a date before all
@example("WzAsMWU5OTksIllDMDAiXQ")
@example("WzIsMSwiWUMwMCJd")  # neither way
@example("W1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tb")
def test_a_page_token_is_one_of_ours_or_refused(token: str) -> None:
    """60374; and what it leads to can be looked for."""
    page = attempt(lambda: Page.requested(common_pb2.PageRequest(size=2, token=token)), BadRequestError)
    if isinstance(page, BadRequestError):
        assert page.code == 60374
        return
    assert page.scan().limit == 3
    assert page.scan(descending=True).key[0].tzinfo is UTC


@given(st.datetimes(timezones=st.just(UTC)), st.integers(1, 5), st.integers(0, 7))
def test_a_page_token_that_we_made_leads_on(moment: datetime, size: int, count: int) -> None:
    """Behind the last row, and before the first."""
    rows = [(moment, f"YC{number}") for number in range(count)]
    shown = Page.requested(common_pb2.PageRequest(size=size)).shown(rows[: size + 1], lambda row: row)
    if count > size:
        following = Page.requested(common_pb2.PageRequest(size=size, token=shown.reply.next_token))
        assert following.scan().over(rows, lambda row: row) == rows[size : 2 * size + 1]
    else:
        assert shown.reply.next_token == ""


@given(st.binary(max_size=100) | spoiled(TRACE).map(lambda text: text.encode("utf-8", "replace")))
def test_a_trace_context_is_an_id_or_passed_over(value: bytes) -> None:
    """Every request gets one."""
    assert len(correlation_id({"type": "http", "headers": [(b"traceparent", value)]})) == ID_BYTES


@given(st.binary(max_size=300) | st.text("aZ0.:[]-@/?#%\\ ", max_size=60).map(str.encode))
@example(b"evil.example/@")
@example(b"[::1")
def test_links_are_urls_whatever_the_host_says(host: bytes) -> None:
    """In development; a host that is none is passed over."""
    scope = {"type": "http", "scheme": "http", "server": ("127.0.0.1", 8080), "headers": [(b"host", host)]}
    base = UrlSource(None).urls(scope).base
    assert base.startswith("http://")
    assert base.isascii()
    assert not set("/@?#%\\ \r\n") & set(base.removeprefix("http://"))


@given(st.binary(max_size=200) | st.text("htps:/[]localhost127.0.0.1@%", max_size=40).map(str.encode))
@example(b"http://[")
@example(b"http://localhost:99999")
@example(b"http://localhost\xff")
async def test_an_origin_is_allowed_or_not(origin: bytes) -> None:
    """Nothing is raised."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "OPTIONS", "headers": [(b"origin", origin)]}
    await CORS.answer_preflight(scope, send)
    allowed = dict(sent[0]["headers"]).get(b"access-control-allow-origin")
    assert allowed in (None, origin)
