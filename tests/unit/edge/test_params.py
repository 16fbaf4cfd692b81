"""Parameters as typed models."""

import pytest

from pushward.api.registry.v1.registry_pb2 import ServicePatch
from pushward.errors import BadRequestError
from services.edge.app.form import Pairs
from services.edge.app.models.access_tokens import CreateAccessTokenParams
from services.edge.app.models.challenges import CreateChallengeParams, ListChallengesParams
from services.edge.app.models.notifications import CreateNotificationParams
from services.edge.app.models.services import CreateServiceParams, UpdateServiceParams
from services.edge.app.models.webhooks import CreateWebhookParams
from services.edge.app.params import PageParams, Params, ParamsReader


def _code_of(model: type[Params], pairs: Pairs) -> int:
    with pytest.raises(BadRequestError) as refused:
        ParamsReader(model).read(pairs)
    return refused.value.code


def test_of_a_repeated_parameter_the_last_counts() -> None:
    """Contract section 10."""
    read = ParamsReader(UpdateServiceParams).read([("FriendlyName", "a"), ("FriendlyName", "b")])
    assert read.friendly_name == "b"


def test_a_list_is_a_repeated_parameter() -> None:
    """All of them count, in their order."""
    pairs = [("FactorSid", "YF"), ("Details.Fields", "{1}"), ("Details.Fields", "{2}")]
    assert ParamsReader(CreateChallengeParams).read(pairs).details_fields == ("{1}", "{2}")


def test_unknown_parameters_are_ignored() -> None:
    """Helper libraries send what we don't know."""
    assert ParamsReader(UpdateServiceParams).read([("Nonsense", "1")]) == UpdateServiceParams()


def test_dotted_names_are_read() -> None:
    """Objects are spelled with dots."""
    read = ParamsReader(UpdateServiceParams).read([("Push.IncludeDate", "true"), ("Totp.TimeStep", "30")])
    assert (read.push_include_date, read.totp_time_step) == (True, 30)


def test_every_setting_of_a_service_has_a_parameter() -> None:
    """The model and the message have the same fields, so a patch says exactly what was given."""
    assert set(UpdateServiceParams.__struct_fields__) == set(ServicePatch.DESCRIPTOR.fields_by_name)


def test_a_patch_leaves_unset_what_was_not_given() -> None:
    """An empty text was given, an absent one was not."""
    patch = ParamsReader(UpdateServiceParams).read([("TtsName", ""), ("LookupEnabled", "false")]).patch()
    assert {field.name for field, _ in patch.ListFields()} == {"tts_name", "lookup_enabled"}


def test_an_empty_value_of_anything_but_text_counts_as_not_given() -> None:
    """Helper libraries send empty parameters."""
    pairs = [("PageSize", ""), ("Status", ""), ("Order", "")]
    assert ParamsReader(ListChallengesParams).read(pairs) == ListChallengesParams()


@pytest.mark.parametrize(
    ("model", "pairs", "code", "name"),
    [
        (CreateServiceParams, [], 60200, "FriendlyName"),
        (CreateServiceParams, [("FriendlyName", "a"), ("CodeLength", "x")], 60200, "CodeLength"),
        (CreateServiceParams, [("FriendlyName", "a"), ("Push.IncludeDate", "x")], 60200, "Push.IncludeDate"),
        (CreateAccessTokenParams, [("Identity", "a")], 60305, "FactorType"),
        (CreateChallengeParams, [], 60306, "FactorSid"),
        (CreateWebhookParams, [("FriendlyName", "a"), ("WebhookUrl", "b")], 60306, "EventTypes"),
        (ListChallengesParams, [("Status", "gone")], 60306, "Status"),
        (ListChallengesParams, [("Order", "up")], 60306, "Order"),
        (PageParams, [("Page", "-1")], 60306, "Page"),
        (UpdateServiceParams, [("CodeLength", str(2**31))], 60200, "CodeLength"),
        (UpdateServiceParams, [("LookupEnabled", "Null")], 60200, "LookupEnabled"),
        (CreateNotificationParams, [("Ttl", "null")], 60306, "Ttl"),
        (CreateNotificationParams, [("Ttl", "1.5")], 60306, "Ttl"),
        (UpdateServiceParams, [("CodeLength", "9" * 40)], 60200, "CodeLength"),
    ],
)
def test_a_refusal_names_the_parameter_and_has_the_resources_code(
    model: type[Params], pairs: Pairs, code: int, name: str
) -> None:
    """So that whoever called knows what to correct."""
    with pytest.raises(BadRequestError, match=f"^{name} is ") as refused:
        ParamsReader(model).read(pairs)
    assert refused.value.code == code


@pytest.mark.parametrize("size", ["0", "1001", "-1", "x", "1.5"])
def test_a_page_size_outside_its_bounds_has_a_code_of_its_own(size: str) -> None:
    """60373, contract section 10."""
    assert _code_of(PageParams, [("PageSize", size)]) == 60373


def test_the_page_token_may_begin_with_a_small_letter() -> None:
    """The iOS SDK's spelling, contract section 3.8."""
    assert ParamsReader(ListChallengesParams).read([("pageToken", "abc")]).page_token == "abc"


def test_an_empty_value_of_a_choice_that_may_be_unset_unsets_it() -> None:
    """Its enumeration names the empty text."""
    patch = ParamsReader(UpdateServiceParams).read([("Passkeys.UserVerification", "")]).patch()
    assert patch.HasField("passkeys_user_verification")


def test_bounds_that_are_told_are_the_owners_to_check() -> None:
    """With its own code and message; here a value only has to fit into a message."""
    assert ParamsReader(UpdateServiceParams).read([("Totp.TimeStep", "1000")]).totp_time_step == 1000
