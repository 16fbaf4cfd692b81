"""What registry's commands change: its aggregates, handed in by the wiring."""

from dataclasses import dataclass

from pushward.eventlog.aggregate import Aggregate
from services.registry.domain.state import AccessTokenState, AccountState, EntityState, ServiceState


@dataclass(frozen=True, slots=True)
class Streams:
    """The four kinds of streams."""

    accounts: Aggregate[AccountState]
    services: Aggregate[ServiceState]
    entities: Aggregate[EntityState]
    access_tokens: Aggregate[AccessTokenState]
