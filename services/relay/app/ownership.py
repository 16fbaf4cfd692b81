"""Whose an event is: its envelope says so."""

from pushward.api.events.v1 import envelope_pb2
from pushward.eventlog.event import StoredEvent


def belongs_to(event: StoredEvent, account_sid: str) -> bool:
    """Whether the event is the account's."""
    return account_sid.encode() in event.envelope and owner_of(event.envelope) == account_sid


def owner_of(envelope: bytes) -> str:
    """The account that an envelope names."""
    return envelope_pb2.Envelope.FromString(envelope).account_sid
