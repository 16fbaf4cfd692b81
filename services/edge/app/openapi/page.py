"""The document as one HTML page: each operation with its parameters, its answer and its codes."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from pushward.error_codes import BY_CODE
from services.edge.app.models.shapes import Json
from services.edge.app.openapi import errors, markup

METHODS: Final = ("get", "post", "delete")
_PREFIX: Final = "#/components/schemas/"
_LIMITS: Final = (
    ("minimum", "at least {}"),
    ("maximum", "at most {}"),
    ("minLength", "at least {} characters"),
    ("maxLength", "at most {} characters"),
    ("minItems", "at least {} items"),
    ("maxItems", "at most {} items"),
)


def html(document: Json) -> str:
    """The page."""
    schemas: Mapping[str, Json] = document["components"]["schemas"]
    tags: Iterable[Json] = document["tags"]
    return markup.page(
        f"{document['info']['title']} {document['info']['version']}",
        markup.paragraph(document["info"]["description"]),
        f"<p>{markup.link('openapi.json', 'The same as an OpenAPI document')}</p>",
        _callers(document),
        _contents(tags),
        *(part for tag in tags for part in _tag(tag, document)),
        '<h2 id="schemas">What answers hold</h2>',
        *(part for name, schema in schemas.items() for part in _schema(name, schema)),
        '<h2 id="codes">Error codes</h2>',
        errors.table(),
    )


def _callers(document: Json) -> str:
    schemes: Mapping[str, Json] = document["components"]["securitySchemes"]
    return markup.table(
        ("for", "HTTP Basic"), ((name, markup.prose(scheme["description"])) for name, scheme in schemes.items())
    )


def _contents(tags: Iterable[Json]) -> str:
    names = [*((_anchor(tag["name"]), tag["name"]) for tag in tags), ("schemas", "Answers"), ("codes", "Error codes")]
    items = "".join(f"<li>{markup.link(f'#{anchor}', name)}</li>" for anchor, name in names)
    return f"<nav><ul>{items}</ul></nav>"


def _anchor(name: str) -> str:
    return name.lower().replace(" ", "-")


def _tag(tag: Json, document: Json) -> Iterator[str]:
    yield f'<h2 id="{_anchor(tag["name"])}">{markup.prose(tag["name"])}</h2>'
    yield markup.paragraph(tag["description"])
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item and tag["name"] in item[method]["tags"]:
                yield from _operation(method.upper(), path, item[method], document)


def _operation(method: str, path: str, operation: Json, document: Json) -> Iterator[str]:
    yield f'<h3 id="{operation["operationId"]}">{markup.prose(operation["summary"])}</h3>'
    yield f"<p>{markup.code(f'{method} {path}')}</p>"
    yield markup.paragraph(operation.get("description", ""))
    callers = [name for need in operation["security"] for name in need]
    yield markup.paragraph(f"For: {', '.join(callers)}." if callers else "For anybody.")
    yield markup.table(("parameter", "in", "", ""), _parameters(operation))
    yield markup.table(("status", "answer", "headers"), _responses(operation, document))


def _parameters(operation: Json) -> Iterator[tuple[str, ...]]:
    for parameter in operation.get("parameters", ()):
        yield _parameter(parameter["name"], parameter["in"], parameter["schema"], parameter.get("required", False))
    for content in operation.get("requestBody", {}).get("content", {}).values():
        schema = content["schema"]
        for name, member in schema["properties"].items():
            yield _parameter(name, "form", member, name in schema.get("required", ()))


def _parameter(name: str, place: str, schema: Json, required: bool) -> tuple[str, ...]:
    return markup.code(name), place, "required" if required else "", _described(schema)


def _responses(operation: Json, document: Json) -> Iterator[tuple[str, ...]]:
    for status, told in operation["responses"].items():
        response = document["components"]["responses"][told["$ref"].rpartition("/")[2]] if "$ref" in told else told
        headers = ", ".join(markup.code(name) for name in response.get("headers", {}))
        codes = [errors.linked(BY_CODE[code]) for code in _codes(response)]
        yield status, ", ".join(codes) or _content(response), headers


def _codes(response: Json) -> Iterable[int]:
    for content in response.get("content", {}).values():
        for part in content["schema"].get("allOf", ()):
            yield from part.get("properties", {}).get("code", {}).get("enum", ())


def _content(response: Json) -> str:
    shown = [
        f"{markup.code(kind)} {_described(content['schema'])}" for kind, content in response.get("content", {}).items()
    ]
    return "; ".join(shown) or markup.prose(response["description"])


def _schema(name: str, schema: Json) -> Iterator[str]:
    yield f'<h3 id="schema-{name}">{markup.prose(name)}</h3>'
    yield markup.paragraph(" ".join(schema.get("description", "").split()))
    yield markup.table(
        ("member", ""), ((markup.code(member), _described(told)) for member, told in schema["properties"].items())
    )


def _described(schema: Json) -> str:
    """A value's type and limits, in a few words."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix(_PREFIX)
        return markup.link(f"#schema-{name}", name)
    if choices := schema.get("anyOf") or schema.get("oneOf"):
        return " or ".join(map(_described, choices))
    words = [_type(schema)]
    words += [phrase.format(schema[name]) for name, phrase in _LIMITS if name in schema]
    if "default" in schema:
        words.append(f"default {schema['default']}")
    if "pattern" in schema:
        words.append(markup.code(schema["pattern"]))
    told = markup.prose(schema.get("description") or schema.get("items", {}).get("description", ""))
    return ", ".join(words) + (f". {told}" if told else "")


def _type(schema: Json) -> str:
    if "enum" in schema:
        return "one of " + ", ".join(
            markup.code("null" if choice is None else str(choice)) for choice in schema["enum"]
        )
    kinds: Any = schema.get("type", "any")  # Any: one name, or several
    name = " or ".join(kinds) if isinstance(kinds, list) else str(kinds)
    if "items" in schema:
        items = schema["items"]
        name = f"{name} of {_described(items) if '$ref' in items else _type(items)}"
    return f"{name} ({schema['format']})" if "format" in schema else name
