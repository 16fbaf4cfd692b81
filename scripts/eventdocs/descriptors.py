"""proto/ as protoc understands it: descriptors with their comments, which the stubs don't keep."""

import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from google.protobuf.descriptor_pb2 import DescriptorProto, FileDescriptorProto, FileDescriptorSet

ROOT: Final = Path(__file__).parents[2]
PROTO: Final = ROOT / "proto"
EVENTS: Final = "pushward/api/events/v1"

_MESSAGE_TYPE: Final = FileDescriptorProto.MESSAGE_TYPE_FIELD_NUMBER
_FIELD: Final = DescriptorProto.FIELD_FIELD_NUMBER


@dataclass(frozen=True, slots=True)
class Comments:
    """What is written beside a message and its fields, each as one paragraph."""

    message: str
    fields: dict[str, str]


@dataclass(frozen=True, slots=True)
class Described:
    """A message of the events package: its descriptor, its file and its comments."""

    file: str
    descriptor: DescriptorProto
    comments: Comments


def described_messages() -> dict[str, Described]:
    """The messages of proto/pushward/api/events/v1, by name."""
    return {
        message.name: Described(file.name, message, _comments(file, index))
        for file in _files().file
        if file.name.startswith(EVENTS)
        for index, message in enumerate(file.message_type)
    }


def _files() -> FileDescriptorSet:
    sources = sorted(str(path.relative_to(PROTO)) for path in (PROTO / EVENTS).glob("*.proto"))
    with tempfile.TemporaryDirectory(prefix="event-docs-") as directory:
        out = Path(directory) / "events.binpb"
        flags = [f"--proto_path={PROTO}", "--include_imports", "--include_source_info", f"--descriptor_set_out={out}"]
        subprocess.run([sys.executable, "-m", "grpc_tools.protoc", *flags, *sources], check=True, cwd=ROOT)
        return FileDescriptorSet.FromString(out.read_bytes())


def _comments(file: FileDescriptorProto, index: int) -> Comments:
    """By path: (4, message) is a message, (4, message, 2, field) a field of it (descriptor.proto, SourceCodeInfo)."""
    by_path = {
        tuple(location.path): _paragraph(location.leading_comments or location.trailing_comments)
        for location in file.source_code_info.location
    }
    here = (_MESSAGE_TYPE, index)
    fields = {
        field.name: by_path.get((*here, _FIELD, number), "")
        for number, field in enumerate(file.message_type[index].field)
    }
    return Comments(by_path.get(here, ""), fields)


def _paragraph(comment: str) -> str:
    return " ".join(comment.split())
