"""Which values a webhook may have, and which events its subscriptions match."""

import pytest

from pushward.errors import BadRequestError
from services.webhook.domain import rules
from services.webhook.domain.event_types import ALL, ALL_ORIGINAL, EXTENSIONS, KNOWN, ORIGINAL, matched_by


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_every_known_event_type_can_be_subscribed_to(name: str) -> None:
    """The original's, ours, and the two that stand for many."""
    assert rules.check_event_types([name]) == (name,)


def test_event_types_keep_their_order_and_lose_their_repetitions() -> None:
    """As a list of names reads back."""
    names = ["factor.deleted", "*", "factor.deleted", "challenge.denied"]
    assert rules.check_event_types(names) == ("factor.deleted", "*", "challenge.denied")


@pytest.mark.parametrize("name", ["factor.updated", "", "FACTOR.CREATED", "pushward.created", "**"])
def test_an_unknown_event_type_is_refused_by_name(name: str) -> None:
    """The message says which, and what there is."""
    with pytest.raises(BadRequestError, match="EventTypes") as refused:
        rules.check_event_types(["*", name])
    assert repr(name) in refused.value.message
    assert "factor.created" in refused.value.message
    assert refused.value.code == 60306


def test_no_event_type_is_refused() -> None:
    """A webhook for nothing is a mistake."""
    with pytest.raises(BadRequestError):
        rules.check_event_types([])


@pytest.mark.parametrize("event_type", sorted(ORIGINAL))
def test_an_original_event_matches_its_name_and_both_wildcards(event_type: str) -> None:
    """So a stock consumer's ``*`` gets it."""
    assert matched_by(event_type) == {event_type, ALL_ORIGINAL, ALL}


@pytest.mark.parametrize("event_type", sorted(EXTENSIONS))
def test_an_event_of_ours_does_not_match_the_original_wildcard(event_type: str) -> None:
    """So no stock consumer is surprised."""
    assert matched_by(event_type) == {event_type, ALL}


@pytest.mark.parametrize("name", ["", "x" * (rules.FRIENDLY_NAME_CHARACTERS_MAX + 1)])
def test_a_friendly_name_has_a_bounded_length(name: str) -> None:
    """And isn't empty."""
    with pytest.raises(BadRequestError):
        rules.check_friendly_name(name)


def test_status_and_version_are_one_of_two() -> None:
    """Anything else is refused."""
    assert [rules.check_status(status) for status in ("enabled", "disabled")] == ["enabled", "disabled"]
    assert [rules.check_version(version) for version in ("v1", "v2")] == ["v1", "v2"]
    for check in (rules.check_status, rules.check_version):
        with pytest.raises(BadRequestError):
            check("Enabled")
