"""What `pushward serve` can serve: the edge, which keeps nothing, and the services that keep something.

The order is that in which they lean on each other: started in this one, stopped in the opposite one.

A service's wiring is imported when it is built: a process pays for what it serves, and a command for no service.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final

from pushward.config.settings import Settings
from pushward.database.migrate import Module
from pushward.eventlog.aggregate import Aggregate
from pushward.eventlog.module import LOG_MODULE
from pushward.service import Runtime, Service
from services.challenge.adapters.aggregates import AGGREGATES as CHALLENGE_AGGREGATES
from services.challenge.adapters.log import MODULE as CHALLENGE_MODULE
from services.insights.adapters.log import MODULE as INSIGHTS_MODULE
from services.notifier.adapters.log import MODULE as NOTIFIER_MODULE
from services.registry.adapters.aggregates import AGGREGATES as REGISTRY_AGGREGATES
from services.registry.adapters.log import MODULE as REGISTRY_MODULE
from services.relay.adapters.log import MODULE as RELAY_MODULE
from services.webhook.adapters.aggregates import AGGREGATES as WEBHOOK_AGGREGATES
from services.webhook.adapters.log import MODULE as WEBHOOK_MODULE

EDGE: Final = "edge"
ALL: Final = "all"


@dataclass(frozen=True, slots=True)
class Store:
    """A service that keeps something in the main database; ``seals`` if it needs data keys, too."""

    name: str
    module: Module
    aggregates: Sequence[Aggregate[Any]]  # Any: each has its own state
    seals: bool

    def build(self, settings: Settings, runtime: Runtime) -> Service:
        """The service, with its adapters."""
        service: Service = import_module(f"services.{self.name}.wiring").build(settings, runtime)
        return service


STORES: Final = (
    Store("registry", REGISTRY_MODULE, REGISTRY_AGGREGATES, seals=True),
    Store("challenge", CHALLENGE_MODULE, CHALLENGE_AGGREGATES, seals=True),
    Store("notifier", NOTIFIER_MODULE, (), seals=False),
    Store("webhook", WEBHOOK_MODULE, WEBHOOK_AGGREGATES, seals=True),
    Store("relay", RELAY_MODULE, (), seals=False),
    Store("insights", INSIGHTS_MODULE, (), seals=False),
)
MODULES: Final = (LOG_MODULE, *(store.module for store in STORES))
"""All schemas of the main database."""

SUBSCRIPTIONS: Final = tuple((module.schema, name) for module in MODULES for name in module.follows)
"""Who follows the log inside the main database: schema and name."""

EVERY_TARGET: Final = (*(store.name for store in STORES), EDGE)
"""What `all` is."""
