"""A server that goes and comes back while a device listens: nothing is lost, and nobody has to begin again."""

import asyncio
from collections.abc import Iterator
from contextlib import aclosing
from functools import partial
from pathlib import Path
from typing import Final

import pytest
from pushward_device import Challenge

from tests.support.installation import Installation
from tests.support.phone import STREAM, Phone
from tests.support.system import Shape, System, running
from tests.support.tenant import Tenant
from tests.support.waiting import until

WITHIN_SECONDS: Final = 90
HIDDEN: Final = {"HiddenDetails": '{"transaction_id":"t-1"}'}


@pytest.fixture(params=[Shape.ONE, Shape.SPLIT], ids=str)
def leaving(request: pytest.FixtureRequest, installation: Installation, tmp_path: Path) -> Iterator[System]:
    """A system whose edge may go."""
    with running(request.param, installation.copy(), tmp_path) as system:
        yield system


async def test_the_library_goes_on_watching_and_waiting(leaving: System, installation: Installation) -> None:
    """Through a shutdown and a `kill -9`."""
    for leave in (leaving.edge.terminate, leaving.edge.kill):
        async with (
            Tenant(leaving.base_url, installation.account) as tenant,
            Phone.enrolled(tenant, await tenant.new_service()) as phone,
            aclosing(phone.device.watch(phone.sid)) as watched,
        ):
            shown = asyncio.ensure_future(anext(watched))
            silently = phone.device.approve_silently(
                phone.sid, expect_transaction_id="t-1", within_seconds=WITHIN_SECONDS
            )
            approved = asyncio.ensure_future(silently)
            await until(partial(_both_listen, phone))

            await asyncio.to_thread(leave)
            await asyncio.to_thread(leaving.edge.wait)
            await asyncio.to_thread(leaving.start)
            await _what_comes_then_is_seen(leaving, installation, phone, shown, approved)


async def _what_comes_then_is_seen(
    system: System,
    installation: Installation,
    phone: Phone,
    shown: asyncio.Future[Challenge],
    approved: asyncio.Future[Challenge],
) -> None:
    """What is created is handed out; what is expected is approved, and nothing else."""
    async with Tenant(system.base_url, installation.account) as tenant:
        other = await tenant.challenge(phone.entity, phone.sid)
        assert (await shown).sid == other["sid"]
        begun = await tenant.challenge(phone.entity, phone.sid, **HIDDEN)
        assert (await approved).sid == begun["sid"]
        seen = await tenant.get(f"{phone.entity}/Challenges/{other['sid']}")
        assert seen["status"] == "pending"


async def _both_listen(phone: Phone) -> bool:
    """Of the factor's three streams two are taken: there is one more, and no other."""
    async with (
        phone.client.stream("GET", STREAM, auth=("token", phone.token())) as third,
        phone.client.stream("GET", STREAM, auth=("token", phone.token())) as fourth,
    ):
        return (third.status_code, fourth.status_code) == (200, 429)
