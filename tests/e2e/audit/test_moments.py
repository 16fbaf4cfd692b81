"""What was true at a moment: before and after what happened, by position and by time."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pushward.cli.audit.report import date_text
from tests.e2e.audit.conftest import Audit
from tests.e2e.audit.history import History
from tests.support.child import ROOT
from tests.support.installation import pushward
from tests.support.tenant import Json

MICROSECOND = timedelta(microseconds=1)
JWS_BEGINS = "eyJ"
"""Receipts and tokens: base64url of `{"`."""


def status_of(report: Json, sid: str) -> str | None:
    """What a factor or a challenge was, None if it wasn't."""
    found = [one["status"] for one in report["factors"] + report["challenges"] if one["sid"] == sid]
    return found[0] if found else None


def test_each_life_of_an_identity_is_told(audit: Audit, history: History) -> None:
    """Deleted and created anew: two entities, each with its own factors and challenges."""
    report = audit.json()
    first, second = report["lives"]
    assert (report["identity"], report["entity_sid"]) == (history.identity, second["entity_sid"])
    assert first["deleted_by"] == f"account:{history.account_sid}"
    assert first["deleted_at"] <= second["created_at"]
    assert second["deleted_at"] is None
    assert {one["sid"]: (one["entity_sid"], one["deleted"]) for one in report["factors"]} == {
        history.first_factor: (first["entity_sid"], True),
        history.second_factor: (second["entity_sid"], False),
    }
    assert {one["sid"]: (one["entity_sid"], one["status"]) for one in report["challenges"]} == {
        history.approved: (first["entity_sid"], "closed"),
        history.denied: (first["entity_sid"], "closed"),
        history.left: (first["entity_sid"], "closed"),
        history.after: (second["entity_sid"], "approved"),
    }


def test_an_operator_s_command_says_the_same(audit: Audit, history: History) -> None:
    """A process of its own, while no service runs: one line of JSON, nothing else."""
    ran = pushward(history.stores.environment(), "audit", "replay", "--json", *audit.named())
    assert (json.loads(ran.stdout), ran.stderr) == (audit.json(), "")


def test_who_acted_is_told(audit: Audit, history: History) -> None:
    """The backend asked, the device answered, an access token had enrolled it."""
    report = audit.json()
    (challenge,) = [one for one in report["challenges"] if one["sid"] == history.approved]
    assert challenge["asked_by"] == f"account:{history.account_sid}"
    assert challenge["answered_by"] == f"device:{history.first_factor}"
    token = report["access_tokens"][0]
    assert (token["issued_by"], token["factor_sid"]) == (f"account:{history.account_sid}", history.first_factor)
    (factor,) = [one for one in report["factors"] if one["sid"] == history.first_factor]
    assert factor["enrolled_by"] == f"access_token:{token['sid']}"
    assert factor["public_key"] == history.first_public_key


def test_a_login_by_code_is_told(audit: Audit, history: History) -> None:
    """Each try and each spent time step, on all streams of the identity; there is no receipt, and no secret."""
    report = audit.json("--unseal", entity=history.code_user)
    (factor,), (challenge,) = report["factors"], report["challenges"]
    assert (factor["type"], factor["status"], factor["public_key"]) == ("totp", "verified", "")
    assert factor["totp"] == {"alg": "sha1", "skew": 2, "code_length": 6, "time_step": 60}
    assert (challenge["status"], challenge["attempts"]) == ("approved", 2)
    assert challenge["answered_by"] == f"account:{history.account_sid}"
    assert challenge["receipt"]["verdict"] == "none"
    assert [event["type"] for event in report["events"]] == [
        "EntityCreated",
        "FactorCreated",
        "TotpStepSpent",
        "FactorVerified",
        "ChallengeCreated",
        "ChallengeAttempted",
        "TotpChallengeCounted",
        "ChallengeAttempted",
        "TotpStepSpent",
        "ChallengeApproved",
    ]
    created = report["events"][1]["fields"]
    assert (created["totp_secret"], created["totp_secret_digest"]) == ("***", "***")
    said = audit.text(entity=history.code_user).out
    assert "6 digits each 60 s by sha1, 2 steps of skew" in said
    assert "codes tried  2" in said


def test_the_events_are_those_of_this_identity_only(audit: Audit, history: History) -> None:
    """In order, each intact; a neighbour in the shard and a namesake in another service have others."""
    report = audit.json()
    told = [event["position"] for event in report["events"]]
    unnamed = [
        one.position
        for one in history.events
        if one.type == "AccessTokenSpent" and one.fields["factor_sid"] in (history.first_factor, history.second_factor)
    ]
    assert told == sorted([one.position for one in history.own_events] + unnamed)
    assert len(told) < len(history.events) == report["at"]["head"]
    assert all(event["intact"] for event in report["events"])
    assert {event["shard"] for event in report["events"]} == {history.shard}


@pytest.mark.parametrize("by_time", [False, True], ids=["position", "time"])
def test_a_factor_is_verified_from_its_event_on(audit: Audit, history: History, by_time: bool) -> None:
    """Unverified just before."""
    happened = history.event("FactorVerified", factor_sid=history.first_factor)
    times = (date_text(happened.recorded_at - MICROSECOND), date_text(happened.recorded_at))
    before, after = times if by_time else (str(happened.position - 1), str(happened.position))
    assert status_of(audit.json(at=before), history.first_factor) == "unverified"
    assert status_of(audit.json(at=after), history.first_factor) == "verified"


@pytest.mark.parametrize("by_time", [False, True], ids=["position", "time"])
@pytest.mark.parametrize(("answer", "sid_of"), [("Approved", "approved"), ("Denied", "denied")])
def test_a_challenge_is_answered_from_its_event_on(
    audit: Audit, history: History, answer: str, sid_of: str, by_time: bool
) -> None:
    """Pending just before, without a receipt."""
    sid = getattr(history, sid_of)
    happened = history.event(f"Challenge{answer}", challenge_sid=sid)
    times = (date_text(happened.recorded_at - MICROSECOND), date_text(happened.recorded_at))
    before, after = times if by_time else (str(happened.position - 1), str(happened.position))
    earlier, later = audit.json(at=before), audit.json(at=after)
    assert (status_of(earlier, sid), status_of(later, sid)) == ("pending", answer.lower())
    assert [one["receipt"] for one in earlier["challenges"] if one["sid"] == sid] == [None]
    assert [one["receipt"]["verdict"] for one in later["challenges"] if one["sid"] == sid] == ["valid"]


def test_a_deleted_entity_is_not_there_until_it_is_created_anew(audit: Audit, history: History) -> None:
    """Nobody has the identity in between; what happened stays told."""
    created = [one for one in history.own_events if one.type == "EntityCreated"]
    (deleted,) = [one for one in history.own_events if one.type == "EntityDeleted"]
    assert audit.json(at=str(deleted.position - 1))["entity_sid"] == created[0].fields["entity_sid"]
    between = audit.json(at=str(created[1].position - 1))
    assert (between["entity_sid"], len(between["lives"])) == (None, 1)
    assert status_of(between, history.left) == "closed"
    assert audit.json(at=str(created[1].position))["entity_sid"] == created[1].fields["entity_sid"]


def test_before_it_was_created_there_is_nothing(audit: Audit, history: History) -> None:
    """That is an answer, not an error."""
    first = history.own_events[0]
    report = audit.json(at=date_text(first.recorded_at - MICROSECOND))
    assert (report["entity_sid"], report["lives"], report["challenges"]) == (None, [], [])
    assert report["at"]["position"] == first.position - 1


def test_a_time_in_another_zone_is_the_same_time(audit: Audit, history: History) -> None:
    """RFC 3339 with an offset."""
    moment = history.event("ChallengeApproved", challenge_sid=history.approved).recorded_at
    shifted = (moment + timedelta(hours=2)).replace(tzinfo=None).isoformat() + "+02:00"
    assert audit.json(at=shifted)["at"] == audit.json(at=date_text(moment))["at"]


def test_each_event_s_time_is_a_moment(audit: Audit) -> None:
    """As it is told, to the microsecond: with it the event has happened."""
    events = audit.json()["events"]
    for event in (events[0], events[len(events) // 2], events[-1]):
        assert audit.json(at=event["recorded_at"])["at"]["position"] >= event["position"]
        assert event["recorded_at"] in audit.text().out


def test_a_settled_answer_says_so(audit: Audit, history: History) -> None:
    """A position, or a time that later events have passed, gives the same answer for ever; now doesn't."""
    early = history.event("ChallengeApproved", challenge_sid=history.approved)
    assert audit.json(at=str(early.position))["at"]["is_final"] is True
    assert audit.json(at=date_text(early.recorded_at))["at"]["is_final"] is True
    assert audit.json(at=date_text(history.events[-1].recorded_at))["at"]["is_final"] is False
    assert audit.json()["at"]["is_final"] is False


def test_what_is_still_to_come_is_refused(audit: Audit, history: History) -> None:
    """A position past the shard's end, a time past the database's clock: exit 1 and what there is."""
    position = audit.text(at=str(len(history.events) + 1))
    assert position.exit_code == 1
    assert f"ends at {len(history.events)}" in position.err
    time = audit.text(at=date_text(datetime.now(UTC) + timedelta(days=1)))
    assert time.exit_code == 1
    assert "still to come" in time.err


@pytest.mark.parametrize(
    "at", ["0", "-1", "yesterday", "2026-02-03", "2026-02-03T04:05:06", "2026-13-03T04:05:06Z", "9" * 30, ""]
)
def test_what_is_no_moment_is_refused(audit: Audit, at: str) -> None:
    """Exit 2: a time needs its zone, a position begins at 1."""
    ran = audit.text(f"--at={at}")
    assert (ran.exit_code, ran.out) == (2, "")
    assert "--at" in ran.err


def test_the_text_fits_into_a_hundred_columns(audit: Audit, history: History) -> None:
    """And says the same: lives, verdicts, each event with who did it."""
    ran = audit.text()
    assert ran.exit_code == 0
    assert [line for line in ran.out.splitlines() if len(line) > 100] == []
    assert f"Challenge {history.approved}: closed" in ran.out
    assert "3 valid" in ran.out
    for event in audit.json()["events"]:
        assert event["correlation_id"] in ran.out
        assert event["actor"] in ran.out


def test_what_is_sealed_is_shown_only_when_asked(audit: Audit, history: History) -> None:
    """Details, names; and never a secret."""
    for words in ((), ("--json",)):
        closed, opened = audit.text(*words), audit.text("--unseal", *words)
        assert "Example Shop" not in closed.out
        assert "order-4711" not in closed.out
        assert "Pay 1,000 € to Example Shop?" in opened.out
        assert "order-4711" in opened.out
        assert JWS_BEGINS not in closed.out + opened.out
    details = [one["details"] for one in audit.json("--unseal")["challenges"]]
    assert {json.loads(one["text"])["message"] for one in details} == {"Pay 1,000 € to Example Shop?"}


def test_a_silent_approval_is_told_apart(audit: Audit, history: History) -> None:
    """It says so in the challenge's metadata; the answers of the user say nothing."""
    metadata = {one["sid"]: one["metadata"]["text"] for one in audit.json("--unseal")["challenges"] if one["metadata"]}
    assert {sid: json.loads(text) for sid, text in metadata.items() if text} == {history.after: {"mode": "silent"}}


def test_every_member_of_the_json_is_documented(audit: Audit) -> None:
    """By its name, in docs/audit.md."""
    documented = set(re.findall(r"`(\w+)(?:\[\])?`", (ROOT / "docs" / "audit.md").read_text("utf-8")))
    report = audit.json()
    assert set(report["checks"]["receipts"]) <= documented
    events = [dict.fromkeys(event, 0) for event in report["events"]]  # what is in fields is the events' own
    assert names({**report, "events": events, "checks": {**report["checks"], "receipts": {}}}) <= documented


def names(value: Any) -> set[str]:  # Any: a JSON value
    """The names of all members, at any depth."""
    match value:
        case dict():
            return set(value).union(*map(names, value.values()))
        case list():
            return set().union(*map(names, value))
        case _:
            return set()
