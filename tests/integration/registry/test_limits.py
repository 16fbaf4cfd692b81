"""Limits under parallel requests of two processes on one database: what is full stays full, whoever asks."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import TypeVar
from uuid import uuid4

import pytest

from pushward.api.registry.v1 import registry_pb2 as pb
from pushward.errors import PushwardError, TooManyRequestsError
from services.registry.adapters.entity_creations import PostgresEntityCreations
from services.registry.domain.decider.entity import CREATIONS_A_DAY_MAX, PUSH_FACTORS_MAX
from tests.integration.registry.conftest import World
from tests.integration.registry.tenant import Phone, Tenant
from tests.support.waiting import until

T = TypeVar("T")

CONFLICTS = 20429
"""What a command gets that lost to others too often: it may try again."""


@pytest.fixture
async def twice(world: World, tenant: Tenant) -> AsyncIterator[tuple[Tenant, Tenant]]:
    """The tenant, asking two processes."""
    async with world.process() as second:
        yield tenant, tenant.asking_with(second)


async def enrolled_at_once(twice: tuple[Tenant, Tenant], count: int) -> tuple[list[Phone], list[int]]:
    """So many enrolments at once, half of them in each process: those that were granted, and the others' codes."""
    outcomes = await asyncio.gather(*(twice[number % 2].enrol() for number in range(count)), return_exceptions=True)
    return _parted(outcomes)


async def test_parallel_enrolments_exceed_no_number_of_factors(twice: tuple[Tenant, Tenant]) -> None:
    """60315: of those that ask at once for the last places, just as many get one."""
    tenant, _ = twice
    places = 4
    for _ in range(PUSH_FACTORS_MAX - places):
        await tenant.enrol()
    granted, codes = await enrolled_at_once(twice, 12)
    assert set(codes) <= {60315, CONFLICTS}
    for _ in range(places - len(granted)):  # by whom a conflict had been told
        granted.append(await tenant.enrol())
    assert len(granted) == places
    assert await enrolled_at_once(twice, 2) == ([], [60315, 60315])
    assert len(await tenant.factors(size=100)) == PUSH_FACTORS_MAX


async def test_parallel_enrolments_exceed_no_number_of_creations_a_day(
    world: World, twice: tuple[Tenant, Tenant]
) -> None:
    """60326: as above, and deleting makes no room."""
    tenant, _ = twice
    places = 3
    await tenant.enrol()
    await world.damage(
        f"UPDATE registry.entity SET creations_on_day = {CREATIONS_A_DAY_MAX - places} WHERE identity = $1",
        tenant.identity,
    )
    granted, codes = await enrolled_at_once(twice, 12)
    assert set(codes) <= {60326, CONFLICTS}
    for _ in range(places - len(granted)):
        granted.append(await tenant.enrol())
    assert len(granted) == places
    await tenant.delete_entity()
    assert await enrolled_at_once(twice, 2) == ([], [60326, 60326])


@pytest.mark.provokes(60328)
async def test_an_account_creates_so_many_entities_a_second(world: World, tenant: Tenant) -> None:
    """60328, over two processes, with a first factor or without; an entity that is there already costs nothing."""
    per_second, asked = 3, 24
    limited = world.settings.model_copy(update={"entity_creations_per_second": per_second})
    async with world.process(limited) as first, world.process(limited) as second:
        began = time.monotonic()
        outcomes = await asyncio.gather(
            *(_new_entity(tenant.asking_with((first, second)[number % 2]), number % 4 < 2) for number in range(asked)),
            return_exceptions=True,
        )
        elapsed = time.monotonic() - began
        granted, codes = _parted(outcomes)
        assert per_second <= len(granted) <= per_second * (1 + elapsed)
        assert set(codes) == {60328}
        refused = next(outcome for outcome in outcomes if isinstance(outcome, TooManyRequestsError))
        assert refused.retry_after_seconds == 1
        known = next(iter(granted))
        await asyncio.gather(*(known.enrol() for _ in range(2 * per_second)))
        other = await world.new_tenant(first)
        await other.enrol()


async def test_a_bucket_holds_what_a_second_brings(world: World, tenant: Tenant) -> None:
    """However long nobody took from it."""
    creations = PostgresEntityCreations(world.database, 5)
    await creations.take(tenant.account_sid)
    await world.damage(
        "UPDATE registry.entity_creation_bucket SET tokens = 0, filled_at = filled_at - interval '1 h' "
        "WHERE account_sid = $1",
        tenant.account_sid,
    )
    began = time.monotonic()
    waits = [await creations.take(tenant.account_sid) for _ in range(20)]
    assert 5 <= waits.count(0) <= 5 * (2 + time.monotonic() - began)
    assert all(0 <= wait <= 1 / 5 for wait in waits)


async def test_a_bucket_fills_on_after_the_clock_was_set_back(world: World, tenant: Tenant) -> None:
    """Not only when the old time has come again."""
    creations = PostgresEntityCreations(world.database, 5)
    await creations.take(tenant.account_sid)
    await world.damage(
        "UPDATE registry.entity_creation_bucket SET tokens = 0, filled_at = filled_at + interval '1 h' "
        "WHERE account_sid = $1",
        tenant.account_sid,
    )
    assert 0 < await creations.take(tenant.account_sid) <= 1 / 5

    async def has_filled() -> bool:
        return await creations.take(tenant.account_sid) == 0

    await until(has_filled)


async def _new_entity(tenant: Tenant, explicitly: bool) -> Tenant:
    """Somebody new."""
    somebody = tenant.of(f"user-{uuid4()}")
    if explicitly:
        request = pb.CreateEntityRequest(
            context=tenant.by(), service_sid=tenant.service_sid, identity=somebody.identity
        )
        await tenant.registry.CreateEntity(request)
    else:
        await somebody.enrol()
    return somebody


def _parted(outcomes: list[T | BaseException]) -> tuple[list[T], list[int]]:
    """What was granted, and the codes of what was refused."""
    granted = [outcome for outcome in outcomes if not isinstance(outcome, BaseException)]
    refused = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    assert all(isinstance(outcome, PushwardError) for outcome in refused), refused
    return granted, [outcome.code for outcome in refused if isinstance(outcome, PushwardError)]
