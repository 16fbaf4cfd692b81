"""The committed vectors, and what writes them."""

import json

import pytest

from clients.vectors.make.files import texts
from tests.unit.vectors.files import DIRECTORY, read

TEXTS = texts()


def test_every_file_is_made() -> None:
    """None is left over, none is missing."""
    assert {path.name for path in DIRECTORY.glob("*.json")} == TEXTS.keys()


@pytest.mark.parametrize("name", TEXTS)
def test_a_file_is_what_make_writes(name: str) -> None:
    """If it isn't: `python -m clients.vectors.make`, and look at the difference."""
    assert (DIRECTORY / name).read_text("ascii") == TEXTS[name]


@pytest.mark.parametrize("name", TEXTS)
def test_each_case_of_a_section_has_a_name_of_its_own(name: str) -> None:
    """A name says what failed."""
    for section, cases in read(name).items():
        if isinstance(cases, list):
            names = [case["name"] for case in cases]
            assert len(set(names)) == len(names), section
            assert all(names), section


@pytest.mark.parametrize("name", TEXTS)
def test_a_file_says_what_it_is(name: str) -> None:
    """And the README has each of its sections."""
    readme = (DIRECTORY / "README.md").read_text()
    assert read(name)["about"]
    for section, cases in read(name).items():
        assert not isinstance(cases, list) or f"`{section}`" in readme


@pytest.mark.parametrize("name", TEXTS)
def test_no_number_is_beyond_what_every_language_holds(name: str) -> None:
    """JSON's numbers are doubles to some; a vector with a greater one would only say what a parser does."""

    def within(text: str) -> int:
        assert abs(int(text)) <= 2**53
        return int(text)

    json.loads(TEXTS[name], parse_int=within)
