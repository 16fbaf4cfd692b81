"""Builds the relay service from the settings."""

from typing import Final, cast

from grpc import aio

from pushward.api.relay.v1.relay_pb2_grpc import add_RelayServicer_to_server
from pushward.config.settings import Settings
from pushward.database.pool import Database
from pushward.service import Registrar, Runtime
from services.relay.adapters.events import PostgresAccountEvents
from services.relay.adapters.log import ROLE
from services.relay.app.servicer import TenantEvents
from services.relay.app.waiting import Waiting

APPLICATION: Final = "pushward-relay"


class RelayService:
    """The target ``relay``."""

    name = "relay"

    def __init__(self, settings: Settings, runtime: Runtime) -> None:
        self._database = Database(settings.main_url(), ROLE, APPLICATION, size_max=settings.pool_size_max)
        self._waiting = Waiting(runtime.heads)
        self._servicer = TenantEvents(PostgresAccountEvents(self._database), runtime.heads.tail, self._waiting)

    def register(self, server: Registrar) -> None:
        """Adds the rpcs."""
        # Generated code names the one class of server that it knows; it calls no more than a Registrar has.
        add_RelayServicer_to_server(self._servicer, cast(aio.Server, server))

    async def start(self) -> None:
        """Begins to relay."""

    def drain(self) -> None:
        """Ends the calls that wait for events."""
        self._waiting.drain()

    async def stop(self) -> None:
        """Ends what was begun, closes connections."""
        await self._database.close()

    async def ready(self) -> str | None:
        """None when the database answers; Kafka being away is told by metrics, not here."""
        return await self._database.away()


def build(settings: Settings, runtime: Runtime) -> RelayService:
    """The service, without any I/O."""
    return RelayService(settings, runtime)
