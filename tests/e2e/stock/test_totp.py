"""TOTP factors, with an authenticator app that scanned what the library returned."""

from typing import Any, Final

import pytest
from twilio.base.exceptions import TwilioRestException

from tests.support.authenticator import Authenticator
from tests.support.phone import new_identity

STEADY: Final = {"config_skew": 2, "config_time_step": 60}
"""The app's clock is stopped: a slow test still finds its codes in time."""
ENTITY: Final = "/v2/Services/{ServiceSid}/Entities/{Identity}"
TRIES: Final = 5


def agreed(entity: Any, **more: object) -> tuple[Any, Authenticator]:  # Any: the library ships no types
    """A new factor as it was created, and its user's app."""
    created = entity.new_factors.create(**{"friendly_name": "App", "factor_type": "totp", **STEADY, **more})
    return created, Authenticator.scanning(created.binding["uri"]).stopped()


@pytest.mark.exercises(f"POST {ENTITY}/Factors", f"POST {ENTITY}/Factors/{{FactorSid}}", f"POST {ENTITY}/Challenges")
def test_a_login_with_codes(service: Any) -> None:
    """From the factor's creation on, a wrong code before each right one: wrong is no error. Any: as above."""
    entity = service.entities(new_identity())
    created, app = agreed(entity)
    assert (created.factor_type, created.status) == ("totp", "unverified")
    assert created.config == {"alg": "sha1", "skew": 2, "code_length": 6, "time_step": 60}
    factor = entity.factors(created.sid)
    assert factor.update(auth_payload=app.wrong_code()).status == "unverified"
    assert factor.update(auth_payload=app.code(-1)).status == "verified"

    pending = entity.challenges.create(factor_sid=created.sid, auth_payload=app.wrong_code())
    assert (pending.status, pending.factor_type, pending.details) == ("pending", "totp", None)
    answered = entity.challenges(pending.sid).update(auth_payload=app.code(), metadata={"ip": "192.0.2.1"})
    assert (answered.status, answered.metadata) == ("approved", {"ip": "192.0.2.1"})
    assert entity.challenges.create(factor_sid=created.sid, auth_payload=app.code()).status == "pending"
    assert entity.challenges.create(factor_sid=created.sid, auth_payload=app.code(1)).status == "approved"


@pytest.mark.exercises(f"POST {ENTITY}/Factors/{{FactorSid}}")
def test_every_setting_of_a_totp_factor_is_kept(service: Any) -> None:
    """At the creation and later; the secret may be the caller's own. Any: as above."""
    entity = service.entities(new_identity())
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    created, app = agreed(entity, binding_secret=secret, config_alg="sha256", config_code_length=8)
    assert created.binding["secret"] == secret
    assert created.config == {"alg": "sha256", "skew": 2, "code_length": 8, "time_step": 60}
    factor = entity.factors(created.sid)
    assert factor.update(auth_payload=app.code()).status == "verified"
    changed = factor.update(
        friendly_name="New app", config_alg="sha512", config_code_length=7, config_skew=1, config_time_step=30
    )
    assert (changed.friendly_name, changed.status) == ("New app", "verified")
    assert changed.config == {"alg": "sha512", "skew": 1, "code_length": 7, "time_step": 30}
    assert factor.fetch().config == changed.config


@pytest.mark.provokes(60310)
def test_the_sixth_wrong_code_is_refused(service: Any) -> None:
    """429 60310: then a new factor is needed. Any: as above."""
    entity = service.entities(new_identity())
    created, app = agreed(entity)
    for _ in range(TRIES):
        assert entity.factors(created.sid).update(auth_payload=app.wrong_code()).status == "unverified"
    with pytest.raises(TwilioRestException) as refusal:
        entity.factors(created.sid).update(auth_payload=app.code())
    assert (refusal.value.status, refusal.value.code) == (429, 60310)
