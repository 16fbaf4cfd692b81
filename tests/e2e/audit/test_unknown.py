"""What the log has never heard of."""

from tests.e2e.audit.conftest import Audit
from tests.e2e.audit.history import History


def test_an_identity_that_never_was_is_refused(audit: Audit) -> None:
    """Exit 1, in one line."""
    ran = audit.text(entity="nobody-at-all")
    assert (ran.exit_code, ran.out) == (1, "")
    assert "never had an entity 'nobody-at-all'" in ran.err


def test_a_service_that_never_was_is_refused(audit: Audit) -> None:
    """In the form of a SID or not, of a shard that there is or not."""
    for service in ("VA" + "0" * 32, "VA" + "f" * 32, "nothing", ""):
        ran = audit.text(service=service)
        assert (ran.exit_code, ran.out) == (1, "")
        assert "has no service" in ran.err


def test_a_namesake_in_another_service_is_somebody_else(audit: Audit, history: History) -> None:
    """The same identity, and nothing of the first one's."""
    report = audit.json(service=history.other_service)
    assert report["service"]["sid"] == history.other_service
    (life,) = report["lives"]
    assert [one["entity_sid"] for one in report["factors"]] == [life["entity_sid"]]
    sids = {one["sid"] for one in report["challenges"]}
    assert sids.isdisjoint({history.approved, history.denied, history.left, history.after})


def test_a_deleted_service_still_has_its_history(audit: Audit, history: History) -> None:
    """When it was deleted, and that the reaper took its entities along."""
    report = audit.json(service=history.other_service)
    (life,) = report["lives"]
    assert report["entity_sid"] is None
    assert life["deleted_by"] == "system:service-reaper"
    assert report["service"]["deleted_at"] <= life["deleted_at"]
    assert report["checks"]["receipts"] == {}
    assert "The service was deleted at" in audit.text(service=history.other_service).out
    assert audit.json()["service"]["deleted_at"] is None


def test_an_identity_is_never_read_as_a_sid(audit: Audit) -> None:
    """The entity's SID names nobody."""
    ran = audit.text(entity=audit.json()["entity_sid"])
    assert ran.exit_code == 1
    assert "never had an entity" in ran.err


def test_what_can_be_no_identity_is_refused(audit: Audit) -> None:
    """Before anything is read for it."""
    for identity in ("short", "no spaces here", "x" * 65, "nul\x00nul\x00nul"):
        ran = audit.text(entity=identity)
        assert (ran.exit_code, ran.out) == (1, "")
        assert "8 to 64" in ran.err
