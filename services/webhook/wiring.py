"""Builds the webhook service from the settings."""

from typing import Final, cast

from grpc import aio

from pushward.api.challenge.v1.challenge_pb2_grpc import ChallengesStub
from pushward.api.registry.v1.registry_pb2_grpc import RegistryStub
from pushward.api.webhook.v1.webhook_pb2_grpc import add_WebhooksServicer_to_server
from pushward.clock import WallClock
from pushward.config.settings import Settings
from pushward.database.pool import Database
from pushward.eventlog.commands import CommandRunner
from pushward.eventlog.subscription import AtOnce, Subscription
from pushward.outbound.client import OutboundClient
from pushward.outbound.urls import Reach
from pushward.security.sealing import Sealer
from pushward.service import Registrar, Runtime
from services.webhook.adapters.aggregates import WEBHOOKS
from services.webhook.adapters.deliveries import PostgresDeliveries
from services.webhook.adapters.log import ROLE, SCHEMA, SUBSCRIPTION, open_webhook_log
from services.webhook.adapters.store import PostgresWebhookStore
from services.webhook.app.candidates import is_candidate
from services.webhook.app.courier import Courier
from services.webhook.app.pruning import pruner
from services.webhook.app.sender import Sender
from services.webhook.app.webhooks import Webhooks
from services.webhook.domain.places import Places

DELIVERY_CONNECTIONS_MAX: Final = 4
"""For the subscription and the courier: a pool of their own, so that requests never wait for it."""

DELIVERIES_PER_WORKER: Final = 32
"""Under way at once, for each of ``PUSHWARD_WEBHOOK_WORKERS``: they wait for receivers, and cost nothing meanwhile."""


class WebhookService:
    """The target ``webhook``: its rpcs, the subscription that makes deliveries, and the courier that sends them."""

    name = "webhook"

    def __init__(self, settings: Settings, runtime: Runtime) -> None:
        url = settings.main_url()
        self._keys = runtime.keys
        reach = Reach(loopback=settings.development)
        registry = RegistryStub(runtime.peers.channel("registry"))
        challenges = ChallengesStub(runtime.peers.channel("challenge"))
        sealer = Sealer(runtime.keys)

        self._database = Database(url, ROLE, "pushward-webhook", size_max=settings.pool_size_max)
        self._log = open_webhook_log(url, lanes=1, on_commit=runtime.heads.committed)
        self._store = PostgresWebhookStore(self._database)
        self._servicer = Webhooks(self._store, CommandRunner(self._log), WEBHOOKS, sealer, registry, reach, WallClock())

        self._delivery_database = Database(url, ROLE, "pushward-webhook-deliveries", size_max=DELIVERY_CONNECTIONS_MAX)
        deliveries = PostgresDeliveries(self._delivery_database)
        self._outbound = OutboundClient(reach)
        self._courier = Courier(
            deliveries,
            Sender(registry, challenges, sealer, self._outbound, runtime.heads.tail),
            Places(settings.webhook_workers * DELIVERIES_PER_WORKER),
        )
        self._pruner = pruner(deliveries)
        self._subscription = Subscription(
            SUBSCRIPTION,
            SCHEMA,
            self._delivery_database,
            runtime.heads.tail,
            runtime.heads,
            AtOnce(self._courier.apply),
            wants=is_candidate,
            metrics=runtime.metrics,
        )

    def register(self, server: Registrar) -> None:
        """Adds the rpcs."""
        # Generated code names the one class of server that it knows; it calls no more than a Registrar has.
        add_WebhooksServicer_to_server(self._servicer, cast(aio.Server, server))

    async def start(self) -> None:
        """Begins to follow the log and to deliver."""
        await self._courier.start()
        await self._subscription.start()
        await self._pruner.start()

    async def stop(self) -> None:
        """Stops taking, lets deliveries under way finish, records them."""
        await self._pruner.stop()
        await self._subscription.stop()
        await self._courier.stop()
        await self._outbound.close()
        await self._log.close()
        await self._delivery_database.close()
        await self._database.close()

    async def ready(self) -> str | None:
        """None when the database answers, the state tables are of this release, and data keys open."""
        return self._log.problem() or await self._database.away() or await self._keys.problem()


def build(settings: Settings, runtime: Runtime) -> WebhookService:
    """The service, without any I/O."""
    return WebhookService(settings, runtime)
