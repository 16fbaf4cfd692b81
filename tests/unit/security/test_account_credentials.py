"""Auth tokens and API keys: digested with the installation's key, bound to their account or key."""

from uuid import UUID

import pytest

from pushward.security import account_credentials
from pushward.security.kek import FileKeyEncryption
from pushward.security.key_store_memory import MemoryKeyStore
from pushward.security.keys import INSTALLATION_KEY_ID, DataKey, KeyMissingError, KeyRing
from pushward.security.secret import Secret

KEY = DataKey(UUID(int=1), b"k" * 32)
OTHER_KEY = DataKey(UUID(int=1), b"o" * 32)
TOKEN = account_credentials.new_secret(b"r" * 32)
STORED = account_credentials.digest(KEY, "AC1", TOKEN)


def test_the_token_that_was_stored_matches() -> None:
    """The same token, account and key."""
    assert account_credentials.matches(KEY, "AC1", TOKEN, [STORED])


def test_each_of_those_that_are_accepted_matches() -> None:
    """While a token rotates there are two; none matches where none is accepted."""
    other = account_credentials.new_secret(b"s" * 32)
    stored = [STORED, account_credentials.digest(KEY, "AC1", other)]
    for accepted in (stored, stored[::-1]):
        assert account_credentials.matches(KEY, "AC1", TOKEN, accepted)
        assert account_credentials.matches(KEY, "AC1", other, accepted)
    assert not account_credentials.matches(KEY, "AC1", TOKEN, [])


@pytest.mark.parametrize(
    ("key", "credential_sid", "token"),
    [
        (KEY, "AC1", Secret("")),
        (KEY, "AC1", Secret(TOKEN.reveal() + " ")),
        (KEY, "AC1", Secret(TOKEN.reveal().lower())),
        (KEY, "AC2", TOKEN),
        (OTHER_KEY, "AC1", TOKEN),
    ],
)
def test_nothing_else_matches(key: DataKey, credential_sid: str, token: Secret) -> None:
    """Another text, another account's row, another installation's key."""
    assert not account_credentials.matches(key, credential_sid, token, [STORED])


def test_a_token_does_not_print_itself() -> None:
    """It may stand in an exception or a log line by mistake."""
    assert TOKEN.reveal() not in f"{TOKEN} {TOKEN!r}"


async def test_the_installation_key_is_made_once() -> None:
    """Two processes that start at once end up with the same key, whichever was first."""
    store, encryption = MemoryKeyStore(), FileKeyEncryption(b"e" * 32)
    one, other = KeyRing(store, encryption), KeyRing(store, encryption)
    made = await account_credentials.ensure_installation_key(one, b"1" * 32)
    raced = await other.create(INSTALLATION_KEY_ID, "installation", b"2" * 32)
    again = await account_credentials.ensure_installation_key(other, b"3" * 32)
    assert made == raced == again


async def test_a_wrong_key_encryption_key_makes_no_second_installation_key() -> None:
    """Digests under an ephemeral key would lock the account out for ever: it must fail instead."""
    store = MemoryKeyStore()
    await account_credentials.ensure_installation_key(KeyRing(store, FileKeyEncryption(b"e" * 32)), b"1" * 32)
    with pytest.raises(KeyMissingError):
        await account_credentials.ensure_installation_key(KeyRing(store, FileKeyEncryption(b"f" * 32)), b"2" * 32)
