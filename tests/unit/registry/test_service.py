"""Services: settings within their bounds, deletion for good."""

from uuid import UUID

import pytest

from pushward.errors import BadRequestError, NotFoundError
from pushward.eventlog.event import Recorded
from pushward.ids import Sid
from services.registry.domain.decider import service as decider
from services.registry.domain.events import ServiceCreated, ServiceDeleted, ServiceEvent, ServiceUpdated
from services.registry.domain.service_settings import ServicePatch, ServiceSettings
from services.registry.domain.state import ServiceState
from tests.unit.registry.given import ACCOUNT, NOW, SERVICE

CREATED = ServiceCreated(SERVICE, ACCOUNT, "Shop", ServiceSettings())
DELETED = ServiceDeleted(SERVICE, ACCOUNT)


def given(*events: ServiceEvent) -> ServiceState:
    """The state of a service's stream."""
    state = ServiceState()
    for event in events:
        state = decider.evolve(state, event, Recorded(UUID(int=1), state.version + 1, NOW))
    return state


def create(patch: ServicePatch) -> list[ServiceEvent]:
    """What creating a service comes to."""
    return decider.decide_create(ServiceState(), Sid(SERVICE), ACCOUNT, patch)


def test_a_new_service_has_the_contracts_defaults() -> None:
    """Contract section 1a."""
    assert create(ServicePatch(friendly_name="Shop")) == [CREATED]
    defaults = CREATED.settings
    assert (defaults.totp_time_step, defaults.totp_code_length, defaults.totp_skew) == (30, 6, 1)
    assert not defaults.push_include_date


def test_settings_are_set_and_unset() -> None:
    """An empty text unsets what may be unset; origins come as one text with commas."""
    patch = ServicePatch(
        friendly_name="Shop",
        code_length=8,
        push_fcm_credential_sid="CR" + "f" * 32,
        passkeys_relying_party_origins="https://a.example, https://b.example,",
        passkeys_user_verification="required",
    )
    (created,) = create(patch)
    assert isinstance(created, ServiceCreated)
    assert created.settings.passkeys_relying_party_origins == ("https://a.example", "https://b.example")
    cleared = ServicePatch(push_fcm_credential_sid="", passkeys_relying_party_origins="", passkeys_user_verification="")
    (updated,) = decider.decide_update(given(created), cleared)
    assert updated == ServiceUpdated(SERVICE, ACCOUNT, "Shop", ServiceSettings(code_length=8))


@pytest.mark.parametrize(
    "patch",
    [
        ServicePatch(),
        ServicePatch(friendly_name=""),
        ServicePatch(friendly_name="x" * 33),
        ServicePatch(friendly_name="x", code_length=3),
        ServicePatch(friendly_name="x", code_length=11),
        ServicePatch(friendly_name="x", totp_time_step=19),
        ServicePatch(friendly_name="x", totp_time_step=61),
        ServicePatch(friendly_name="x", totp_code_length=9),
        ServicePatch(friendly_name="x", totp_skew=3),
        ServicePatch(friendly_name="x", totp_issuer="i" * 256),
        ServicePatch(friendly_name="x", push_apn_credential_sid="CR1"),
        ServicePatch(friendly_name="x", push_fcm_credential_sid="AC" + "f" * 32),
        ServicePatch(friendly_name="x", default_template_sid="CR" + "f" * 32),
        ServicePatch(friendly_name="x", whatsapp_msg_service_sid="x"),
        ServicePatch(friendly_name="x", passkeys_authenticator_attachment="usb"),
        ServicePatch(friendly_name="x", passkeys_discoverable_credentials="yes"),
        ServicePatch(friendly_name="x", passkeys_relying_party_origins="no origin"),
        ServicePatch(friendly_name="x", passkeys_relying_party_origins=",".join(["https://a.example"] * 21)),
    ],
)
def test_settings_out_of_bounds_are_refused(patch: ServicePatch) -> None:
    """60200, for each of them."""
    with pytest.raises(BadRequestError) as raised:
        create(patch)
    assert raised.value.code == 60200


def test_an_update_that_changes_nothing_records_nothing() -> None:
    """The log holds facts, not requests."""
    assert decider.decide_update(given(CREATED), ServicePatch(friendly_name="Shop", code_length=6)) == []


def test_a_deleted_service_is_not_found_any_more() -> None:
    """20404, by updates and by a second deletion."""
    assert decider.decide_delete(given(CREATED)) == [DELETED]
    gone = given(CREATED, DELETED)
    with pytest.raises(NotFoundError) as delete:
        decider.decide_delete(gone)
    with pytest.raises(NotFoundError) as update:
        decider.decide_update(gone, ServicePatch())
    assert (delete.value.code, update.value.code) == (20404, 20404)


def test_nothing_follows_a_deletion() -> None:
    """evolve asserts it again."""
    with pytest.raises(AssertionError):
        given(CREATED, DELETED, DELETED)
