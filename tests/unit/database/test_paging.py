"""Pages by keyset: forth and back, under inserts and deletes, and what is refused."""

from datetime import UTC, datetime, timedelta

import pytest

from pushward.api.common.v1 import common_pb2
from pushward.database import paging
from pushward.errors import BadRequestError

START = datetime(2026, 1, 1, tzinfo=UTC)
ROWS: list[paging.Key] = [(START + timedelta(seconds=number // 2), f"VA{number:032x}") for number in range(8)]


def page(token: str, rows: list[paging.Key], *, descending: bool = False) -> paging.Shown[paging.Key]:
    """The page of size 3 that a token names."""
    asked = paging.Page.requested(common_pb2.PageRequest(size=3, token=token))
    return asked.shown(asked.scan(descending=descending).over(rows, lambda row: row), lambda row: row)


def walk(rows: list[paging.Key], *, descending: bool) -> tuple[list[list[paging.Key]], list[list[paging.Key]]]:
    """All pages from the first to the last, and back again."""
    forth, back, token = [], [], ""
    while True:
        shown = page(token, rows, descending=descending)
        forth.append(list(shown.rows))
        if not (token := shown.reply.next_token):
            break
    while token := shown.reply.previous_token:
        shown = page(token, rows, descending=descending)
        back.append(list(shown.rows))
    return forth, back


@pytest.mark.parametrize("descending", [False, True])
def test_pages_show_every_row_once_in_order_and_lead_back(descending: bool) -> None:
    """Forth shows the whole list; back shows the same pages in reverse."""
    forth, back = walk(ROWS, descending=descending)
    assert [row for rows in forth for row in rows] == sorted(ROWS, reverse=descending)
    assert back == list(reversed(forth[:-1]))


def test_a_row_inserted_before_the_page_moves_nothing() -> None:
    """The second page is the same whatever was inserted into the first."""
    second = page("", ROWS).reply.next_token
    earlier = (START - timedelta(seconds=1), "VA" + "f" * 32)
    assert page(second, [earlier, *ROWS]).rows == page(second, ROWS).rows


def test_a_row_deleted_at_the_border_moves_nothing() -> None:
    """The token names a place, not a row: that row may be gone."""
    second = page("", ROWS).reply.next_token
    assert page(second, [row for row in ROWS if row != ROWS[2]]).rows == page(second, ROWS).rows


def test_a_page_that_became_empty_leads_back_to_what_is_left() -> None:
    """Everything after the first page was deleted meanwhile: previous shows the list's new end."""
    second = page("", ROWS).reply.next_token
    left = ROWS[:3]
    empty = page(second, left)
    assert empty.rows == []
    assert empty.reply.next_token == ""
    assert page(empty.reply.previous_token, left).rows == left


def test_an_empty_list_has_no_other_pages() -> None:
    """No rows, no tokens."""
    assert page("", []).reply == common_pb2.PageReply()


@pytest.mark.parametrize("size", [-1, 1001])
def test_a_size_outside_its_bounds_is_refused(size: int) -> None:
    """Contract section 10, Paging: 60373."""
    with pytest.raises(BadRequestError) as raised:
        paging.Page.requested(common_pb2.PageRequest(size=size))
    assert raised.value.code == 60373


@pytest.mark.parametrize(
    "token",
    ["x", "é", "WzAsMV0", "A" * 129, "WzksMCwiIl0", "WzAsMCwiXHUwMDAwIl0", "WzAsOTk5OTk5OTk5OTk5OTk5OTk5OTk5LCJhIl0"],
)
def test_a_token_that_is_not_ours_is_refused(token: str) -> None:
    """Contract section 10, Paging: 60374, whatever is wrong with it."""
    with pytest.raises(BadRequestError) as raised:
        paging.Page.requested(common_pb2.PageRequest(size=3, token=token))
    assert raised.value.code == 60374
