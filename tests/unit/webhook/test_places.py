"""Who may have how many deliveries under way."""

from hypothesis import given
from hypothesis import strategies as st

from services.webhook.domain.places import (
    PLACES_PER_SUSPECT,
    PLACES_PER_WEBHOOK,
    SUSPECTS_MAX,
    Places,
)


def test_a_webhook_has_a_bounded_number_of_places() -> None:
    """However many there are in all."""
    places = Places(1_000)
    taken = [places.take("YW1") for _ in range(PLACES_PER_WEBHOOK + 1)]
    assert taken == [True] * PLACES_PER_WEBHOOK + [False]
    assert places.take("YW2")


def test_a_webhook_that_failed_has_one_place_until_it_answers() -> None:
    """So a dead receiver costs one call at a time."""
    places = Places(1_000)
    assert places.take("YW1")
    places.give_back("YW1", failed=True)
    assert places.room().exceptions == {"YW1": PLACES_PER_SUSPECT}
    assert places.take("YW1")
    assert not places.has_room("YW1")
    places.give_back("YW1", failed=False)
    assert places.room().exceptions == {}


def test_more_dead_receivers_than_are_remembered_take_no_memory() -> None:
    """The oldest suspicion is dropped."""
    places = Places(1)
    for number in range(SUSPECTS_MAX + 1):
        assert places.take(str(number))
        places.give_back(str(number), failed=True)
    assert len(places.room().exceptions) == SUSPECTS_MAX


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans(), st.booleans()), max_size=300), st.integers(0, 20))
def test_places_are_never_given_out_twice_nor_lost(moves: list[tuple[str, bool, bool]], total: int) -> None:
    """Whatever is taken and given back, in whatever order."""
    places, held = Places(total), {"a": 0, "b": 0, "c": 0}
    for sid, takes, failed in moves:
        if takes:
            held[sid] += places.take(sid)
        elif held[sid]:
            places.give_back(sid, failed=failed)
            held[sid] -= 1
        assert places.free == total - sum(held.values()) >= 0
