"""`make run KAFKA=1`: a broker beside the embedded PostgreSQL, which starts, stays and ends with it."""

import json
from pathlib import Path

import pytest

from deploy.embedded.waiting import wait_until
from pushward.cli.stores_file import STORES_FILE
from tests.e2e.cli.development import Development, all_ended, kill
from tests.support.installation import pushward
from tests.support.kafka import partitions_of, records_of
from tests.support.waiting import until

END_SECONDS_MAX = 20.0
SHARDS = 4
TOPIC = "pushward.events"


@pytest.mark.timeout(300)
@pytest.mark.parametrize("workers", [1, 2])
async def test_a_broker_starts_with_it_and_carries_what_was_recorded(workers: int) -> None:
    """The topic holds the development account's events; after kill -9 of everything it is there, at the same port."""
    with Development.made(workers=workers, kafka=True) as development:
        development.start()
        bootstrap = _bootstrap(development.var)

        async def carried() -> int:
            if await partitions_of(bootstrap, TOPIC) != SHARDS:
                return 0
            return sum(map(len, (await records_of(bootstrap, TOPIC, SHARDS)).values()))

        async def carries_some() -> bool:
            return await carried() > 0

        await until(carries_some)
        before = await carried()
        processes = development.processes()
        kill(processes)
        development.child.wait()
        assert wait_until(lambda: all_ended(processes), END_SECONDS_MAX)

        development.start()
        assert _bootstrap(development.var) == bootstrap
        assert await carried() >= before
        processes = development.processes()
        development.child.terminate()
        assert development.child.wait() == 0
        assert wait_until(lambda: all_ended(processes), END_SECONDS_MAX)


@pytest.mark.parametrize(
    "other",
    [{"PUSHWARD_KAFKA": "127.0.0.1:9092"}, {"PUSHWARD_DATABASE_URL": "postgresql:///here"}],
    ids=lambda other: next(iter(other)),
)
def test_a_broker_is_not_run_beside_a_database_or_a_cluster_of_ones_own(other: dict[str, str], tmp_path: Path) -> None:
    """The wish makes no sense then: exit status 2, and what to do."""
    environment = {**Development(tmp_path).environment, "PUSHWARD_EMBEDDED_KAFKA": "1", **other}
    done = pushward(environment, "serve", "all", succeeds=False)
    assert done.returncode == 2
    assert "unset it, and name the cluster in PUSHWARD_KAFKA" in " ".join(done.stderr.split())


def _bootstrap(var: Path) -> str:
    """Where the broker is, as commands beside the server find it."""
    stores = json.loads((var / STORES_FILE).read_text("utf-8"))
    return str(stores["PUSHWARD_KAFKA"])
