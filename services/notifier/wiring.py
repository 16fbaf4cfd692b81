"""Builds the notifier service from the settings."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, cast

from grpc import aio

from pushward.api.challenge.v1.challenge_pb2_grpc import ChallengesStub
from pushward.api.notifier.v1.notifier_pb2_grpc import add_NotifierServicer_to_server
from pushward.api.registry.v1.registry_pb2_grpc import RegistryStub
from pushward.config.settings import Settings
from pushward.database.pool import Database
from pushward.eventlog.subscription import Subscription
from pushward.service import Registrar, Runtime
from pushward.values import NotificationPlatform
from services.notifier.adapters.log import ROLE, SCHEMA, SUBSCRIPTION
from services.notifier.adapters.places import PostgresStreamPlaces
from services.notifier.adapters.pushes import PostgresPushes
from services.notifier.app.pruning import pruner
from services.notifier.app.pusher import Pusher, wants_push
from services.notifier.app.servicer import Notifier
from services.notifier.app.tail import Tail
from services.notifier.app.telling import teller
from services.notifier.domain.push import PushChannel

CHANNELS: Final[Mapping[NotificationPlatform, PushChannel]] = MappingProxyType({})
"""The ways to devices in this release: none yet. README.md says what that means."""


class NotifierService:
    """The target ``notifier``: the tail for device streams, their places, and pushes."""

    name = "notifier"

    def __init__(
        self, settings: Settings, runtime: Runtime, channels: Mapping[NotificationPlatform, PushChannel]
    ) -> None:
        self._database = Database(settings.main_url(), ROLE, "pushward-notifier", size_max=settings.pool_size_max)
        reader = runtime.heads.tail
        pushes = PostgresPushes(self._database)
        self._tail = Tail(reader, runtime.heads)
        self._servicer = Notifier(self._tail, PostgresStreamPlaces(self._database))
        challenges = ChallengesStub(runtime.peers.channel("challenge"))
        self._pusher = Pusher(pushes, challenges, RegistryStub(runtime.peers.channel("registry")), channels)
        self._teller = teller(pushes, challenges)
        self._pruner = pruner(pushes)
        self._subscription = Subscription(
            SUBSCRIPTION,
            SCHEMA,
            self._database,
            reader,
            runtime.heads,
            self._pusher.apply,
            wants=wants_push,
            metrics=runtime.metrics,
        )

    def register(self, server: Registrar) -> None:
        """Adds the rpcs."""
        # Generated code names the one class of server that it knows; it calls no more than a Registrar has.
        add_NotifierServicer_to_server(self._servicer, cast(aio.Server, server))

    async def start(self) -> None:
        """Begins to follow the log and to push."""
        await self._pusher.start()
        await self._subscription.start()
        await self._teller.start()
        await self._pruner.start()

    async def stop(self) -> None:
        """Ends the followers, finishes the pushes under way."""
        await self._tail.stop()
        await self._pruner.stop()
        await self._subscription.stop()
        await self._pusher.stop()
        await self._teller.stop()
        await self._database.close()

    async def ready(self) -> str | None:
        """None when the database answers."""
        return await self._database.away()


def build(
    settings: Settings, runtime: Runtime, channels: Mapping[NotificationPlatform, PushChannel] = CHANNELS
) -> NotifierService:
    """The service, without any I/O. ``channels`` are the ways to devices, by platform."""
    return NotifierService(settings, runtime, channels)
