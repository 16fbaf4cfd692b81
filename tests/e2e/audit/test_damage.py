"""The log alone counts, and nobody can change it unseen: state tables gone, rows changed, keys gone."""

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from pushward import ids
from pushward.api.events.v1 import registry_pb2
from pushward.cli.audit import evidence
from pushward.cli.audit.report import date_text
from pushward.eventlog.codec import Binding, Codec
from pushward.eventlog.envelope import new_events
from pushward.eventlog.event import Actor, ActorKind, NewEvent, Origin
from pushward.ids import Sid
from pushward.values import FactorType
from services.registry.adapters.codec import ACCESS_TOKEN_CODEC
from services.registry.domain.events import AccessTokenIssued
from tests.e2e.audit.conftest import Audit, Harm
from tests.e2e.audit.history import History
from tests.support.installation import SHARDS, Stores, pushward

LATER_TYPE = 9_999
CHANGES = {
    "payload": ("payload = payload || '\\x00'::bytea", "payload"),
    "a letter of the identity": (
        "payload = overlay(payload placing 'X'::bytea from position(convert_to($3, 'UTF8') in payload))",
        "payload",
    ),
    "type": ("type = 42", "type"),
    "schema": ("schema = 9", "schema"),
    "version": ("version = 9", "version"),
    "stream": ("stream_id = gen_random_uuid()", "stream"),
    "event id": ("event_id = gen_random_uuid()", "event id"),
    "time": ("recorded_at = recorded_at - interval '1 microsecond'", "time"),
    "envelope": ("envelope = '\\xff'::bytea", "envelope can't be read"),
    "time out of reach": ("envelope = '\\x320a08ffffffffffffffff7f'::bytea", "envelope can't be read"),
}


def test_the_state_tables_are_not_asked(audit: Audit, harm: Harm, copied: Stores) -> None:
    """Emptied, the answer stays the same to the last character."""
    for table in (
        "registry.entity",
        "registry.factor",
        "registry.access_token",
        "registry.service",
        "challenge.challenge",
    ):
        harm(f"DELETE FROM {table}")
    assert audit.json("--unseal", stores=copied) == audit.json("--unseal")


def test_wrong_state_tables_are_not_believed(audit: Audit, harm: Harm, copied: Stores) -> None:
    """Neither a forged status nor another key."""
    harm("UPDATE challenge.challenge SET status = 'denied'")
    harm("UPDATE registry.factor SET public_key = '\\x00'::bytea")
    assert audit.json(stores=copied) == audit.json()


@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_row_is_found(audit: Audit, harm: Harm, copied: Stores, history: History, name: str) -> None:
    """Exit 1; its position and what was changed are named, and nothing is concluded from it."""
    change, told = CHANGES[name]
    position = history.event("ChallengeApproved", challenge_sid=history.after).position
    arguments = (history.shard, position, history.identity) if "$3" in change else (history.shard, position)
    harm(f"UPDATE log.event SET {change} WHERE shard = $1 AND position = $2", *arguments)
    report = audit.json(stores=copied, right=False)
    assert (history.shard, position) in {(flaw["shard"], flaw["position"]) for flaw in report["checks"]["flaws"]}
    assert any(told in flaw["text"] for flaw in report["checks"]["flaws"])
    assert [one["status"] for one in report["challenges"] if one["sid"] == history.after] == ["pending"]
    assert [event["position"] for event in report["events"] if not event["intact"]] in ([position], [])
    assert "NOT RIGHT" in audit.text(stores=copied).out


def test_a_changed_row_of_somebody_else_is_told_too(audit: Audit, harm: Harm, copied: Stores, history: History) -> None:
    """It may have been this identity's before it was changed."""
    own = {event["position"] for event in audit.json()["events"]}
    position = next(event.position for event in history.events if event.position not in own)
    harm("UPDATE log.event SET payload = '' WHERE shard = $1 AND position = $2", history.shard, position)
    report = audit.json(stores=copied, right=False)
    assert [flaw["position"] for flaw in report["checks"]["flaws"]] == [position]
    assert report["challenges"] == audit.json()["challenges"]


def test_flaws_without_number_are_counted(
    audit: Audit, harm: Harm, copied: Stores, history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others' are told one by one up to a bound; this identity's own always are."""
    monkeypatch.setattr(evidence, "OTHERS_FLAWS_MAX", 1)
    own = {event["position"] for event in audit.json()["events"]}
    harm("UPDATE log.event SET payload = payload || '\\xf80701'::bytea WHERE shard = $1 AND type >= 20", history.shard)
    changed = [event for event in history.events if not event.type.startswith(("Account", "Service"))]
    flaws = audit.json(stores=copied, right=False)["checks"]["flaws"]
    assert {flaw["position"] for flaw in flaws} >= own
    assert f"{len(changed) - len(own) - 1} more flaws" in flaws[-1]["text"]


@pytest.mark.parametrize("is_last", [False, True], ids=["in the middle", "at the end"])
def test_a_missing_row_is_found(audit: Audit, harm: Harm, copied: Stores, history: History, is_last: bool) -> None:
    """A hole in the positions, or fewer than were handed out."""
    answered = history.after if is_last else history.approved
    position = history.event("ChallengeApproved", challenge_sid=answered).position
    assert (position == history.events[-1].position) is is_last
    harm("DELETE FROM log.event WHERE shard = $1 AND position = $2", history.shard, position)
    flaws = audit.json(stores=copied, right=False)["checks"]["flaws"]
    assert (position, f"positions up to {position} are missing") in {(one["position"], one["text"]) for one in flaws}


def test_a_changed_service_is_found(audit: Audit, harm: Harm, copied: Stores, history: History) -> None:
    """In another shard; nothing of it is believed."""
    stream = ids.stream_of_sid(history.service)
    harm("UPDATE log.event SET payload = payload || '\\x00'::bytea WHERE stream_id = $1", stream)
    ran = audit.text(stores=copied)
    assert ran.exit_code == 1
    assert "can be trusted" in ran.err


def test_a_forgotten_identity_says_so_and_all_else_works(audit: Audit, copied_keys: Stores) -> None:
    """After `pushward forget`: receipts and texts are erased, exit 0; who forgot it is told."""
    whole = audit.json()
    pushward(copied_keys.environment(), *("forget", "--yes", *audit.named()))
    report = audit.json("--unseal", stores=copied_keys)
    assert report["checks"]["receipts"] == {"erased": 3}
    assert {one["details"]["state"] for one in report["challenges"]} == {"erased"}
    assert {one["friendly_name"]["state"] for one in report["factors"]} == {"erased"}
    assert (report["entity_sid"], len(report["lives"])) == (None, 2)
    assert report["forgotten"][0]["by"] == "system:operator"
    assert set(report["forgotten"][0]["entity_sids"]) == {life["entity_sid"] for life in report["lives"]}
    before = audit.json(stores=copied_keys, at=str(whole["at"]["position"]))
    assert before["checks"]["receipts"] == {"erased": 3}
    for name in ("lives", "events", "entity_sid", "access_tokens", "forgotten"):
        assert before[name] == whole[name]
    assert "forgotten" in audit.text(stores=copied_keys).out


def test_a_wrong_key_encryption_key_checks_nothing_and_says_so(audit: Audit, history: History, tmp_path: Path) -> None:
    """Exit 1: a check that could not be made is not passed. Which key is needed is named."""
    wrong = tmp_path / "kek"
    wrong.write_bytes(base64.b64encode(bytes(32)))
    wrong.chmod(0o600)
    report = audit.json("--unseal", stores=replace(history.stores, kek_file=wrong), right=False)
    assert report["checks"]["receipts"] == {"unreadable": 3}
    assert all("is wrapped by" in one["receipt"]["reason"] for one in report["challenges"] if one["receipt"])
    assert {one["details"]["state"] for one in report["challenges"]} == {"unreadable"}
    assert report["checks"]["flaws"] == []


def test_an_earlier_event_behind_a_later_one_is_not_counted(
    audit: Audit, harm: Harm, copied: Stores, history: History
) -> None:
    """A time stands for the events before the shard's first later one: streams' times may interleave."""
    head, long_ago = history.events[-1], history.events[0].recorded_at - timedelta(hours=1)
    now = datetime.now(UTC)
    for offset, recorded_at in ((1, now), (2, long_ago)):
        insert(harm, history, head.position + offset, token_issued(history, recorded_at))
    between = audit.json(stores=copied, at=date_text(now - timedelta(microseconds=1)))
    assert between["at"]["position"] == head.position
    assert between["at"]["is_final"] is True
    assert audit.json(stores=copied)["at"]["position"] == head.position + 2


def test_an_event_that_cannot_be_read_is_not_passed_over(
    audit: Audit, harm: Harm, copied: Stores, history: History
) -> None:
    """A later release's, with the identity in it: it may belong to the answer, so the answer isn't right."""
    later = Codec([Binding(LATER_TYPE, 1, AccessTokenIssued, registry_pb2.AccessTokenIssued)])
    insert(harm, history, history.events[-1].position + 1, token_issued(history, datetime.now(UTC), later))
    (flaw,) = audit.json(stores=copied, right=False)["checks"]["flaws"]
    assert flaw["position"] == history.events[-1].position + 1
    assert "can't be read" in flaw["text"]


def insert(harm: Harm, history: History, position: int, event: NewEvent) -> None:
    """Puts an event at the end of the history's shard, as an append would."""
    columns = (event.stream_id, event.version, event.event_id, event.type, event.schema, event.recorded_at)
    place = (history.shard, position)
    statement = "INSERT INTO log.event VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
    harm(statement, *place, *columns, event.envelope, event.payload)
    harm("UPDATE log.shard SET position = $2 WHERE shard = $1", *place)


def token_issued(history: History, recorded_at: datetime, codec: Codec = ACCESS_TOKEN_CODEC) -> NewEvent:
    """An access token of the same identity, as the log would have it."""
    sid = ids.new_sid(ids.ACCESS_TOKEN, history.shard, int(recorded_at.timestamp()), SHARDS)
    issued = AccessTokenIssued(
        sid,
        Sid(history.account_sid),
        Sid(history.service),
        history.identity,
        FactorType.PUSH,
        None,
        bytes(32),
        60,
        recorded_at + timedelta(seconds=60),
        1,
    )
    origin = Origin(history.account_sid, Actor(ActorKind.ACCOUNT, history.account_sid), uuid4(), uuid4(), uuid4())
    stream_id = ids.stream_of_sid(sid)
    (event,) = new_events(codec, [issued], stream_id=stream_id, after_version=0, recorded_at=recorded_at, origin=origin)
    return event
