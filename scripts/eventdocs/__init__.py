"""Writes docs/events: what there is in log and topic, generated so that it can't say otherwise than the code.

descriptors.py  proto/ as protoc understands it, comments included
catalog.py      every event: number, meaning, fields, stream, schemas, an example
prototext.py    a message and all that it needs, as proto3 source
pages.py        README.md and a page for each event type
asyncapi.py     asyncapi.json, AsyncAPI 3.0

scripts/event-docs runs it, scripts/check-event-docs compares.
"""
