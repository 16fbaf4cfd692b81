"""A message and all that it needs, as proto3 source that stands alone: for who generates code from asyncapi.json."""

from collections.abc import Iterator

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor

from scripts.eventdocs.catalog import type_text

Named = Descriptor | EnumDescriptor


def proto_source(message: Descriptor) -> str:
    """proto3 source of ``message`` and of what it is made of; Google's own types are imported."""
    needed = list(_needed(message))
    imports = sorted({one.file.name for one in needed if not _is_ours(one)})
    parts = ['syntax = "proto3";', f"package {message.file.package};"]
    parts += ["\n".join(f'import "{name}";' for name in imports)] if imports else []
    parts += [_message(one) if isinstance(one, Descriptor) else _enum(one) for one in needed if _is_ours(one)]
    return "\n\n".join(parts) + "\n"


def _needed(message: Descriptor) -> Iterator[Named]:
    """The message and then each type once, in the order of the fields."""
    seen = {message.full_name}
    yield message
    for field in message.fields:
        inner: Named | None = field.message_type or field.enum_type
        if inner is None or inner.full_name in seen:
            continue
        found = _needed(inner) if isinstance(inner, Descriptor) and _is_ours(inner) else [inner]
        for one in found:
            if one.full_name not in seen:
                seen.add(one.full_name)
                yield one


def _is_ours(one: Named) -> bool:
    return bool(one.file.package.startswith("pushward."))


def _message(message: Descriptor) -> str:
    lines = [_field(field) for field in message.fields]
    return "\n".join([f"message {message.name} {{", *lines, "}"])


def _field(field: FieldDescriptor) -> str:
    inner = field.message_type or field.enum_type
    name = inner.full_name if inner is not None and not _is_ours(inner) else type_text(field)
    label = "repeated " if field.is_repeated else "optional " if field.has_presence and not field.message_type else ""
    return f"  {label}{name} {field.name} = {field.number};"


def _enum(enum: EnumDescriptor) -> str:
    lines = [f"  {value.name} = {value.number};" for value in enum.values]
    return "\n".join([f"enum {enum.name} {{", *lines, "}"])
