"""The bench's work, on a little of it: appends, relay and both kinds of subscribers come to their end."""

from deploy.embedded.kafka import EmbeddedKafka
from pushward.cli.targets import MODULES
from tests.load.appending import appends_a_second
from tests.load.following import BENCH_MODULE, relay_seconds, subscribe_seconds, subscription_seconds
from tests.support import sql
from tests.support.databases import SHARDS, Databases

WRITERS = 8
APPENDS = 160


async def test_what_is_appended_reaches_every_reader(databases: Databases, clean_kafka: EmbeddedKafka) -> None:
    """Every append is taken, and each reader has applied as many events as the log has."""
    url = await databases.make([*MODULES, BENCH_MODULE])
    assert await appends_a_second(url, SHARDS, WRITERS, APPENDS) > 0
    ((events, streams),) = await sql.rows(url, "SELECT count(*), count(DISTINCT stream_id) FROM log.event")
    assert isinstance(events, int)
    assert events >= APPENDS
    assert events != streams
    bootstrap = clean_kafka.bootstrap
    for seconds in (
        await relay_seconds(url, bootstrap),
        await subscription_seconds(url),
        await subscribe_seconds(url, bootstrap),
    ):
        assert seconds > 0
    applied = await sql.rows(url, "SELECT subscriber, count(*) FROM bench.applied GROUP BY 1 ORDER BY 1")
    assert applied == [("kafka", events), ("log", events)]
