"""Builds the insights service from the settings.

With Kafka one process of all counts live; without, the recount on the timer is what counts. Either way Kafka is never a
reason for not being ready.
"""

from typing import Final, cast

from grpc import aio

from pushward.api.insights.v1.insights_pb2_grpc import add_InsightsServicer_to_server
from pushward.api.registry.v1.registry_pb2_grpc import RegistryStub
from pushward.clock import WallClock
from pushward.config.settings import Settings
from pushward.database.pool import Database
from pushward.kafka.cluster import KafkaCluster, cluster_of
from pushward.periodic import Periodic
from pushward.service import Registrar, Runtime
from pushward.telemetry.metrics import Metrics
from services.insights.adapters.counted_log import PostgresCountedLog
from services.insights.adapters.figures import PostgresFigures
from services.insights.adapters.leases import PostgresLeases
from services.insights.adapters.log import ROLE
from services.insights.app.live import Live
from services.insights.app.ports import Counter, FiguresStore
from services.insights.app.reading import Reading
from services.insights.app.recount_timer import RecountTimer
from services.insights.app.servicer import Insights

COUNTING_CONNECTIONS_MAX: Final = 4
"""For the counter, its lease and the recount: a pool of their own, so that requests never wait for it."""


class InsightsService:
    """The target ``insights``: the counter, the recount, and the rpc that reads."""

    name = "insights"

    def __init__(self, settings: Settings, runtime: Runtime) -> None:
        url = settings.main_url()
        self._database = Database(url, ROLE, "pushward-insights", size_max=settings.pool_size_max)
        self._counting = Database(url, ROLE, "pushward-insights-counting", size_max=COUNTING_CONNECTIONS_MAX)
        log, store = PostgresCountedLog(self._counting), PostgresFigures(self._counting)
        leases = PostgresLeases(self._counting)
        registry = RegistryStub(runtime.peers.channel("registry"))
        self._servicer = Insights(Reading(PostgresFigures(self._database), registry, WallClock()))
        timer = RecountTimer(log, store, leases, runtime.metrics, lease_seconds=settings.insights_recount_seconds)
        self._recounts = Periodic("insights-recount", timer.turn, pause_seconds=settings.insights_recount_seconds)
        cluster = cluster_of(settings)
        self._live = (
            None if cluster is None else Live(log, leases, _counter(cluster, store, runtime.metrics), runtime.metrics)
        )

    def register(self, server: Registrar) -> None:
        """Adds the rpc."""
        # Generated code names the one class of server that it knows; it calls no more than a Registrar has.
        add_InsightsServicer_to_server(self._servicer, cast(aio.Server, server))

    async def start(self) -> None:
        """Begins to recount, and to take part in counting."""
        await self._recounts.start()
        if self._live is not None:
            await self._live.start()

    async def stop(self) -> None:
        """Ends the counter, finishes the recount's turn, closes connections."""
        if self._live is not None:
            await self._live.stop()
        await self._recounts.stop()
        await self._counting.close()
        await self._database.close()

    async def ready(self) -> str | None:
        """None when the database answers."""
        return await self._database.away()


def build(settings: Settings, runtime: Runtime) -> InsightsService:
    """The service, without any I/O."""
    return InsightsService(settings, runtime)


def _counter(cluster: KafkaCluster, store: FiguresStore, metrics: Metrics) -> Counter:
    # Here, since it costs half a second, and most processes have no Kafka.
    from services.insights.adapters.faust_counter import FaustCounter

    return FaustCounter(cluster, store, metrics)
