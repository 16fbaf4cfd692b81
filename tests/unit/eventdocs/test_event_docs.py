"""What docs/events tells readers is what the log and the relay really have."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import pytest
from google.protobuf import json_format, message_factory
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool

from pushward.api.events.v1 import envelope_pb2, registry_pb2, types_pb2
from pushward.cli.targets import Store
from pushward.eventlog.aggregate import Aggregate
from pushward.eventlog.codec import Binding, Codec, Upcaster
from pushward.eventlog.event import StoredEvent
from pushward.kafka.record import TOPIC, headers_of
from scripts.eventdocs import asyncapi, catalog, pages
from scripts.eventdocs.__main__ import PAGES, main
from scripts.eventdocs.descriptors import Comments, Described, described_messages
from services.registry.adapters.aggregates import ENTITIES
from services.registry.adapters.log import MODULE
from services.registry.domain.events import EntityDeleted
from tests.golden import files as golden
from tests.golden.examples import ACCOUNT, MOMENT
from tests.support.child import ROOT

DOCS: Final = ROOT / "docs" / "events"
EVENT_ID: Final = UUID("0003a5a5-a5a5-85a5-a5a5-a5a5a5a5a5a5")
EVENTS: Final = catalog.catalog()
EACH_EVENT: Final = pytest.mark.parametrize("event", EVENTS, ids=[event.name for event in EVENTS])


@pytest.fixture(scope="module")
def document() -> Any:  # Any: a JSON object
    """The committed AsyncAPI document."""
    return json.loads((DOCS / "asyncapi.json").read_text("utf-8"))


def binding_of(event: catalog.Event) -> Binding:
    """The newest binding of an event."""
    return [binding for _, binding in golden.bindings() if binding.type == event.number][-1]


def test_every_event_type_has_a_page_and_a_message(document: Any) -> None:
    """None more, none less than the registry of types; the index links to each page."""
    numbers = set(types_pb2.EventType.values()) - {types_pb2.EVENT_TYPE_UNSPECIFIED}
    assert {event.number for event in EVENTS} == numbers
    assert {path.name for path in DOCS.glob(PAGES)} == {event.file_name for event in EVENTS}
    names = {event.name for event in EVENTS}
    assert set(document["components"]["messages"]) == set(document["channels"]["events"]["messages"]) == names
    index = (DOCS / "README.md").read_text("utf-8")
    assert all(f"]({event.file_name})" in index for event in EVENTS)


def test_the_generated_links_lead_somewhere() -> None:
    """Each relative link of each page."""
    for page in (DOCS / "README.md", *DOCS.glob(PAGES)):
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text("utf-8")):
            assert (DOCS / target).exists(), f"{page.name}: {target}"


def test_every_reference_of_the_document_resolves(document: Any) -> None:
    """Within the document itself."""
    references = list(_references(document))
    assert references
    for reference in references:
        found = document
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]


def test_the_channel_is_the_relay_s_topic(document: Any) -> None:
    """By name, and sent by us."""
    channel = document["channels"]["events"]
    assert (channel["address"], channel["bindings"]["kafka"]["topic"]) == (TOPIC, TOPIC)
    assert [operation["action"] for operation in document["operations"].values()] == ["send"]


@EACH_EVENT
def test_a_record_s_headers_are_as_described(document: Any, event: catalog.Event) -> None:
    """The relay's own headers of a golden event, each by its schema, none more and none less."""
    described = document["components"]["schemas"]["Headers"]
    special = document["components"]["messages"][event.name]["headers"]["allOf"][1]["properties"]
    written = dict(headers_of(_stored(event), epoch=1))
    assert set(written) == set(described["properties"]) == set(described["required"])
    for name, schema in described["properties"].items():
        if schema.get("contentEncoding") == "binary":
            continue
        text = written[name].decode("utf-8")
        assert re.search(schema.get("pattern", ""), text), name
        for rule in (schema, special.get(name, {})):
            assert text == rule.get("const", text)
    assert set(special) == {"ce_type", "type", "schema"}


@EACH_EVENT
def test_a_payload_s_source_stands_alone(document: Any, event: catalog.Event, tmp_path: Path) -> None:
    """protoc takes it as it is, and it reads the golden bytes as our own message does."""
    payload = document["components"]["schemas"][event.name]
    assert payload["schemaFormat"] == "application/vnd.google.protobuf;version=3"
    (tmp_path / "event.proto").write_text(payload["schema"])
    flags = [f"--proto_path={tmp_path}", "--include_imports", f"--descriptor_set_out={tmp_path / 'out'}"]
    subprocess.run([sys.executable, "-m", "grpc_tools.protoc", *flags, "event.proto"], check=True)
    pool = DescriptorPool()
    for file in FileDescriptorSet.FromString((tmp_path / "out").read_bytes()).file:
        pool.Add(file)
    message = message_factory.GetMessageClass(pool.FindMessageTypeByName(event.message.full_name))
    for case in golden.read(binding_of(event)):
        ours = binding_of(event).message.FromString(case.payload)
        assert json_format.MessageToDict(message.FromString(case.payload)) == json_format.MessageToDict(ours)


@EACH_EVENT
def test_a_page_tells_every_field(event: catalog.Event) -> None:
    """By number and name, marked where it is sealed, and with an example that sets all of them."""
    page = (DOCS / event.file_name).read_text("utf-8")
    for field in binding_of(event).message.DESCRIPTOR.fields:
        is_sealed = field.message_type is not None and field.message_type.name == "Sealed"
        (row,) = [line for line in page.splitlines() if line.startswith(f"| {field.number} | `{field.name}` |")]
        assert ("**Sealed**" in row) is is_sealed
    example = json.loads(page.partition("```json\n")[2].partition("\n```")[0])
    assert json_format.ParseDict(example, binding_of(event).message()).SerializeToString(deterministic=True) == (
        golden.read(binding_of(event))[0].payload
    )


@pytest.mark.parametrize("comments", [Comments("", {}), Comments("It happened.", {})], ids=["event", "field"])
def test_what_nobody_explains_is_refused(monkeypatch: pytest.MonkeyPatch, comments: Comments) -> None:
    """A new event, or a new field, needs its comment in the proto before the pages can be made."""
    described = described_messages()
    approved = described["ChallengeApproved"]
    fields = dict.fromkeys(approved.comments.fields, "") | comments.fields
    silent = Described(approved.file, approved.descriptor, Comments(comments.message, fields))
    monkeypatch.setattr(catalog, "described_messages", lambda: {**described, "ChallengeApproved": silent})
    with pytest.raises(catalog.UndocumentedError, match="ChallengeApproved"):
        catalog.catalog()


def test_an_older_schema_has_a_message_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is still in the topic; a field says which schema brought it."""
    newest = Binding(types_pb2.EVENT_TYPE_ENTITY_DELETED, 2, EntityDeleted, registry_pb2.EntityDeleted)
    older = Upcaster(newest.type, 1, registry_pb2.ServiceDeleted, lambda old: registry_pb2.EntityDeleted())
    entities: Aggregate[Any] = replace(ENTITIES, codec=Codec([newest], [older]))  # Any: its state
    store = Store("registry", MODULE, [entities], seals=True)
    monkeypatch.setattr(catalog, "STORES", [store])
    monkeypatch.setattr(golden, "read", lambda binding: [golden.Case(b"", {})])
    (event,) = catalog.catalog()
    since = {field.name: field.since for field in event.fields}
    assert since == {"entity_sid": 2, "account_sid": 1, "service_sid": 1, "identity": 2}
    messages = json.loads(asyncapi.document([event]))["components"]["messages"]
    schemas = {name: one["headers"]["allOf"][1]["properties"]["schema"] for name, one in messages.items()}
    assert schemas == {"EntityDeleted.1": {"const": "1"}, "EntityDeleted": {"const": "2"}}
    assert "| schemas | 1, 2 |" in pages.page(event)


def test_stale_pages_go_and_others_stay(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What is written by hand beside them isn't touched."""
    (tmp_path / "099-gone-long-ago.md").write_text("stale")
    (tmp_path / "subscribing.md").write_text("by hand")
    monkeypatch.setattr(sys, "argv", ["eventdocs", str(tmp_path)])
    main()
    assert {path.name for path in tmp_path.glob(PAGES)} == {event.file_name for event in EVENTS}
    assert (tmp_path / "subscribing.md").read_text() == "by hand"


def _stored(event: catalog.Event) -> StoredEvent:
    envelope = envelope_pb2.Envelope(account_sid=ACCOUNT, correlation_id=EVENT_ID.bytes)
    binding = binding_of(event)
    return StoredEvent(
        shard=3,
        position=17,
        stream_id=EVENT_ID,
        version=2,
        event_id=EVENT_ID,
        type=binding.type,
        schema=binding.schema,
        recorded_at=MOMENT,
        envelope=envelope.SerializeToString(),
        payload=golden.read(binding)[0].payload,
    )


def _references(value: Any) -> Iterator[str]:  # Any: a JSON value
    match value:
        case dict():
            if "$ref" in value:
                yield value["$ref"]
            for member in value.values():
                yield from _references(member)
        case list():
            for item in value:
                yield from _references(item)
