"""Pages by keyset: where a page begins is a key, so rows that come or go elsewhere move nothing (contract section 10).

    a b c | d e f | g        size 3, the middle page: next = after f, previous = before d

A token is base64url of JSON ``[way, microseconds, sid]``: opaque to callers, and no secret: every query is bound to
its account anyway. A page that turns out empty leads back to the end of the list that it fell off.
"""

import base64
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import Final, Generic, Self, TypeVar

import msgspec

from pushward import error_codes
from pushward.api.common.v1 import common_pb2
from pushward.errors import BadRequestError

PAGE_SIZE_DEFAULT: Final = 50
PAGE_SIZE_MAX: Final = 1000
TOKEN_CHARACTERS_MAX: Final = 128

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)

Key = tuple[datetime, str]
"""What rows are ordered by: the date of creation, and the SID where dates are equal."""

FIRST: Final[Key] = (datetime.min.replace(tzinfo=UTC), "")
"""Before any row."""
LAST: Final[Key] = (datetime.max.replace(tzinfo=UTC), "~")
"""After any row."""

R = TypeVar("R")


class _Way(IntEnum):
    AFTER = 0
    BEFORE = 1


@dataclass(frozen=True, slots=True)
class Scan:
    """What to read: at most ``limit`` rows beyond ``key``, going up (``ORDER BY key``) or down (``… DESC``).

    ``limit`` is one more than the page shows: the extra row tells whether there is another page.
    """

    ascending: bool
    key: Key
    limit: int

    def over(self, rows: Iterable[R], key_of: Callable[[R], Key]) -> list[R]:
        """The same over rows that are in memory already."""
        beyond = [row for row in rows if (key_of(row) > self.key if self.ascending else key_of(row) < self.key)]
        return sorted(beyond, key=key_of, reverse=not self.ascending)[: self.limit]


@dataclass(frozen=True, slots=True)
class Shown(Generic[R]):
    """A page's rows in the order of the list, and the tokens that lead on and back."""

    rows: Sequence[R]
    reply: common_pb2.PageReply


@dataclass(frozen=True, slots=True)
class Page:
    """What a caller asked for."""

    size: int
    way: _Way
    key: Key | None

    @classmethod
    def requested(cls, request: common_pb2.PageRequest) -> Self:
        """The page of a request. Raises BadRequestError 60373 for its size, 60374 for its token.

        A request without a size asks for PAGE_SIZE_DEFAULT only if it is wholly unset, so a caller's 0 is refused.
        """
        size = request.size if request.size or request.token else PAGE_SIZE_DEFAULT
        if not 1 <= size <= PAGE_SIZE_MAX:
            raise BadRequestError(f"PageSize must be 1 to {PAGE_SIZE_MAX}.", code=error_codes.INVALID_PAGE_SIZE)
        if not request.token:
            return cls(size, _Way.AFTER, None)
        way, key = _decoded(request.token)
        return cls(size, way, key)

    def scan(self, *, descending: bool = False) -> Scan:
        """What to read for this page of a list that is shown in ascending, or ``descending``, order."""
        ascending = descending if self.way is _Way.BEFORE else not descending
        return Scan(ascending, self.key or (FIRST if ascending else LAST), self.size + 1)

    def shown(self, scanned: Sequence[R], key_of: Callable[[R], Key]) -> Shown[R]:
        """The page, of what the scan has read."""
        more = len(scanned) > self.size
        rows = list(scanned[: self.size])
        on, back = more, self.key is not None
        if self.way is _Way.BEFORE:
            rows.reverse()
            on, back = back, on
        reply = common_pb2.PageReply()
        if rows:
            reply.next_token = _encoded(_Way.AFTER, key_of(rows[-1])) if on else ""
            reply.previous_token = _encoded(_Way.BEFORE, key_of(rows[0])) if back else ""
        elif self.key is not None:
            reply.next_token = _encoded(_Way.AFTER, None) if self.way is _Way.BEFORE else ""
            reply.previous_token = _encoded(_Way.BEFORE, None) if self.way is _Way.AFTER else ""
        return Shown(rows, reply)


def _encoded(way: _Way, key: Key | None) -> str:
    """The token of a page ``way`` of a key; without a key: of the end of the list that this way starts from."""
    members = (way.value, (key[0] - _EPOCH) // _MICROSECOND, key[1]) if key else (way.value, 0, "")
    return base64.urlsafe_b64encode(msgspec.json.encode(members)).rstrip(b"=").decode()


def _decoded(token: str) -> tuple[_Way, Key | None]:
    if len(token) <= TOKEN_CHARACTERS_MAX:
        try:
            text = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
            way, microseconds, sid = msgspec.json.decode(text, type=tuple[_Way, int, str])
            if not sid:
                return way, None
            if sid.isascii() and sid.isalnum():
                return way, (_EPOCH + microseconds * _MICROSECOND, sid)
        except (ValueError, OverflowError):  # base64's and JSON's errors are ValueErrors
            pass
    raise BadRequestError(
        "PageToken is not one of ours. Take it from a page's next_page_url.", code=error_codes.INVALID_PAGE_TOKEN
    )
