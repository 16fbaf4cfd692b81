"""errors.md: every code that Pushward answers with, and those of the contract that it doesn't use."""

from collections.abc import Mapping
from typing import Final

from pushward.error_codes import BY_CODE, DICTIONARY, ErrorCode

GENERATED: Final = "<!-- Generated from pushward/error_codes.py by `make docs`; never edited. -->"

NOT_USED: Final[Mapping[tuple[int, ...], str]] = {
    (60202, 60203): "tries and sends of codes by SMS, voice or e-mail, which Pushward doesn't send",
    (60207, 60210): "rate limits and buckets are for such codes",
    (60302, 60304): "a second factor of a type is allowed; an entity that exists is 60301",
    (60330,): "an alert of the original's console, never an answer",
    (60361, 60362, 60363, 60364, 60365, 60366): "a malformed SID in a path is 20404, in a parameter 60306",
    (60371, 60372, *range(60375, 60389), 60393): "parameters of passkeys, which this release doesn't have",
    tuple(range(60401, 60408)): "made by device SDKs on the device, never by a server",
    tuple(range(68001, 68008)): "the same in older device SDKs",
}
"""Codes of the contract's section 1c that no answer has, and why."""


def errors_page() -> str:
    """The page."""
    _require_disjoint()
    return "\n".join(
        [
            GENERATED,
            "",
            "# Errors",
            "",
            'Every refusal is JSON: `{"code", "message", "more_info", "status"}`. `message` says what is wrong with',
            "this request, `more_info` leads to the code's page on the server that refused. A code has one status.",
            "",
            "| code | HTTP | | when | what to do |",
            "|--:|--:|---|---|---|",
            *map(_row, DICTIONARY),
            "",
            "## Codes of the contract that are not used",
            "",
            "| codes | why |",
            "|---|---|",
            *(f"| {spans(codes)} | {why} |" for codes, why in NOT_USED.items()),
            "",
        ]
    )


def _row(entry: ErrorCode) -> str:
    return f"| {entry.code} | {entry.status} | {entry.title} | {entry.when} | {entry.remedy} |"


def spans(codes: tuple[int, ...]) -> str:
    """Ascending numbers, with a dash for those in between."""
    spans: list[list[int]] = []
    for code in codes:
        if spans and code == spans[-1][1] + 1:
            spans[-1][1] = code
        else:
            spans.append([code, code])
    return ", ".join(str(first) if first == last else f"{first}–{last}" for first, last in spans)


def _require_disjoint() -> None:
    """Raises ValueError if a code is said to be used and not to be."""
    both = {code for codes in NOT_USED for code in codes} & BY_CODE.keys()
    if both:
        raise ValueError(f"both in the dictionary and not used: {sorted(both)}")
