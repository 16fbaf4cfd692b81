"""The OpenAPI document: valid, whole, and as tight as the models."""

import re
from collections.abc import Iterator
from typing import Any, Final

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from pushward.error_codes import BY_CODE
from services.edge.app.models.shapes import Json
from services.edge.app.openapi.document import document, shown_path
from services.edge.app.openapi.refusals import refusals
from services.edge.app.operation import Operation
from services.edge.wiring import described_operations

OPERATIONS: Final = described_operations()
DOCUMENT: Final = document(OPERATIONS)
METHODS: Final = ("get", "post", "delete")


def _told() -> Iterator[tuple[str, Json]]:
    """Every operation of the document, with what names it."""
    for path, item in DOCUMENT["paths"].items():
        for method in METHODS:
            if method in item:
                yield f"{method.upper()} {path}", item[method]


def _schemas(node: Any) -> Iterator[Json]:  # Any: JSON
    """Every object below `node`."""
    if isinstance(node, dict):
        yield node
        for member in node.values():
            yield from _schemas(member)
    elif isinstance(node, list):
        for item in node:
            yield from _schemas(item)


def test_the_document_is_valid_openapi() -> None:
    """By the specification's own schema, with every reference resolved."""
    assert list(OpenAPIV31SpecValidator(DOCUMENT).iter_errors()) == []


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: f"{operation.method} {operation.path}")
def test_each_operation_is_told_with_its_answer_and_its_refusals(operation: Operation) -> None:
    """Neither a status more nor one less."""
    told = DOCUMENT["paths"][shown_path(operation.path)][operation.method.lower()]
    assert set(told["responses"]) == {str(status) for status in (operation.status, *refusals(operation))}
    assert told["summary"]


def test_operations_have_names_of_their_own() -> None:
    """Code generators make a function of each."""
    names = [operation["operationId"] for _, operation in _told()]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)+", name) for name in names)


def test_each_name_in_a_path_is_a_parameter() -> None:
    """With the pattern of its kind of SID."""
    for name, operation in _told():
        declared = {told["name"]: told["schema"] for told in operation.get("parameters", ()) if told["in"] == "path"}
        assert set(declared) == set(re.findall(r"{(\w+)}", name)), name
    item = DOCUMENT["paths"]["/v2/Services/{ServiceSid}/Entities/{Identity}/Challenges/{ChallengeSid}"]
    patterns = {told["name"]: told["schema"]["pattern"] for told in item["get"]["parameters"]}
    assert patterns == {
        "ServiceSid": "^VA[0-9a-fA-F]{32}$",
        "Identity": "^[A-Za-z0-9-]{8,64}$",
        "ChallengeSid": "^YC[0-9a-fA-F]{32}$",
    }


def test_every_body_of_ours_is_closed_and_whole() -> None:
    """No member that isn't told, and all but the one that devices can't read as null are always there."""
    for name, schema in DOCUMENT["components"]["schemas"].items():
        assert schema["additionalProperties"] is False, name
        optional = set(schema["properties"]) - set(schema["required"])
        assert optional == ({"date"} if name == "Details" else set()), name


def test_every_member_has_a_type() -> None:
    """What any JSON would satisfy tells nobody anything."""
    for name, schema in DOCUMENT["components"]["schemas"].items():
        for member, told in schema["properties"].items():
            assert {"type", "$ref", "anyOf", "oneOf"} & set(told), f"{name}.{member}"


def test_null_is_a_type_among_others() -> None:
    """As OpenAPI 3.1 has it, but for references."""
    for node in _schemas(DOCUMENT):
        if {"type": "null"} in node.get("anyOf", ()):
            assert all("$ref" in choice or choice == {"type": "null"} for choice in node["anyOf"]), node


def test_parameters_know_no_null_and_no_default_that_means_nothing() -> None:
    """What isn't given is left out."""
    for name, operation in _told():
        for node in _schemas(operation.get("requestBody", {})):
            assert "null" not in node.get("type", ""), name
            assert node.get("default", 0) not in (None, "", [], ()), name


def test_a_repeated_parameter_is_an_array() -> None:
    """In a form, each item as a parameter of its own."""
    form = DOCUMENT["paths"]["/v2/Services/{ServiceSid}/Webhooks"]["post"]["requestBody"]["content"]
    content = form["application/x-www-form-urlencoded"]
    assert content["schema"]["properties"]["EventTypes"]["type"] == "array"
    assert content["encoding"] == {"EventTypes": {"style": "form", "explode": True}}


def test_bounds_are_those_of_the_owner() -> None:
    """Not those of the message between edge and owner."""
    form = DOCUMENT["paths"]["/v2/Services"]["post"]["requestBody"]["content"]["application/x-www-form-urlencoded"]
    step = form["schema"]["properties"]["Totp.TimeStep"]
    assert (step["minimum"], step["maximum"]) == (20, 60)


def test_every_code_of_an_operation_is_told_with_its_status() -> None:
    """In the place of its HTTP status."""
    shared = DOCUMENT["components"]["responses"]
    for name, operation in _told():
        for status, told in operation["responses"].items():
            response = shared[told["$ref"].rpartition("/")[2]] if "$ref" in told else told
            codes = [code for node in _schemas(response) for code in node.get("code", {}).get("enum", ())]
            assert bool(codes) == (int(status) >= 400), name
            assert all(str(BY_CODE[code].status) == status for code in codes), name


def test_headers_that_an_answer_always_has_are_required() -> None:
    """A device reads what to sign from one, a backend its webhook's secret from another."""
    paths = DOCUMENT["paths"]
    fetched = paths["/v2/Services/{ServiceSid}/Entities/{Identity}/Challenges/{ChallengeSid}"]["get"]["responses"]
    assert fetched["200"]["headers"]["Twilio-Verify-Signature-Fields"]["required"]
    created = paths["/v2/Services/{ServiceSid}/Webhooks"]["post"]["responses"]
    assert created["201"]["headers"]["Pushward-Webhook-Secret"]["required"]


def test_the_server_is_the_public_url_if_there_is_one() -> None:
    """Else where the document came from."""
    assert DOCUMENT["servers"] == [{"url": "/"}]
    assert document(OPERATIONS, "https://verify.example.com")["servers"] == [{"url": "https://verify.example.com"}]
