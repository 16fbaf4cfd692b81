"""TOTP factors on their entity's stream: given events, when a command, then events or a refusal."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from pushward.errors import PushwardError
from pushward.ids import Sid
from pushward.values import FactorStatus, FactorType, NotificationPlatform, TotpAlgorithm, TotpConfig
from services.registry.domain import totp_rules
from services.registry.domain.commands import CreateTotpFactor, TryCode, UpdateTotpFactor
from services.registry.domain.decider import totp
from services.registry.domain.decider.entity import decide_delete, decide_delete_factor
from services.registry.domain.events import (
    EntityDeleted,
    EntityEvent,
    FactorCreated,
    FactorUpdated,
    FactorVerified,
    TotpStepSpent,
    TotpVerificationFailed,
)
from services.registry.domain.state import EntityState, FactorRecord
from services.registry.domain.totp_rules import TotpConfigPatch
from tests.unit.registry import given
from tests.unit.registry.given import ACCOUNT, CREATED, ENTITY, IDENTITY, NEW_ENTITY, NOW, SERVICE, sealed

CONFIG = TotpConfig(TotpAlgorithm.SHA1, 1, 6, 30)
SID = given.factor_sid(1)
STEP = int(NOW.timestamp()) // 30
FIRST, SECOND = UUID(int=101), UUID(int=102)


def create(number: int = 1) -> CreateTotpFactor:
    """The command that agrees on the ``number``-th secret."""
    digest = number.to_bytes(32)
    return CreateTotpFactor(
        given.factor_sid(number), sealed(f"app {number}"), sealed("secret"), digest, CONFIG, sealed("metadata")
    )


def created(number: int = 1) -> FactorCreated:
    """The event that says so."""
    command = create(number)
    return FactorCreated(
        factor_sid=command.factor_sid,
        account_sid=ACCOUNT,
        service_sid=SERVICE,
        entity_sid=ENTITY,
        identity=IDENTITY,
        factor_type=FactorType.TOTP,
        friendly_name=command.friendly_name,
        public_key=b"",
        app_id="",
        sdk_version="",
        notification_platform=NotificationPlatform.NONE,
        notification_token=None,
        metadata=command.metadata,
        access_token_sid=None,
        totp_secret=command.secret,
        totp_secret_digest=command.secret_digest,
        totp_config=CONFIG,
    )


def spent(step: int = STEP, attempt_id: UUID = FIRST, sid: Sid = SID) -> TotpStepSpent:
    """A right code was taken."""
    return TotpStepSpent(sid, ACCOUNT, SERVICE, ENTITY, IDENTITY, FactorType.TOTP, step=step, attempt_id=attempt_id)


def failed(failures: int) -> TotpVerificationFailed:
    """A wrong code was given to verify it."""
    return TotpVerificationFailed(SID, ACCOUNT, SERVICE, ENTITY, IDENTITY, FactorType.TOTP, failures)


def updated(config: TotpConfig = CONFIG, name: str = "app 1") -> FactorUpdated:
    """It has another configuration or name."""
    return FactorUpdated(
        SID,
        ACCOUNT,
        SERVICE,
        ENTITY,
        IDENTITY,
        FactorType.TOTP,
        friendly_name=sealed(name),
        app_id="",
        sdk_version="",
        notification_platform=NotificationPlatform.NONE,
        notification_token=None,
        totp_config=config,
    )


VERIFIED = FactorVerified(SID, ACCOUNT, SERVICE, ENTITY, IDENTITY, FactorType.TOTP)


def entity(*events: EntityEvent) -> EntityState:
    """An entity with one TOTP factor, after more events."""
    return given.entity(CREATED, created(), *events)


def factor(state: EntityState) -> FactorRecord:
    """Its factor."""
    return state.factors[SID]


def tried(*steps: int, attempt_id: UUID = SECOND) -> TryCode:
    """A code that stands for these steps."""
    return TryCode(attempt_id, steps)


def verify(*steps: int) -> UpdateTotpFactor:
    """A code is to verify the factor."""
    return UpdateTotpFactor(SID, tried(*steps))


def code_of(refused: pytest.ExceptionInfo[PushwardError]) -> int:
    """The contract's code."""
    return refused.value.code


def test_a_secret_is_agreed_on_and_its_entity_created_with_it() -> None:
    """The entity only where there is none."""
    assert totp.decide_create_totp_factor(EntityState(), NEW_ENTITY, create(), NOW) == [CREATED, created()]
    assert totp.decide_create_totp_factor(entity(), NEW_ENTITY, create(2), NOW) == [created(2)]


def test_the_same_secret_twice_in_an_entity_is_refused() -> None:
    """409 60317, until the factor is deleted."""
    with pytest.raises(PushwardError) as refused:
        totp.decide_create_totp_factor(entity(), NEW_ENTITY, create(), NOW)
    assert code_of(refused) == 60317
    gone = given.then(entity(), decide_delete_factor(entity(), SID))
    again = CreateTotpFactor(given.factor_sid(2), sealed("app"), sealed("secret"), create().secret_digest, CONFIG, None)
    assert totp.decide_create_totp_factor(gone, NEW_ENTITY, again, NOW)


def test_push_factors_have_no_secret_in_common_with_anything() -> None:
    """That they have none is no binding."""
    state = given.entity(CREATED, given.created(2), given.created(3))
    assert totp.decide_create_totp_factor(state, NEW_ENTITY, create(), NOW) == [created()]
    assert given.then(entity(), [created(2), given.created(3), given.created(4)]).live_factors


@pytest.mark.provokes(60315)
def test_an_entity_has_a_hundred_totp_factors_at_most() -> None:
    """The next one is 400 60315; over some days, since a hundred are all that may be created on one."""
    state = given.entity(CREATED)
    for number in range(1, 101):
        state = given.then(state, [created(number)], at=datetime(2026, 3, 1 + number // 60, tzinfo=UTC))
    with pytest.raises(PushwardError) as refused:
        totp.decide_create_totp_factor(state, NEW_ENTITY, create(101), datetime(2026, 3, 3, tzinfo=UTC))
    assert code_of(refused) == 60315
    fewer = given.then(state, decide_delete_factor(state, SID))
    assert totp.decide_create_totp_factor(fewer, NEW_ENTITY, create(101), datetime(2026, 3, 3, tzinfo=UTC))


@pytest.mark.provokes(60326)
def test_a_hundred_factors_of_whatever_type_are_created_on_a_day() -> None:
    """429 60326 with the time until the next one."""
    state = given.entity(CREATED, *(created(number) for number in range(1, 91)))
    state = given.then(state, [given.created(number) for number in range(91, 101)])
    state = given.then(state, decide_delete_factor(state, SID))
    with pytest.raises(PushwardError) as refused:
        totp.decide_create_totp_factor(state, NEW_ENTITY, create(101), NOW)
    assert (code_of(refused), refused.value.retry_after_seconds) == (60326, 43_200)


def test_a_right_code_verifies_a_factor_and_is_spent_by_it() -> None:
    """Both in one append."""
    events = totp.decide_update_totp_factor(entity(), verify(STEP))
    assert events == [spent(attempt_id=SECOND), VERIFIED]
    after = factor(given.then(entity(), events))
    assert (after.status, after.totp_spent_until) == (FactorStatus.VERIFIED, (STEP + 1) * 30)


def test_a_wrong_code_is_counted_and_changes_nothing_that_is_shown() -> None:
    """The factor stays unverified, and has not been updated."""
    state = given.then(
        entity(), totp.decide_update_totp_factor(entity(), verify()), at=datetime(2026, 3, 2, tzinfo=UTC)
    )
    assert (factor(state).totp_failures, factor(state).status) == (1, FactorStatus.UNVERIFIED)
    assert factor(state).date_updated == NOW


def test_after_five_wrong_codes_none_is_looked_at() -> None:
    """429 60310, also for a right one; the name may still be changed."""
    state = entity(*(failed(number) for number in range(1, 5)))
    assert totp.decide_update_totp_factor(state, verify(STEP)) == [spent(attempt_id=SECOND), VERIFIED]
    assert totp.decide_update_totp_factor(state, verify()) == [failed(5)]
    state = given.then(state, [failed(5)])
    for steps in ((), (STEP,)):
        with pytest.raises(PushwardError) as refused:
            totp.decide_update_totp_factor(state, verify(*steps))
        assert code_of(refused) == 60310
    renamed = totp.decide_update_totp_factor(state, UpdateTotpFactor(SID, friendly_name=sealed("new")))
    assert renamed == [updated(name="new")]


@pytest.mark.parametrize("steps", [(), (STEP,), (STEP + 1,)])
def test_a_code_for_a_verified_factor_is_ignored(steps: tuple[int, ...]) -> None:
    """Right or wrong; nothing is spent."""
    assert totp.decide_update_totp_factor(entity(spent(), VERIFIED), verify(*steps)) == []


def test_a_wrong_code_does_not_stop_a_change() -> None:
    """Whoever may change it has said what is to change."""
    command = UpdateTotpFactor(SID, tried(), sealed("new"))
    assert totp.decide_update_totp_factor(entity(), command) == [failed(1), updated(name="new")]


def test_a_configuration_is_changed_and_all_else_stays() -> None:
    """Also the status."""
    longer = TotpConfig(TotpAlgorithm.SHA256, 2, 8, 60)
    state = entity(spent(), VERIFIED)
    events = totp.decide_update_totp_factor(state, UpdateTotpFactor(SID, config=longer))
    assert events == [updated(longer)]
    after = factor(given.then(state, events))
    assert (after.totp_config, after.status, after.totp_secret) == (longer, FactorStatus.VERIFIED, create().secret)


def test_a_code_is_spent_once() -> None:
    """The same again, and an older one, are wrong codes; a newer one counts."""
    state = entity(spent(STEP), VERIFIED)
    assert totp.decide_check(state, SID, tried(STEP)) == []
    assert totp.decide_check(state, SID, tried(STEP - 1)) == []
    assert totp.decide_check(state, SID, tried()) == []
    newer = totp.decide_check(state, SID, tried(STEP + 1))
    assert newer == [spent(STEP + 1, SECOND)]
    assert totp.was_taken(factor(given.then(state, newer)), tried(STEP + 1))


def test_of_several_steps_the_newest_is_spent() -> None:
    """So the same code doesn't count again as one of the others."""
    state = entity(spent(STEP - 5), VERIFIED)
    assert totp.decide_check(state, SID, tried(STEP - 1, STEP + 1)) == [spent(STEP + 1, SECOND)]


def test_the_same_attempt_again_gets_the_same_answer() -> None:
    """And spends nothing more, even if its code stands for a newer step by now."""
    state = entity(spent(STEP - 5), VERIFIED, spent(STEP, SECOND))
    for steps in ((STEP,), (STEP + 1,), ()):
        assert totp.decide_check(state, SID, tried(*steps)) == []
        assert totp.was_taken(factor(state), tried(*steps))
    assert not totp.was_taken(factor(state), tried(STEP, attempt_id=UUID(int=9)))


@pytest.mark.parametrize(("before", "after"), [(60, 30), (30, 60), (20, 60), (60, 20)])
def test_what_is_spent_stays_spent_when_the_time_step_changes(before: int, after: int) -> None:
    """By time, whatever the numbers of the steps: neither does an old code count again, nor are new ones shut out."""
    now = int(NOW.timestamp())
    old, new = TotpConfig(TotpAlgorithm.SHA1, 1, 6, before), TotpConfig(TotpAlgorithm.SHA1, 1, 6, after)
    state = entity(updated(old), spent(now // before), VERIFIED, updated(new))
    assert totp.decide_check(state, SID, tried(now // after - 1)) == []
    later = (now + before + after) // after
    assert totp.decide_check(state, SID, tried(later)) == [spent(later, SECOND)]


def test_codes_count_for_verified_totp_factors_only() -> None:
    """403 60318, 400 60369, 404 60390."""
    state = given.then(entity(), [given.created(2)])
    for sid, code in ((SID, 60318), (given.factor_sid(2), 60369), (given.factor_sid(3), 60390)):
        with pytest.raises(PushwardError) as refused:
            totp.decide_check(state, sid, tried(STEP))
        assert code_of(refused) == code


def test_a_deleted_factor_keeps_no_secret() -> None:
    """Neither does its row say whether another has the same."""
    state = given.then(entity(spent(), VERIFIED), decide_delete_factor(entity(), SID))
    assert (factor(state).totp_secret, factor(state).totp_secret_digest) == (None, b"")
    deleted = decide_delete(entity())
    assert isinstance(deleted[-1], EntityDeleted)


@pytest.mark.parametrize(
    "events",
    [
        (spent(STEP), VERIFIED, spent(STEP)),
        (spent(STEP), VERIFIED, spent(STEP - 1)),
        (spent(STEP), VERIFIED, failed(1)),
        (failed(2),),
        tuple(failed(number) for number in range(1, 7)),
        (created(),),
    ],
)
def test_what_can_not_have_happened_is_not_folded(events: tuple[EntityEvent, ...]) -> None:
    """The decider's invariants hold in every history."""
    with pytest.raises(AssertionError):
        entity(*events)


def test_defaults_stay_where_nothing_is_given() -> None:
    """And each member may be set alone."""
    assert totp_rules.config(CONFIG, TotpConfigPatch()) == CONFIG
    assert totp_rules.config(CONFIG, TotpConfigPatch(alg="")) == CONFIG
    assert totp_rules.config(CONFIG, TotpConfigPatch("sha512", 0, 3, 20)) == TotpConfig(TotpAlgorithm.SHA512, 0, 3, 20)
    assert totp_rules.config(CONFIG, TotpConfigPatch(code_length=8)).code_length == 8


@pytest.mark.parametrize(
    ("patch", "parameter"),
    [
        (TotpConfigPatch(alg="md5"), "Config.Alg"),
        (TotpConfigPatch(alg="SHA1"), "Config.Alg"),
        (TotpConfigPatch(skew=-1), "Config.Skew"),
        (TotpConfigPatch(skew=3), "Config.Skew"),
        (TotpConfigPatch(code_length=2), "Config.CodeLength"),
        (TotpConfigPatch(code_length=9), "Config.CodeLength"),
        (TotpConfigPatch(time_step=19), "Config.TimeStep"),
        (TotpConfigPatch(time_step=61), "Config.TimeStep"),
    ],
)
def test_a_configuration_out_of_bounds_is_refused(patch: TotpConfigPatch, parameter: str) -> None:
    """400 60370, naming the parameter."""
    with pytest.raises(PushwardError, match=parameter) as refused:
        totp_rules.config(CONFIG, patch)
    assert code_of(refused) == 60370


@pytest.mark.parametrize("text", ["A" * 15, "A" * 8, "not base32", "A" * 256, "1" * 32, "A" * 257])
def test_a_secret_out_of_bounds_is_refused(text: str) -> None:
    """400 60314."""
    with pytest.raises(PushwardError, match=r"Binding\.Secret") as refused:
        totp_rules.secret(text)
    assert code_of(refused) == 60314


@pytest.mark.parametrize("text", ["", "12", "123456789", "12345a", "\u0661\u0662\u0663", "123456\n", "-12345", "1 2 3"])
def test_what_is_no_code_is_refused(text: str) -> None:
    """400 60306; digits are those of ASCII."""
    with pytest.raises(PushwardError) as refused:
        totp_rules.code(text)
    assert code_of(refused) == 60306
