"""Builds the relay service from the settings."""

from typing import Final

from pushward.config.settings import Settings
from pushward.database.pool import Database
from pushward.service import Registrar, Runtime
from services.relay.adapters.log import ROLE

APPLICATION: Final = "pushward-relay"


class RelayService:
    """The target ``relay``."""

    name = "relay"

    def __init__(self, settings: Settings, runtime: Runtime) -> None:
        self._database = Database(settings.main_url(), ROLE, APPLICATION, size_max=settings.pool_size_max)

    def register(self, server: Registrar) -> None:
        """Adds the rpcs."""

    async def start(self) -> None:
        """Begins to relay."""

    async def stop(self) -> None:
        """Ends what was begun, closes connections."""
        await self._database.close()

    async def ready(self) -> str | None:
        """None when the database answers; Kafka being away is told by metrics, not here."""
        return await self._database.away()


def build(settings: Settings, runtime: Runtime) -> RelayService:
    """The service, without any I/O."""
    return RelayService(settings, runtime)
