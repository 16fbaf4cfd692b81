"""One crash run: the world is made, loaded, struck, given time to settle, and then looked at.

The run itself asserts nothing: what it found is a value, which the tests judge one point at a time.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deploy.embedded.kafka import EmbeddedKafka
from deploy.embedded.postgres import EmbeddedPostgres
from tests.crash import evidence
from tests.crash.checker import Call, Fact
from tests.crash.ledger import APPLIED, CONSUMED
from tests.crash.logins import Logins
from tests.crash.schedule import Step, Target
from tests.crash.storm import Storm
from tests.crash.world import World, at_work, prepared
from tests.support import sql
from tests.support.receiver import Receiver
from tests.support.tenant import Tenant
from tests.support.waiting import until

PHONES: Final = 3
UNDER_WAY_SECONDS_MAX: Final = 60.0
SETTLE_SECONDS_MAX: Final = 60.0
LOOK_SECONDS: Final = 0.25


@dataclass(frozen=True, slots=True)
class Found:
    """What a run has left behind."""

    log: Sequence[Fact]
    acknowledged: Sequence[Fact]
    topic: Sequence[Fact]
    lost_topics: Sequence[Sequence[Fact]]  # what the topic held each time that it was lost
    applied: Sequence[Fact]
    applied_after: Mapping[int, int]  # where that began
    consumed: Sequence[Fact]
    approved: frozenset[str]  # challenges, as the log has it
    approvals_seen: Sequence[str]  # challenges, as their phones were told
    calls: Sequence[Call]
    behind: Sequence[str]  # who hadn't come to the log's end when time was up
    kills: Mapping[Target, int]
    ended_by_themselves: Sequence[str]
    surprises: Sequence[str]
    alarms: Sequence[str]
    raged_seconds: float
    settled_seconds: float
    said: str  # the end of each process's log

    @property
    def figures(self) -> str:
        """In a few lines, for people."""
        return (
            f"{sum(self.kills.values())} kills in {self.raged_seconds:.0f} s ("
            f"{', '.join(f'{target} {count}' for target, count in sorted(self.kills.items()))}), "
            f"settled {self.settled_seconds:.1f} s later\n"
            f"log: {len(self.log)} events, {len(self.acknowledged)} acknowledged to the writer; "
            f"topic: {len(self.topic)} records; applied {len(self.applied)}, consumed {len(self.consumed)}\n"
            f"logins: {len(self.approvals_seen)} approved; webhook calls: {len(self.calls)} for {len(self.approved)}"
        )


def run(steps: Sequence[Step], directory: Path) -> Found:
    """Carries ``steps`` out on a world of its own. From the main thread: stores are its children."""
    with EmbeddedPostgres.ephemeral(fsync=False) as postgres, EmbeddedKafka(directory / "kafka") as kafka:
        return asyncio.run(_run(postgres, kafka, steps, directory))


async def _run(postgres: EmbeddedPostgres, kafka: EmbeddedKafka, steps: Sequence[Step], directory: Path) -> Found:
    beginning = await prepared(postgres, directory)
    with at_work(postgres, kafka, beginning, directory) as world:
        async with Receiver.listening() as receiver, Tenant(world.system.base_url, beginning.account) as tenant:
            service = await tenant.new_service()
            hook = {"FriendlyName": "Backend", "EventTypes": evidence.APPROVED, "WebhookUrl": receiver.url}
            await tenant.create(f"/v2/Services/{service}/Webhooks", hook)
            storm = Storm(world)
            async with Logins.going_on(tenant, service, PHONES) as logins:
                await until(lambda: _is_under_way(world, logins), UNDER_WAY_SECONDS_MAX)
                began = time.monotonic()
                await storm.rage(steps)
            raged = time.monotonic() - began
            world.children[Target.WRITER].kill()
            behind = await _settled(world)
            settled = time.monotonic() - began - raged
            return await _found(world, logins, receiver, storm, behind, raged, settled)


async def _is_under_way(world: World, logins: Logins) -> bool:
    """Whether everybody works before anybody is killed: then each kill interrupts something."""
    for target, child in world.children.items():
        assert child.running, f"{target} ended at its start:\n{child.tail()}"
    consumed = await sql.rows(world.url, f"SELECT 1 FROM {CONSUMED} LIMIT 1")
    applied = await sql.rows(world.url, f"SELECT 1 FROM {APPLIED} LIMIT 1")
    return bool(consumed and applied and logins.approved)


async def _settled(world: World) -> list[str]:
    """Waits until everybody has come to the log's end; returns who hasn't when time is up."""
    deadline = time.monotonic() + SETTLE_SECONDS_MAX
    while behind := await evidence.what_is_behind(world.url, world.kafka.bootstrap):
        if time.monotonic() > deadline:
            break
        await sql.execute(world.url, evidence.OVERDUE)
        await asyncio.sleep(LOOK_SECONDS)
    return behind


async def _found(
    world: World, logins: Logins, receiver: Receiver, storm: Storm, behind: list[str], raged: float, settled: float
) -> Found:
    url = world.url
    return Found(
        log=await evidence.log_facts(url),
        acknowledged=evidence.acknowledged(world.journal),
        topic=await evidence.relayed(world.kafka.bootstrap),
        lost_topics=storm.generations,
        applied=await evidence.applied(url),
        applied_after=world.prepared.after,
        consumed=await evidence.consumed(url),
        approved=frozenset(await evidence.approved_challenges(url)),
        approvals_seen=tuple(logins.approved),
        calls=evidence.calls(receiver.deliveries),
        behind=behind,
        kills=Counter(storm.kills),
        ended_by_themselves=tuple(storm.ended_by_themselves),
        surprises=tuple(logins.surprises),
        alarms=tuple(world.alarms()),
        raged_seconds=raged,
        settled_seconds=settled,
        said=world.tail(),
    )
