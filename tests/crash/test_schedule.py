"""A seed is a schedule, and a schedule reaches everything."""

import pytest

from tests.crash.schedule import Blow, Target, reports, schedule


@pytest.mark.parametrize("kills", [16, 62, 1000])
@pytest.mark.parametrize("seed", [0, 1, 987654321])
def test_a_schedule_has_its_kills_and_reaches_every_target(seed: int, kills: int) -> None:
    """Exactly so many; each target once at least, the topic harmed in both ways."""
    steps = schedule(seed, kills)
    assert sum(step.kills for step in steps) == kills
    assert {step.target for step in steps if step.blow is Blow.KILL} == {*Target}
    assert {step.blow for step in steps} == {*Blow}


def test_the_same_seed_is_the_same_schedule() -> None:
    """That is what a printed seed is for; another seed is another one."""
    assert schedule(7, 100) == schedule(7, 100)
    assert schedule(7, 100) != schedule(8, 100)


def test_the_topic_is_harmed_neither_first_nor_last() -> None:
    """So there is something to lose, and the rebuilding is interrupted."""
    for seed in range(50):
        blows = [step.blow is not Blow.KILL for step in schedule(seed, 62)]
        assert not any(blows[:5] + blows[-5:])


def test_too_few_kills_are_refused() -> None:
    """A run that spares somebody proves nothing of him."""
    with pytest.raises(ValueError, match="fewer"):
        schedule(0, 5)


def test_a_schedule_is_reported_by_blow_and_target() -> None:
    """In one line."""
    assert "delete-topic kafka 1, kill challenge 1" in reports(schedule(0, 16))
