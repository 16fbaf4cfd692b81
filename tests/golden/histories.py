"""The files below `histories/`: a stream's events as bytes, and the rows that each of them makes.

    {"aggregate": "challenge", "stream_id": "…",
     "events": [{"type": "EVENT_TYPE_CHALLENGE_CREATED", "schema": 1, "recorded_at": "…", "payload": "<hex>",
                 "rows": {"challenge.challenge": [{…}]}}, …]}

Rows are records in words, those only that the event has changed: what its append would have written.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import msgspec

from pushward.api.events.v1 import types_pb2
from pushward.eventlog.aggregate import Aggregate
from pushward.eventlog.event import Recorded
from tests.golden.examples import MOMENT
from tests.golden.streams import AGGREGATES, STREAM_ID, Stream

DIRECTORY: Final = Path(__file__).parent / "histories"

Rows = dict[str, list[dict[str, Any]]]
"""By table: records in words. Any: columns of every type."""


@dataclass(frozen=True, slots=True)
class Step:
    """An event as the log holds it, and what it makes."""

    type: int
    schema: int
    recorded_at: datetime
    payload: bytes
    rows: Rows


@dataclass(frozen=True, slots=True)
class History:
    """One file."""

    name: str
    aggregate: Aggregate[Any]  # Any: each has its own state
    stream_id: UUID
    steps: Sequence[Step]


def histories() -> Sequence[History]:
    """Every file."""
    return [_read(path) for path in sorted(DIRECTORY.glob("*.json"))]


def replayed(history: History) -> Iterator[Rows]:
    """The rows that today's code makes of each event, which must include those of its step."""
    state = history.aggregate.initial
    for version, step in enumerate(history.steps, start=1):
        event = history.aggregate.codec.decode(step.type, step.schema, step.payload)
        before, state = (
            state,
            history.aggregate.evolve(state, event, Recorded(history.stream_id, version, step.recorded_at)),
        )
        yield _changed(history.aggregate, state, before.version)


def includes(made: Any, released: Any) -> bool:  # Any: JSON
    """Whether all that was released is still so; a record may have got more fields since."""
    if isinstance(released, dict):
        return isinstance(made, dict) and all(
            name in made and includes(made[name], released[name]) for name in released
        )
    if isinstance(released, list):
        return isinstance(made, list) and len(made) == len(released) and all(map(includes, made, released))
    return bool(made == released)


def write(stream: Stream) -> None:
    """Makes a stream's file, unless there is one: what was released stays as it is."""
    path = DIRECTORY / f"{stream.name}.json"
    if not path.exists():
        path.write_text(json.dumps(_in_words(stream), indent=2) + "\n", "utf-8")


def _in_words(stream: Stream) -> dict[str, Any]:  # Any: JSON
    aggregate = AGGREGATES[stream.aggregate]
    encoded = [
        Step(
            *aggregate.codec.encode(event)[:2], MOMENT + timedelta(minutes=number), aggregate.codec.encode(event)[2], {}
        )
        for number, event in enumerate(stream.events)
    ]
    history = History(stream.name, aggregate, STREAM_ID, encoded)
    return {
        "aggregate": stream.aggregate,
        "stream_id": str(STREAM_ID),
        "events": [
            {
                "type": types_pb2.EventType.Name(step.type),  # type: ignore[arg-type]  # a number
                "schema": step.schema,
                "recorded_at": step.recorded_at.isoformat(),
                "payload": step.payload.hex(),
                "rows": rows,
            }
            for step, rows in zip(encoded, replayed(history), strict=True)
        ],
    }


def _read(path: Path) -> History:
    found = json.loads(path.read_text("utf-8"))
    steps = [
        Step(
            types_pb2.EventType.Value(step["type"]),
            step["schema"],
            datetime.fromisoformat(step["recorded_at"]),
            bytes.fromhex(step["payload"]),
            step["rows"],
        )
        for step in found["events"]
    ]
    return History(path.stem, AGGREGATES[found["aggregate"]], UUID(found["stream_id"]), steps)


def _changed(aggregate: Aggregate[Any], state: Any, since_version: int) -> Rows:  # Any: the aggregate's state
    rows: Rows = {}
    for record in state.records():
        if record.version > since_version:
            rows.setdefault(aggregate.tables[type(record)].name, []).append(json.loads(msgspec.json.encode(record)))
    return rows
