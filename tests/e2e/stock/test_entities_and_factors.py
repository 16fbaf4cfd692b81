"""Entities, and push factors below them."""

from typing import Any, Final

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from twilio.base.exceptions import TwilioRestException

from tests.e2e.stock.backend import METADATA, Backend, Enrolled, push_arguments
from tests.support.phone import new_identity
from tests.support.push_factor import possession, spki_b64

TOKEN: Final = "t" * 40
FCM: Final = f"CR{'b' * 32}"


@pytest.mark.exercises(
    "POST /v2/Services/{ServiceSid}/Entities",
    "GET /v2/Services/{ServiceSid}/Entities/{Identity}",
    "DELETE /v2/Services/{ServiceSid}/Entities/{Identity}",
)
def test_an_entity_comes_and_goes(service: Any) -> None:
    """Create, fetch, delete, fetch again. Any: the library ships no types."""
    identity = new_identity()
    created = service.entities.create(identity=identity)
    fetched = service.entities(identity).fetch()
    assert (fetched.sid, fetched.identity, fetched.date_created) == (created.sid, identity, created.date_created)
    assert set(fetched.links) == {"factors", "new_factors", "challenges"}
    assert service.entities(identity).delete()
    with pytest.raises(TwilioRestException) as refusal:
        service.entities(identity).fetch()
    assert (refusal.value.status, refusal.value.code) == (404, 60392)


@pytest.mark.exercises(
    "GET /v2/Services/{ServiceSid}/Entities",
)
def test_the_library_follows_pages(service: Any) -> None:
    """It takes `next_page_url` verbatim, both when it lists and when it streams. Any: as above."""
    created = [service.entities.create(identity=new_identity()).sid for _ in range(5)]
    assert [entity.sid for entity in service.entities.list(page_size=2)] == created
    assert [entity.sid for entity in service.entities.stream(page_size=2)] == created
    assert [entity.sid for entity in service.entities.list(limit=3)] == created[:3]
    first = service.entities.page(page_size=2)
    second = service.entities.get_page(first.next_page_url)
    assert [entity.sid for entity in second] == created[2:4]
    assert [entity.sid for entity in service.entities.get_page(second.previous_page_url)] == created[:2]


@pytest.mark.exercises(
    "POST /v2/Services/{ServiceSid}/Entities/{Identity}/Factors",
    "POST /v2/Services/{ServiceSid}/Entities/{Identity}/Factors/{FactorSid}",
    "GET /v2/Services/{ServiceSid}/Entities/{Identity}/Factors/{FactorSid}",
)
def test_a_push_factor_is_enrolled(service: Any) -> None:
    """Created unverified with its binding, verified by its key; the entity comes with it. Any: as above."""
    key = ec.generate_private_key(ec.SECP256R1())
    identity = new_identity()
    entity = service.entities(identity)
    created = entity.new_factors.create(**push_arguments(key))
    assert (created.status, created.factor_type, created.identity) == ("unverified", "push", identity)
    assert created.binding == {"alg": "ES256", "public_key": spki_b64(key)}
    assert created.metadata == METADATA
    assert created.config["credential_sid"].startswith("CR")
    assert entity.fetch().sid == created.entity_sid

    verified = entity.factors(created.sid).update(auth_payload=possession(key, created.sid))
    assert verified.status == "verified"
    fetched = entity.factors(created.sid).fetch()
    assert (fetched.status, fetched.config, fetched.metadata) == ("verified", created.config, METADATA)
    assert [factor.sid for factor in entity.factors.list()] == [created.sid]


@pytest.mark.exercises(
    "DELETE /v2/Services/{ServiceSid}/Entities/{Identity}/Factors/{FactorSid}",
)
def test_a_push_factor_is_changed_and_deleted(backend: Backend) -> None:
    """Its name and where its pushes go; what is not named stays."""
    enrolled = Enrolled.by(backend.new_service(push_fcm_credential_sid=FCM))
    changed = enrolled.factor.update(
        friendly_name="Jo's new phone",
        config_notification_platform="fcm",
        config_notification_token=TOKEN,
        config_sdk_version="2.0",
    )
    assert (changed.friendly_name, changed.status, changed.metadata) == ("Jo's new phone", "verified", METADATA)
    config = {"app_id": "com.example.app", "sdk_version": "2.0", "notification_platform": "fcm"}
    assert config.items() <= changed.config.items()
    assert changed.config["notification_token"] == TOKEN
    assert enrolled.factor.delete()
    with pytest.raises(TwilioRestException) as refusal:
        enrolled.factor.fetch()
    assert (refusal.value.status, refusal.value.code) == (404, 60390)
    assert enrolled.entity.factors.list() == []


@pytest.mark.exercises(
    "GET /v2/Services/{ServiceSid}/Entities/{Identity}/Factors",
)
def test_factors_are_streamed(service: Any) -> None:
    """Over pages, oldest first. Any: as above."""
    entity = service.entities(new_identity())
    created = [
        entity.new_factors.create(**push_arguments(ec.generate_private_key(ec.SECP256R1()))).sid for _ in range(3)
    ]
    assert [factor.sid for factor in entity.factors.stream(page_size=1)] == created
