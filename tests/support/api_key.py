"""An API key of a tenant's, revoked when a test is done with it: accounts have a bounded number of them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from tests.support.installation import Account
from tests.support.tenant import Tenant

KEYS: Final = "/pushward/v1/keys"


@asynccontextmanager
async def api_key_of(tenant: Tenant, friendly_name: str) -> AsyncIterator[Account]:
    """The account by this key: its SID and its secret are what a backend authenticates with."""
    created = await tenant.create(KEYS, {"FriendlyName": friendly_name})
    try:
        yield Account(created["sid"], created["secret"])
    finally:
        if not await tenant.gone(f"{KEYS}/{created['sid']}"):
            await tenant.delete(f"{KEYS}/{created['sid']}")
