"""What `pushward serve` can serve: the edge, which keeps nothing, and the services that keep something.

The order is that in which they lean on each other: started in this one, stopped in the opposite one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pushward.config.settings import Settings
from pushward.database.migrate import Module
from pushward.eventlog.aggregate import Aggregate
from pushward.eventlog.module import LOG_MODULE
from pushward.service import Runtime, Service
from services.challenge import wiring as challenge
from services.challenge.adapters.aggregates import AGGREGATES as CHALLENGE_AGGREGATES
from services.challenge.adapters.log import MODULE as CHALLENGE_MODULE
from services.insights import wiring as insights
from services.insights.adapters.log import MODULE as INSIGHTS_MODULE
from services.notifier import wiring as notifier
from services.notifier.adapters.log import MODULE as NOTIFIER_MODULE
from services.registry import wiring as registry
from services.registry.adapters.aggregates import AGGREGATES as REGISTRY_AGGREGATES
from services.registry.adapters.log import MODULE as REGISTRY_MODULE
from services.relay import wiring as relay
from services.relay.adapters.log import MODULE as RELAY_MODULE
from services.webhook import wiring as webhook
from services.webhook.adapters.aggregates import AGGREGATES as WEBHOOK_AGGREGATES
from services.webhook.adapters.log import MODULE as WEBHOOK_MODULE

EDGE: Final = "edge"
ALL: Final = "all"


@dataclass(frozen=True, slots=True)
class Store:
    """A service that keeps something in the main database; ``seals`` if it needs data keys, too."""

    name: str
    build: Callable[[Settings, Runtime], Service]
    module: Module
    aggregates: Sequence[Aggregate[Any]]  # Any: each has its own state
    seals: bool


STORES: Final = (
    Store("registry", registry.build, REGISTRY_MODULE, REGISTRY_AGGREGATES, seals=True),
    Store("challenge", challenge.build, CHALLENGE_MODULE, CHALLENGE_AGGREGATES, seals=True),
    Store("notifier", notifier.build, NOTIFIER_MODULE, (), seals=False),
    Store("webhook", webhook.build, WEBHOOK_MODULE, WEBHOOK_AGGREGATES, seals=True),
    Store("relay", relay.build, RELAY_MODULE, (), seals=False),
    Store("insights", insights.build, INSIGHTS_MODULE, (), seals=False),
)
MODULES: Final = (LOG_MODULE, *(store.module for store in STORES))
"""All schemas of the main database."""

SUBSCRIPTIONS: Final = tuple((module.schema, name) for module in MODULES for name in module.follows)
"""Who follows the log inside the main database: schema and name."""

EVERY_TARGET: Final = (*(store.name for store in STORES), EDGE)
"""What `all` is."""
