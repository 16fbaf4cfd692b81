"""What insights needs of faust, and the only module that imports it: an app as a library, and its tables.

Importing it takes half a second: this is imported where a counter is served with Kafka, and nowhere else. The app
touches nothing of its process but the loop, and one thread for its consumer: no signal handlers, no port, no files, no
stdout.
"""

import asyncio
import logging
from asyncio import CancelledError
from collections.abc import Iterator, MutableMapping
from typing import Any, Final

import faust
from aiokafka.errors import ProducerClosed
from mode.threads import ServiceThread, WorkerThread

from pushward.kafka.cluster import SASL_MECHANISM, KafkaCluster
from services.insights.adapters.values import count_of, value_of
from services.insights.domain.counting import Count

APPLICATION: Final = "pushward-insights"
SESSION_SECONDS: Final = 6
HEARTBEAT_SECONDS: Final = 1
COMMIT_SECONDS: Final = 1.0
METADATA_AGE_MS_MAX: Final = 5_000
FLUSH_SECONDS_MAX: Final = 0.7
CUT_OFF_SECONDS_MAX: Final = 0.6
SWEEP_SECONDS_MAX: Final = 1.0

SILENT_LOGGERS: Final = ("faust", "mode", "aiokafka.consumer", __name__)  # the last is how mode logs for our subclass
"""They log each failed try of a broker that is away, and "buffer full", hundreds of lines a second. What ends a counter
is told by whoever holds the lease."""


class ConsumerThread(WorkerThread):
    """The consumer's thread. mode's own keeps a process from leaving, and waits for its end with the loop held."""

    def __init__(self, service: ServiceThread, **options: Any) -> None:  # Any: as mode declares it
        super().__init__(service, **options)
        self.daemon = True

    def run(self) -> None:
        """Serves until its service ends, however it does: mode would wait for one that was cancelled."""
        self.service._close_thread_loop_on_stop = False  # we do, once nothing runs in it
        try:
            self.service._start_thread()
        except (Exception, CancelledError):
            self.service.set_shutdown()
        finally:
            _sweep(self.service.thread_loop)
            self._set_stopped()

    def stop(self) -> None:
        """It ends by itself."""


class App(faust.App):
    """An app without files, whose end always comes."""

    def get_ready(self) -> None:
        """Builds what its start needs, in this loop; it must be stopped then."""
        self.loop = asyncio.get_running_loop()
        self.finalize()
        consumer: Any = self.consumer  # Any: of the driver for aiokafka, as the broker's URL says
        consumer._thread.Worker = ConsumerThread

    async def cut_off(self) -> None:
        """Ends its producer; what is outstanding is lost: sent later, it would undo what a successor wrote."""
        producer = getattr(self.producer, "_producer", None)
        if producer is None:
            return
        sender = producer._sender.sender_task
        if sender is not None:
            for _ in range(2):  # the first asks it to end once its request has; the second cuts that, too
                sender.cancel()
                await asyncio.wait({sender}, timeout=CUT_OFF_SECONDS_MAX / 2)
        producer._message_accumulator.fail_all(ProducerClosed())

    def _create_directories(self) -> None:
        """Tables are in memory: there is nothing to keep in any."""

    async def _producer_flush(self, logger: Any) -> None:  # Any: as faust declares it
        """Before it stops: for as long as the broker may need, not until one that is away comes back."""
        try:
            async with asyncio.timeout(FLUSH_SECONDS_MAX):
                await super()._producer_flush(logger)
        except TimeoutError:
            return


def app_of(cluster: KafkaCluster, epoch: int, shards: int) -> App:
    """An app for an epoch's topic; what it names in Kafka is the epoch's own, as the positions are."""
    return App(
        APPLICATION if epoch == 1 else f"{APPLICATION}-{epoch}",
        broker=[f"kafka://{address.strip()}" for address in cluster.bootstrap.split(",")],
        broker_credentials=_credentials(cluster),
        broker_client_id=APPLICATION,
        autodiscover=False,
        store="memory://",
        web_enabled=False,
        processing_guarantee="at_least_once",
        key_serializer="raw",
        value_serializer="raw",
        topic_disable_leader=True,
        topic_partitions=shards,
        table_standby_replicas=0,
        stream_wait_empty=False,
        # No static member: one that comes back gets the assignment of before, without the topics that were made since.
        consumer_auto_offset_reset="earliest",
        consumer_metadata_max_age_ms=METADATA_AGE_MS_MAX,
        producer_metadata_max_age_ms=METADATA_AGE_MS_MAX,
        broker_session_timeout=SESSION_SECONDS,
        broker_heartbeat_interval=HEARTBEAT_SECONDS,
        broker_commit_interval=COMMIT_SECONDS,
        producer_acks=-1,
        worker_redirect_stdouts=False,
    )


class CountTable(MutableMapping[str, Count]):
    """A faust table as counts: in memory, with a changelog in Kafka. It changes only while an event is processed."""

    def __init__(self, app: App, name: str, shards: int) -> None:
        self._table: Any = app.Table(name, partitions=shards)  # Any: faust's tables are of anything

    @property
    def changelog(self) -> str:
        """Its changelog's topic."""
        return str(self._table.changelog_topic_name)

    def __getitem__(self, key: str) -> Count:
        value = self._table.get(key)
        if value is None:
            raise KeyError(key)
        return count_of(value)

    def __setitem__(self, key: str, count: Count) -> None:
        self._table[key] = value_of(count)

    def __delitem__(self, key: str) -> None:
        del self._table[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._table.keys())

    def __len__(self) -> int:
        return len(self._table)


def _sweep(loop: asyncio.AbstractEventLoop) -> None:
    """Ends what a consumer that couldn't stop has left in its loop."""
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    if tasks:
        loop.run_until_complete(asyncio.wait(tasks, timeout=SWEEP_SECONDS_MAX))
    loop.close()


def silence() -> None:
    """Keeps faust's loggers, and those that it makes loud, out of ours."""
    for name in SILENT_LOGGERS:
        logging.getLogger(name).setLevel(logging.CRITICAL)


def _credentials(cluster: KafkaCluster) -> Any:  # Any: faust's credentials, of several kinds
    context = cluster.options(APPLICATION).get("ssl_context")
    if cluster.username is not None:
        return faust.SASLCredentials(
            username=cluster.username, password=cluster.password, ssl_context=context, mechanism=SASL_MECHANISM
        )
    return None if context is None else faust.SSLCredentials(context)
