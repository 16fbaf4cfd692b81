"""`pushward account` and `pushward key`: tenants and their credentials, for operators. No server needs to run."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from tests.support.installation import Account, Installation, Stores, new_account, pushward

NOBODY = "AC" + "0" * 32


@pytest.fixture(scope="module")
def stores(installation: Installation) -> Stores:
    """Databases that the tests of this module share."""
    return installation.copy()


@pytest.fixture(scope="module")
def account(stores: Stores) -> Account:
    """An account that they share; each leaves it as it was."""
    return new_account(stores, "Example Airline")


def said(stores: Stores, *words: str) -> Any:  # Any: JSON
    """What a command that succeeds prints for programs."""
    return json.loads(pushward(stores.environment(), *words, "--json").stdout)


def refusal(stores: Stores, *words: str) -> tuple[int, str]:
    """Exit code of a command that fails, and its one line."""
    done = pushward(stores.environment(), *words, succeeds=False)
    assert done.stdout == ""
    return done.returncode, done.stderr.strip()


def row(stores: Stores, account: Account) -> Any:  # Any: JSON
    """The account as it is listed."""
    return next(each for each in said(stores, "account", "list")["accounts"] if each["account_sid"] == account.sid)


def test_accounts_are_listed_for_people_and_for_programs(
    stores: Stores, account: Account, installation: Installation
) -> None:
    """All of them, by their creation; no token is among it."""
    listed = said(stores, "account", "list")["accounts"]
    assert [each["account_sid"] for each in listed] == [
        installation.account.sid,
        installation.other_account.sid,
        account.sid,
    ]
    assert {name: listed[-1][name] for name in ("name", "status", "auth_tokens")} == {
        "name": "Example Airline",
        "status": "enabled",
        "auth_tokens": "primary",
    }
    table = pushward(stores.environment(), "account", "list").stdout
    assert account.sid in table
    assert "Example Airline" in table
    assert account.auth_token not in table + json.dumps(listed)


def test_a_rotation_is_begun_once_and_ended_once(stores: Stores, account: Account) -> None:
    """What doesn't fit the state is refused by name, exit 1, and changes nothing."""
    rotate = ("account", "rotate-token", account.sid)
    assert refusal(stores, *rotate, "--promote") == (
        1,
        "pushward: The account has no secondary auth token. Rotate its token first.",
    )
    begun = said(stores, *rotate)
    assert begun["account_sid"] == account.sid
    assert begun["secondary_auth_token"] not in ("", account.auth_token)
    assert row(stores, account)["auth_tokens"] == "primary, secondary"
    assert refusal(stores, *rotate) == (
        1,
        "pushward: The account has a secondary auth token already. Promote it, or cancel it.",
    )
    assert refusal(stores, *rotate, "--promote", "--cancel") == (2, "pushward: Either --promote or --cancel.")
    assert said(stores, *rotate, "--cancel")["auth_tokens"] == "primary"
    told = pushward(stores.environment(), *rotate)
    assert "--promote" in told.stderr
    assert "secondary_auth_token" in told.stdout
    assert said(stores, *rotate, "--promote")["auth_tokens"] == "primary"
    assert refusal(stores, *rotate, "--cancel")[0] == 1


def test_disabling_and_enabling_can_be_run_again(stores: Stores, account: Account) -> None:
    """Each says what the account is now, and so does the list."""
    for word, status in (
        ("disable", "disabled"),
        ("disable", "disabled"),
        ("enable", "enabled"),
        ("enable", "enabled"),
    ):
        assert said(stores, "account", word, account.sid)["status"] == status
    said(stores, "account", "disable", account.sid)
    assert row(stores, account)["status"] == "disabled"
    said(stores, "account", "enable", account.sid)


def test_api_keys_are_created_listed_and_revoked(stores: Stores, account: Account) -> None:
    """The secret is told once; a revoked key isn't listed, and isn't there to be revoked again."""
    of_account = ("--account", account.sid)
    created = said(stores, "key", "create", *of_account, "--name", "Billing")
    assert set(created) == {"sid", "friendly_name", "date_created", "secret"}
    told = pushward(stores.environment(), "key", "create", *of_account)
    assert "Keep the secret now" in told.stderr
    listed = said(stores, "key", "list", *of_account)["keys"]
    assert [key["friendly_name"] for key in listed] == ["Billing", ""]
    table = pushward(stores.environment(), "key", "list", *of_account).stdout
    assert created["sid"] in table
    assert created["secret"] not in table
    for key in listed:
        assert said(stores, "key", "revoke", key["sid"], *of_account) == {"revoked": key["sid"]}
    assert said(stores, "key", "list", *of_account) == {"keys": []}
    again = refusal(stores, "key", "revoke", created["sid"], *of_account)
    assert again == (1, "pushward: The API key was not found.")


@pytest.mark.parametrize(
    "words",
    [
        ("account", "rotate-token", NOBODY),
        ("account", "disable", "VA" + "0" * 32),
        ("key", "create", "--account", NOBODY),
        ("key", "list", "--account", "nobody"),
    ],
    ids=" ".join,
)
def test_an_unknown_account_is_told(stores: Stores, words: Sequence[str]) -> None:
    """Exit 1, in one line."""
    assert refusal(stores, *words) == (1, "pushward: The account was not found.")
