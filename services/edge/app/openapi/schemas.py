"""msgspec models as JSON Schema 2020-12, as OpenAPI 3.1 has it.

Answers are closed: a member that isn't told is a defect. Parameters are open, since unknown ones are ignored, and know
no null: what isn't given is left out.
"""

from collections.abc import Collection
from typing import Any, Final

import msgspec

from services.edge.app.models.shapes import REFERENCES, TOLD, Json
from services.edge.app.params import Params

_NULL: Final[Json] = {"type": "null"}


def answer_schemas(models: Collection[type[msgspec.Struct]]) -> Json:
    """Each model, and each that it holds, by name."""
    rules = {model.__name__: {"allOf": list(model.rules)} for model in models if hasattr(model, "rules")}
    return {name: {**_closed(schema), **rules.get(name, {})} for name, schema in _components(models).items()}


def parameter_schema(model: type[Params]) -> Json:
    """The object of an operation's parameters; `properties` is empty if it takes none."""
    schema: Json = _components([model])[model.__name__]
    properties = {name: _given(member) for name, member in schema["properties"].items()}
    required = {"required": schema["required"]} if schema["required"] else {}
    return {"type": "object", "properties": properties, **required}


def _components(models: Collection[type[msgspec.Struct]]) -> Json:
    """Each model, each that it holds, and each that it names as an alternative (`shapes.one_of`), by name."""
    alternatives = {one for model in models for one in getattr(model, "alternatives", ())}
    _, components = msgspec.json.schema_components({*models, *alternatives}, ref_template=REFERENCES)
    return {name: _tidied(schema) for name, schema in sorted(components.items())}


def _tidied(schema: Any) -> Any:  # Any: JSON
    """The same with what is told in the place of what was derived, enumerations with their type, null as a type."""
    if isinstance(schema, list):
        return [_tidied(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    told = {name: member for name, member in schema.items() if name != TOLD} | schema.get(TOLD, {})
    tidied = {name: _tidied(member) for name, member in told.items()}
    if all(isinstance(choice, str) for choice in tidied.get("enum", [None])):
        tidied["type"] = "string"
    return _with_null(tidied)


def _with_null(schema: Json) -> Json:
    """`anyOf: [X, null]` as X that may be null, where X is no reference."""
    choices = schema.get("anyOf", ())
    if len(choices) != 2 or choices[1] != _NULL or not isinstance(choices[0].get("type"), str):
        return schema
    merged: Json = {name: member for name, member in schema.items() if name != "anyOf"} | choices[0]
    merged["type"] = [choices[0]["type"], "null"]
    if "enum" in merged:
        merged["enum"] = [*merged["enum"], None]
    return merged


def _closed(schema: Json) -> Json:
    return {**schema, "additionalProperties": False} if schema.get("type") == "object" else schema


def _given(schema: Json) -> Json:
    """A parameter's schema without null, and without a default that stands for "not given"."""
    given = {name: member for name, member in schema.items() if name != "default" or member not in (None, "", ())}
    if isinstance(given.get("type"), list):
        given["type"] = given["type"][0]
    if _NULL in given.get("anyOf", ()):
        given |= given.pop("anyOf")[0]
    if None in given.get("enum", ()):
        given["enum"] = [choice for choice in given["enum"] if choice is not None]
    return given
