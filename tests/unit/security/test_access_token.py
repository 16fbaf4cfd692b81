"""Access tokens: their form says which row to look at, their digest who may use it."""

import pytest

from pushward.security import access_token
from pushward.security.secret import Secret

SID = "YK" + "0003" + "a" * 28
TOKEN = access_token.new(SID, b"r" * 32)


def test_a_token_names_its_row_and_is_kept_as_a_digest() -> None:
    """SHA-256 of the whole token; nothing of the random part can be read back."""
    assert access_token.sid_of(TOKEN, shard_count=4) == SID
    kept = access_token.digest(TOKEN)
    assert len(kept) == 32
    assert access_token.matches(TOKEN, kept)


@pytest.mark.parametrize(
    "text",
    [
        "",
        TOKEN.reveal()[:-1],
        TOKEN.reveal() + "A",
        TOKEN.reveal() + "\n",
        TOKEN.reveal().replace(".", ""),
        TOKEN.reveal().replace(".", ".."),
        TOKEN.reveal().upper(),
        "YK" + TOKEN.reveal(),
        "0004" + TOKEN.reveal()[4:],
        "a.b.c",
    ],
)
def test_another_form_is_no_access_token(text: str) -> None:
    """Nor is one on a shard that doesn't exist: it is asked for nowhere."""
    assert access_token.sid_of(Secret(text), shard_count=4) is None


def test_a_token_is_bound_to_its_row() -> None:
    """The right random part with another row's digits doesn't match."""
    other = access_token.new("YK" + "0003" + "b" * 28, b"r" * 32)
    assert not access_token.matches(other, access_token.digest(TOKEN))
