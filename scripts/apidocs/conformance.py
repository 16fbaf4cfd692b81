"""conformance.md: operation by operation and code by code, with the tests that see it.

Made by collecting the markers of tests/support/sightings.py; a test whose claim isn't met fails, so no run is needed.
"""

from collections.abc import Collection, Iterable, Iterator
from typing import Final

from pushward.error_codes import DICTIONARY
from scripts.apidocs.claims import Claims, claims
from scripts.apidocs.errors import NOT_USED, spans
from services.edge.app.models.shapes import Json
from tests.support.sightings import EXERCISES, PROVOKES

GENERATED: Final = "<!-- Generated from the tests' markers by `make docs`; never edited. -->"
METHODS: Final = ("get", "post", "delete")


class ConformanceError(Exception):
    """An operation or a code that no test sees, or one that there isn't."""


def conformance_page(document: Json) -> str:
    """The page. Raises ConformanceError if something has no test, or a test claims what there isn't."""
    found = claims()
    exercised, provoked = found[EXERCISES], found[PROVOKES]
    operations = list(_operations(document))
    _require(operations, exercised)
    _require([entry.code for entry in DICTIONARY], provoked)
    return "\n".join(
        [
            GENERATED,
            "",
            "# Conformance",
            "",
            "Each test below fails unless it really gets a success of the operation, or is refused with the code: by",
            "an answer that fits [the document](openapi.json), or by the error itself where HTTP is out of its reach.",
            "",
            "## Operations",
            "",
            "| operation | tests |",
            "|---|---|",
            *(f"| `{name}` | {_links(exercised[name])} |" for name in operations),
            "",
            "## Codes",
            "",
            "| code | HTTP | | tests |",
            "|--:|--:|---|---|",
            *(
                f"| [{one.code}](errors.md) | {one.status} | {one.title} | {_links(provoked[one.code])} |"
                for one in DICTIONARY
            ),
            "",
            "Not used, and [why](errors.md#codes-of-the-contract-that-are-not-used): "
            + "; ".join(spans(codes) for codes in NOT_USED)
            + ".",
            "",
        ]
    )


def _operations(document: Json) -> Iterator[str]:
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield f"{method.upper()} {path}"


def _require(wanted: Collection[object], claims: Claims) -> None:
    unseen = [str(one) for one in wanted if not claims.get(one)]
    unknown = [f"{claim} ({', '.join(tests)})" for claim, tests in claims.items() if claim not in wanted]
    if unseen or unknown:
        raise ConformanceError(
            f"without a test that is marked for it: {', '.join(unseen) or 'none'}; "
            f"marked for what there isn't: {', '.join(unknown) or 'none'}"
        )


def _links(tests: Iterable[str]) -> str:
    return "<br>".join(f"[{test.removeprefix('tests/')}](../../{test.partition('::')[0]})" for test in tests)
