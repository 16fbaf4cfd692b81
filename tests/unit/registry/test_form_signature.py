"""X-Twilio-Signature: whatever the form, stock validators come to the same."""

from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from services.registry.app.webhooks import form_signature

TEXT = st.text(st.characters(codec="utf-8"), max_size=20)


@given(st.text("0123456789abcdef", min_size=1), TEXT, st.dictionaries(TEXT, TEXT, max_size=8))
def test_a_signature_is_the_one_that_twilios_validator_computes(
    auth_token: str, path: str, fields: dict[str, str]
) -> None:
    """Contract section 4: names in their order, each with its value, no separators."""
    url = "https://example.com/" + path
    assert form_signature(auth_token, url, fields) == RequestValidator(auth_token).compute_signature(url, fields)
