"""The sample consumer keeps its table in step, killed again and again: each event counted exactly once."""

import asyncio
import random
import sys
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from deploy.embedded.kafka import EmbeddedKafka
from deploy.embedded.postgres import EmbeddedPostgres
from pushward.api.events.v1 import challenge_pb2, types_pb2
from tests.support import sql
from tests.support.child import Child
from tests.support.figures import Figures
from tests.support.installation import Account, Installation, Stores
from tests.support.kafka import delete_topics
from tests.support.phone import Phone
from tests.support.system import Shape, System, running
from tests.support.tenant import Tenant
from tests.support.waiting import LOOK_SECONDS, eventually

KILLS: Final = 12
STEP_EVENTS_MAX: Final = 40
LIFE_SECONDS_MAX: Final = 90.0
WRITERS: Final = 3

_KINDS: Final[dict[int, tuple[str, Any]]] = {  # Any: a class of messages
    types_pb2.EVENT_TYPE_CHALLENGE_CREATED: ("created", challenge_pb2.ChallengeCreated),
    types_pb2.EVENT_TYPE_CHALLENGE_APPROVED: ("approved", challenge_pb2.ChallengeApproved),
    types_pb2.EVENT_TYPE_CHALLENGE_DENIED: ("denied", challenge_pb2.ChallengeDenied),
    types_pb2.EVENT_TYPE_CHALLENGE_EXPIRED: ("expired", challenge_pb2.ChallengeExpired),
}

Counts = Counter[tuple[str, str]]
"""How often each (factor, what happened) occurs."""


@dataclass
class Watched:
    """A consumer's process, its database, and the system that it follows."""

    child: Child
    url: str
    system: System

    async def position(self) -> int:
        """How many positions it has passed, over all shards."""
        ((there,),) = await sql.rows(self.url, "SELECT to_regclass('answers_position') IS NOT NULL")
        if not there:
            return 0
        ((total,),) = await sql.rows(self.url, "SELECT coalesce(sum(position), 0)::bigint FROM answers_position")
        assert isinstance(total, int)
        return total

    async def until_beyond(self, position: int) -> None:
        """Waits until it has passed more positions; fails if it ends before."""
        async with asyncio.timeout(LIFE_SECONDS_MAX):
            while await self.position() <= position:
                assert self.child.running, self.child.tail()
                await asyncio.sleep(LOOK_SECONDS)

    async def counted(self) -> Counts:
        """Its table."""
        columns = [column for column, _ in _KINDS.values()]
        rows = await sql.rows(self.url, f"SELECT factor_sid, {', '.join(columns)} FROM answers")
        return Counter(
            {
                (str(factor), column): count
                for factor, *counts in rows
                for column, count in zip(columns, counts, strict=True)
                if isinstance(count, int) and count
            }
        )


@pytest.fixture(params=["edge", "kafka"])
def source(request: pytest.FixtureRequest) -> str:
    """Where the consumer's events come from."""
    kind: str = request.param
    return kind


@pytest.fixture
def watched(
    source: str,
    postgres: EmbeddedPostgres,
    installation: Installation,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> Iterator[Watched]:
    """A consumer that isn't started yet, and a system that serves."""
    stores = installation.copy()
    kafka: EmbeddedKafka | None = request.getfixturevalue("kafka") if source == "kafka" else None
    if kafka:
        asyncio.run(delete_topics(kafka.bootstrap))
    name = f"consumer_{uuid.uuid4().hex}"
    postgres.create_databases(name)
    settings = {"PUSHWARD_KAFKA": kafka.bootstrap} if kafka else {}
    with running(Shape.ONE, stores, tmp_path, settings) as system:
        where = ["--kafka", kafka.bootstrap] if kafka else _from_edge(system, installation.account)
        command = [sys.executable, "-m", "samples.consumer", "--from", source, "--start", "beginning", *where]
        url = postgres.database_url(name)
        secrets = {
            "PUSHWARD_AUTH_TOKEN": installation.account.auth_token,
            "CONSUMER_DATABASE_URL": url,
            "CONSUMER_LOG_URL": stores.database_url,
        }
        child = Child(command, {**stores.environment(), **secrets}, tmp_path / "consumer.log")
        try:
            yield Watched(child, url, system)
        finally:
            child.end()


@pytest.mark.timeout(600)
async def test_a_consumer_that_is_killed_again_and_again_counts_exactly_once(
    watched: Watched, source: str, installation: Installation, figures: Figures
) -> None:
    """KILLS kills at random moments, under load of two tenants; then its table is compared with the log."""
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    async with _load(watched.system, installation) as accounts:
        for _ in range(KILLS):
            watched.child.start()
            passed = await watched.position()
            await watched.until_beyond(passed + chance.randrange(STEP_EVENTS_MAX))
            watched.child.kill()
    watched.child.start()
    mine = None if source == "kafka" else accounts[0]
    expected = await _happened(watched.system.stores, mine)
    await eventually(watched.counted, expected)
    figures.tell(f"consumer from {source}: {expected.total()} events counted through {KILLS} kills, seed {seed}")
    if source == "edge":
        assert await _happened(watched.system.stores, accounts[1]), "another tenant's events were there to be left out"


def _from_edge(system: System, account: Account) -> list[str]:
    return ["--base-url", system.base_url, "--account", account.sid]


@asynccontextmanager
async def _load(system: System, installation: Installation) -> AsyncIterator[tuple[str, str]]:
    """Logins of both tenants' users while the block runs; the tenants' SIDs."""
    stopping = asyncio.Event()
    accounts = (installation.account, installation.other_account)
    writers = [asyncio.create_task(_write(system, account, stopping)) for account in accounts for _ in range(WRITERS)]
    try:
        yield accounts[0].sid, accounts[1].sid
    finally:
        stopping.set()
        await asyncio.gather(*writers)


async def _write(system: System, account: Account, stopping: asyncio.Event) -> None:
    async with (
        Tenant(system.base_url, account) as tenant,
        Phone.enrolled(tenant, await tenant.new_service()) as phone,
    ):
        number = 0
        while not stopping.is_set():
            challenge = await tenant.challenge(phone.entity, phone.sid)
            if number % 3:
                await phone.decide(challenge["sid"], "approved" if number % 3 == 1 else "denied")
            number += 1


async def _happened(stores: Stores, account_sid: str | None) -> Counts:
    """What the log says about an account's factors, or all."""
    rows = await sql.rows(stores.database_url, "SELECT type, payload FROM log.event WHERE type = ANY($1)", [*_KINDS])
    counts: Counts = Counter()
    for kind, payload in rows:
        name, message_class = _KINDS[kind]  # type: ignore[index]  # a number
        message = message_class.FromString(payload)
        if account_sid in (None, message.account_sid):
            counts[message.factor_sid, name] += 1
    return counts
