"""What a code means: the pages that `more_info` leads to, for people and for programs."""

from typing import Final

import msgspec

from pushward.error_codes import DICTIONARY, ErrorCode
from services.edge.app.openapi import markup
from services.edge.app.urls import EXTENSIONS

PATH: Final = f"{EXTENSIONS}/errors/{{code}}"


class ErrorCodeBody(msgspec.Struct):
    """An entry of the error dictionary."""

    code: int
    status: int
    title: str
    when: str
    remedy: str


def body(entry: ErrorCode) -> ErrorCodeBody:
    """For a program."""
    return ErrorCodeBody(entry.code, entry.status, entry.title, entry.when, entry.remedy)


def page(entry: ErrorCode) -> str:
    """For people."""
    return markup.page(
        f"{entry.code}: {entry.title}",
        markup.paragraph(f"HTTP status {entry.status}."),
        "<h2>When</h2>",
        markup.paragraph(entry.when),
        "<h2>What to do</h2>",
        markup.paragraph(entry.remedy),
        f"<p>{markup.link('../docs#codes', 'All codes')}</p>",
    )


def table() -> str:
    """All codes, each with a link to its page."""
    return markup.table(
        ("code", "HTTP", "", "when"),
        (
            (linked(entry), str(entry.status), markup.prose(entry.title), markup.prose(entry.when))
            for entry in DICTIONARY
        ),
    )


def linked(entry: ErrorCode) -> str:
    """A code with a link to its page, as seen from a page beside `errors`."""
    return markup.link(f"errors/{entry.code}", str(entry.code))
