"""Builds the challenge service from the settings."""

from typing import Final, cast

from grpc import aio

from pushward.api.challenge.v1.challenge_pb2_grpc import add_ChallengesServicer_to_server
from pushward.api.registry.v1.registry_pb2_grpc import RegistryStub
from pushward.config.settings import Settings
from pushward.database.pool import Database
from pushward.eventlog.commands import CommandRunner
from pushward.eventlog.subscription import Subscription
from pushward.security.sealing import Sealer
from pushward.service import Registrar, Runtime
from services.challenge.adapters.aggregates import CHALLENGES, TOTP_USAGES
from services.challenge.adapters.log import CLOSER, ROLE, SCHEMA, open_challenge_log
from services.challenge.adapters.store import PostgresChallengeStore
from services.challenge.app.answering import Answering
from services.challenge.app.closing import Closer
from services.challenge.app.codes import CodeAnswering
from services.challenge.app.contents import Contents
from services.challenge.app.creating import Creating
from services.challenge.app.expiry import Expiry, Sweeper
from services.challenge.app.notifying import Notifying
from services.challenge.app.reading import Reading
from services.challenge.app.servicer import Challenges
from services.challenge.app.webhook_event import WebhookEvents

CLOSER_CONNECTIONS_MAX: Final = 4
"""The closer holds a connection while it closes: from a pool of its own, so that requests never wait for it."""


class ChallengeService:
    """The target ``challenge``: its rpcs, the closer and the sweeper."""

    name = "challenge"

    def __init__(self, settings: Settings, runtime: Runtime) -> None:
        url = settings.main_url()
        self._keys = runtime.keys
        self._database = Database(url, ROLE, "pushward-challenge", size_max=settings.pool_size_max)
        self._closer_database = Database(url, ROLE, "pushward-challenge-closer", size_max=CLOSER_CONNECTIONS_MAX)
        self._log = open_challenge_log(url, lanes=settings.append_lanes, on_commit=runtime.heads.committed)
        self._store = PostgresChallengeStore(self._database)

        runner = CommandRunner(self._log)
        reader = runtime.heads.tail
        contents = Contents(Sealer(runtime.keys))
        registry = RegistryStub(runtime.peers.channel("registry"))
        expiry = Expiry(runner, CHALLENGES, self._store)
        codes = CodeAnswering(runner, CHALLENGES, self._store, contents, registry)
        closer = Closer(runner, CHALLENGES, self._store)
        self._servicer = Challenges(
            Creating(runner, CHALLENGES, TOTP_USAGES, self._store, contents, registry, codes),
            Reading(self._store, expiry, contents, registry),
            Answering(runner, CHALLENGES, self._store, contents, registry),
            codes,
            Notifying(runner, CHALLENGES, self._store, reader, registry),
            WebhookEvents(reader, CHALLENGES, self._store, contents),
        )
        self._sweeper = Sweeper(expiry, self._store, runtime.history)
        self._closer = Subscription(
            CLOSER,
            SCHEMA,
            self._closer_database,
            reader,
            runtime.heads,
            closer.apply,
            wants=closer.wants,
            metrics=runtime.metrics,
        )

    def register(self, server: Registrar) -> None:
        """Adds the rpcs."""
        # Generated code names the one class of server that it knows; it calls no more than a Registrar has.
        add_ChallengesServicer_to_server(self._servicer, cast(aio.Server, server))

    async def start(self) -> None:
        """Begins to follow the log and to sweep."""
        await self._closer.start()
        await self._sweeper.start()

    async def stop(self) -> None:
        """Finishes what was accepted."""
        await self._sweeper.stop()
        await self._closer.stop()
        await self._log.close()
        await self._closer_database.close()
        await self._database.close()

    async def ready(self) -> str | None:
        """None when the database answers, the state tables are of this release, and data keys open."""
        return self._log.problem() or await self._database.away() or await self._keys.problem()


def build(settings: Settings, runtime: Runtime) -> ChallengeService:
    """The service, without any I/O."""
    return ChallengeService(settings, runtime)
