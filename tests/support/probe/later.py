"""The probe in its next release: an event says how much it counts in a field of its own, and old ones are lifted.

Schema 1 (``ServiceDeleted``) had the step in its SID field; schema 2 borrows ``EntityDeleted``, as its identity.
"""

from dataclasses import dataclass
from typing import Any

from pushward.api.events.v1 import registry_pb2
from pushward.eventlog.aggregate import Aggregate
from pushward.eventlog.codec import Binding, Codec, Upcaster
from pushward.eventlog.event import Recorded
from tests.support.probe.counter import COUNTER, Counter, CounterState, ServiceDeleted, evolve


@dataclass(frozen=True, slots=True)
class EntityDeleted:
    """Stands for "counted ``identity`` more"."""

    entity_sid: str
    account_sid: str
    service_sid: str
    identity: str


def lift(old: Any) -> registry_pb2.EntityDeleted:  # Any: registry_pb2.ServiceDeleted
    """Schema 1 to schema 2: a SID that is no number counted one."""
    step = old.service_sid if old.service_sid.isdigit() else "1"
    return registry_pb2.EntityDeleted(account_sid=old.account_sid, identity=step)


def evolve_later(state: CounterState, event: EntityDeleted, recorded: Recorded) -> CounterState:
    """Each event counts what it says."""
    return evolve(state, ServiceDeleted(event.identity, event.account_sid), recorded)


LATER_CODEC = Codec(
    [Binding(12, 2, EntityDeleted, registry_pb2.EntityDeleted)], [Upcaster(12, 1, registry_pb2.ServiceDeleted, lift)]
)
LATER_COUNTERS: Aggregate[CounterState] = Aggregate(
    "counter", CounterState(), evolve_later, LATER_CODEC, {Counter: COUNTER}
)
