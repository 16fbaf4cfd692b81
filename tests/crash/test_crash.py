"""Relays, subscribers, consumer, services, broker and database are killed at random under load; nothing is lost.

    PUSHWARD_CRASH_SEED=n    replays the schedule of that seed, which each run shows
    PUSHWARD_CRASH_KILLS=n   how many kills (`make soak`: 1000)

One run, and a test for each promise.
"""

import os
import random
from typing import Final

import pytest

from tests.crash.checker import (
    Kind,
    acknowledged_problems,
    applied_problems,
    call_problems,
    log_problems,
    told,
    topic_problems,
)
from tests.crash.evidence import log_of
from tests.crash.run import Found, run
from tests.crash.schedule import Target, reports, schedule
from tests.support.figures import Figures

KILLS: Final = int(os.environ.get("PUSHWARD_CRASH_KILLS") or 64)
SECONDS_PER_KILL: Final = 2
SECONDS_BESIDE: Final = 180

pytestmark = pytest.mark.timeout(SECONDS_BESIDE + KILLS * SECONDS_PER_KILL)


@pytest.fixture(scope="module")
def found(figures: Figures, tmp_path_factory: pytest.TempPathFactory) -> Found:
    """What the run has left behind."""
    seed = int(os.environ.get("PUSHWARD_CRASH_SEED") or random.SystemRandom().randrange(10**9))
    steps = schedule(seed, KILLS)
    figures.tell(f"crash suite: PUSHWARD_CRASH_SEED={seed} PUSHWARD_CRASH_KILLS={KILLS}\n{reports(steps)}")
    directory = tmp_path_factory.mktemp("crash")
    found = run(steps, directory)
    figures.tell(found.figures)
    print(f"The processes' logs are in {directory}; their ends:\n{found.said}")  # noqa: T201 - shown with a failure
    return found


def test_every_kill_was_a_kill_of_a_running_process(found: Found) -> None:
    """As many as were asked for, everybody at least once; and nobody had ended by itself."""
    assert list(found.ended_by_themselves) == []
    assert sum(found.kills.values()) == KILLS
    assert {*found.kills} == {*Target}


def test_everybody_came_to_the_logs_end(found: Found) -> None:
    """Without help: the topic, the subscribers' tables, the deliveries."""
    assert list(found.behind) == []


def test_the_log_has_no_hole_and_all_that_was_acknowledged(found: Found) -> None:
    """What the writer was told lies where it was told; what the phones saw approved is approved."""
    assert told(log_problems(found.log)) == ""
    assert told(acknowledged_problems(log_of(found.log), found.acknowledged)) == ""
    assert set(found.approvals_seen) <= found.approved
    assert found.acknowledged
    assert found.approvals_seen


def test_every_event_is_in_the_topic_in_order(found: Found) -> None:
    """First occurrences are 1, 2, 3, …; a repeat is the same event."""
    assert told(topic_problems(log_of(found.log), found.topic)) == ""


def test_what_was_lost_of_the_topic_had_been_in_order_too(found: Found) -> None:
    """Each time before it was deleted or wiped: as far as it went, nothing was missing or strange."""
    assert found.lost_topics
    for topic in found.lost_topics:
        problems = topic_problems(log_of(found.log), topic)
        assert told(problem for problem in problems if problem.kind is not Kind.MISSING) == ""


def test_every_event_was_applied_once_by_the_subscribers_in_a_service(found: Found) -> None:
    """Two processes that shared the shards, by leases."""
    assert told(applied_problems(log_of(found.log), found.applied, found.applied_after)) == ""


def test_every_event_was_applied_once_by_the_consumer_of_the_topic(found: Found) -> None:
    """`pushward.subscribe`, its positions in its own transaction."""
    assert told(applied_problems(log_of(found.log), found.consumed)) == ""


def test_every_webhook_call_was_made_and_repeated_only_as_it_was(found: Found) -> None:
    """At least once for each approval; a repeat has the same id and the same body."""
    assert told(call_problems(found.approved, found.calls)) == ""


def test_callers_were_told_not_now_and_nothing_else(found: Found) -> None:
    """503 with an envelope, or no connection: never an error that is nobody's, never a wrong answer."""
    assert list(found.surprises) == []


def test_nobody_raised_an_alarm(found: Found) -> None:
    """Deaths around a process are everyday matters to it: no error and nothing critical is logged."""
    assert list(found.alarms) == []
