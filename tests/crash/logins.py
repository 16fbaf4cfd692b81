"""The load through the front door: phones that are asked and approve, again and again, whoever has just been killed.

A cycle that meets a dead process or store is given up, and the next one begins; only answers that say "not now" may
end one so. Anything else is kept as a surprise, and the test fails with it.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Final, Self

import httpx
from pushward_device import NetworkError, PushwardDeviceError, RateLimitedError, ServerUnavailableError

from tests.support.phone import Phone
from tests.support.tenant import Tenant

PACE_SECONDS: Final = 0.03
PAUSE_SECONDS: Final = 0.1
NOT_NOW: Final = (429, 503)


@dataclass
class Logins:
    """What ``phones`` do, one login after the other each."""

    tenant: Tenant
    phones: list[Phone]
    approved: list[str] = field(default_factory=list)  # challenges whose approval was acknowledged, in order
    seconds: list[float] = field(default_factory=list)  # that each of these took
    given_up: int = 0
    surprises: list[str] = field(default_factory=list)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    @classmethod
    @asynccontextmanager
    async def going_on(cls, tenant: Tenant, service: str, phones: int) -> AsyncIterator[Self]:
        """New phones of this service that log in as long as the block runs."""
        async with AsyncExitStack() as stack:
            enrolled = [await stack.enter_async_context(Phone.enrolled(tenant, service)) for _ in range(phones)]
            logins = cls(tenant, enrolled)
            logins._tasks = [asyncio.create_task(logins._go_on(phone)) for phone in enrolled]
            try:
                yield logins
            finally:
                await logins.end()

    async def end(self) -> None:
        """Ends the phones' loops."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _go_on(self, phone: Phone) -> None:
        while True:
            began = time.monotonic()
            challenge = await self._approved(phone)
            if challenge is None:
                self.given_up += 1
                await asyncio.sleep(PAUSE_SECONDS)
                continue
            self.seconds.append(time.monotonic() - began)
            self.approved.append(challenge)
            await asyncio.sleep(PACE_SECONDS)

    async def _approved(self, phone: Phone) -> str | None:
        """The challenge that was just created and approved, None if that wasn't possible now."""
        form = {"FactorSid": phone.sid, "Details.Message": "Log in?"}
        try:
            answer = await self.tenant.client.post(f"{phone.entity}/Challenges", data=form)
            if answer.status_code != 201:
                self._not_now(answer.status_code, answer.text)
                return None
            sid: str = answer.json()["sid"]
            await phone.decide(sid, "approved")
        except (httpx.TransportError, NetworkError, RateLimitedError):
            return None
        except ServerUnavailableError as error:
            self._not_now(error.status, str(error))
            return None
        except PushwardDeviceError as error:
            self.surprises.append(f"{type(error).__name__}: {error}")
            return None
        return sid

    def _not_now(self, status: int, text: str) -> None:
        if status not in NOT_NOW:
            self.surprises.append(f"{status}: {text}")
