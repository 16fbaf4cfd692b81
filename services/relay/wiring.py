"""Builds the relay service from the settings."""

from typing import Final, cast

from grpc import aio

from pushward.api.relay.v1.relay_pb2_grpc import add_RelayServicer_to_server
from pushward.config.settings import Settings
from pushward.database.pool import Database
from pushward.eventlog.postgres import PostgresLogReader
from pushward.kafka.aiokafka_broker import AiokafkaBroker
from pushward.kafka.cluster import cluster_of
from pushward.service import Registrar, Runtime
from services.relay.adapters.events import PostgresAccountEvents
from services.relay.adapters.leases import PostgresLeases
from services.relay.adapters.log import ROLE
from services.relay.app.relay import Relay
from services.relay.app.servicer import TenantEvents
from services.relay.app.waiting import Waiting

APPLICATION: Final = "pushward-relay"
RELAY_CONNECTIONS_MAX: Final = 4
"""For leases and tails: a pool of their own, so that they never wait for tenants."""


class RelayService:
    """The target ``relay``."""

    name = "relay"

    def __init__(self, settings: Settings, runtime: Runtime) -> None:
        self._database = Database(settings.main_url(), ROLE, APPLICATION, size_max=settings.pool_size_max)
        self._waiting = Waiting(runtime.heads)
        self._servicer = TenantEvents(PostgresAccountEvents(self._database), runtime.heads.tail, self._waiting)
        self._relay_database = Database(
            settings.main_url(), ROLE, f"{APPLICATION}-leases", size_max=RELAY_CONNECTIONS_MAX
        )
        self._relay = self._build_relay(settings, runtime)

    def register(self, server: Registrar) -> None:
        """Adds the rpcs."""
        # Generated code names the one class of server that it knows; it calls no more than a Registrar has.
        add_RelayServicer_to_server(self._servicer, cast(aio.Server, server))

    async def start(self) -> None:
        """Begins to relay, if there is a Kafka to relay to."""
        if self._relay is not None:
            await self._relay.start()

    def drain(self) -> None:
        """Ends the calls that wait for events."""
        self._waiting.drain()

    async def stop(self) -> None:
        """Ends what was begun, closes connections."""
        if self._relay is not None:
            await self._relay.stop()
        await self._relay_database.close()
        await self._database.close()

    async def ready(self) -> str | None:
        """None when the database answers; Kafka being away is told by metrics, not here."""
        return await self._database.away()

    def _build_relay(self, settings: Settings, runtime: Runtime) -> Relay | None:
        cluster = cluster_of(settings)
        if cluster is None:
            return None
        return Relay(
            AiokafkaBroker(cluster, APPLICATION),
            PostgresLeases(self._relay_database),
            PostgresLogReader(self._relay_database),
            runtime.heads,
            runtime.history,
            runtime.metrics,
        )


def build(settings: Settings, runtime: Runtime) -> RelayService:
    """The service, without any I/O."""
    return RelayService(settings, runtime)
