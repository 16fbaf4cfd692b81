"""What Authenticate remembers, and for how long at most."""

from dataclasses import replace

from pushward.ids import Sid
from services.registry.app.credential_cache import (
    CREDENTIAL_SECONDS_MAX,
    CREDENTIALS_MAX,
    CredentialCache,
    PublicKeyCache,
)
from services.registry.app.ports import Credential, Lookups
from tests.unit.registry.given import ACCOUNT, public_key

RECORD = Credential(ACCOUNT, ACCOUNT, [b"digest"], usable=True)


class Credentials(Lookups):
    """A table of credentials that counts how often it is asked; it holds every SID there can be."""

    def __init__(self) -> None:
        self.row: Credential | None = RECORD
        self.asked = 0

    async def credential(self, sid: str) -> Credential | None:
        """The row."""
        self.asked += 1
        return self.row


class Watch:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


async def test_a_credential_is_asked_for_at_most_once_a_second() -> None:
    """And a change is seen no later than that."""
    table, watch = Credentials(), Watch()  # type: ignore[abstract]  # it has what the cache asks for
    cache = CredentialCache(table, monotonic=watch)
    assert await cache.get(ACCOUNT) == RECORD
    table.row = replace(RECORD, usable=False)
    watch.seconds = CREDENTIAL_SECONDS_MAX - 0.001
    assert await cache.get(ACCOUNT) == RECORD
    assert table.asked == 1
    watch.seconds = CREDENTIAL_SECONDS_MAX
    assert await cache.get(ACCOUNT) == table.row


async def test_a_credential_that_is_not_there_is_asked_for_each_time() -> None:
    """So a new one is known at once."""
    table = Credentials()  # type: ignore[abstract]  # as above
    table.row = None
    cache = CredentialCache(table, monotonic=Watch())
    assert await cache.get(ACCOUNT) is None
    table.row = RECORD
    assert await cache.get(ACCOUNT) == RECORD


async def test_the_cache_of_credentials_is_bounded() -> None:
    """The one that was fetched first gives way."""
    table = Credentials()  # type: ignore[abstract]  # as above
    cache = CredentialCache(table, monotonic=Watch())
    for number in range(CREDENTIALS_MAX + 1):
        await cache.get(Sid(f"AC{number:032x}"))
    await cache.get(Sid(f"AC{CREDENTIALS_MAX:032x}"))
    assert table.asked == CREDENTIALS_MAX + 1
    await cache.get(Sid(f"AC{0:032x}"))
    assert table.asked == CREDENTIALS_MAX + 2


def test_a_public_key_is_parsed_once_while_there_is_room() -> None:
    """The one that was used last stays; the one that was used longest ago gives way."""
    cache = PublicKeyCache(keys_max=2)
    first = cache.get("CR1", public_key(1))
    cache.get("CR2", public_key(2))
    assert cache.get("CR1", public_key(1)) is first
    cache.get("CR3", public_key(3))
    assert cache.get("CR1", public_key(1)) is first
