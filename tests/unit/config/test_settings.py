"""Settings that are refused, and what is said of them."""

import traceback
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from pushward.config.settings import Environment, Settings, SettingsError

REMOTE = "postgresql://db.example.com/pushward?password=Tr0ub4dor"
BROKEN = "postgresql://pushward:Tr0ub/4dor@db.example.com/pushward"
SOCKET = "postgresql://pushward@/pushward?host=/run/postgresql"


@pytest.mark.parametrize("field", ["database_url", "keys_url"])
@pytest.mark.parametrize(("url", "told"), [(REMOTE, "sslmode=verify-full"), (BROKEN, "%2F")])
def test_a_database_url_is_refused_by_its_variable_and_never_shown(field: str, url: str, told: str) -> None:
    """Not even by a traceback that nobody catches."""
    with pytest.raises(ValidationError, match=f"PUSHWARD_{field.upper()} ") as refused:
        Settings.model_validate({field: url})
    shown = "".join(traceback.format_exception(refused.value))
    assert told in shown
    assert "Tr0ub" not in shown


@pytest.mark.parametrize(("url", "told"), [(REMOTE, "sslmode=verify-full"), (BROKEN, "%2F")])
def test_a_database_url_in_a_file_is_held_to_the_same(tmp_path: Path, url: str, told: str) -> None:
    """When it is read; the message names the variable that names the file."""
    file = tmp_path / "url"
    file.write_text(f"{url}\n")
    settings = Settings(database_url_file=file, keys_url_file=file)
    for read, name in ((settings.main_url, "DATABASE_URL_FILE"), (settings.key_store_url, "KEYS_URL_FILE")):
        with pytest.raises(SettingsError, match=f"PUSHWARD_{name} ") as refused:
            read()
        shown = "".join(traceback.format_exception(refused.value))
        assert told in shown
        assert "Tr0ub" not in shown


def test_a_unix_socket_serves_production(tmp_path: Path) -> None:
    """From a variable and from a file."""
    file = tmp_path / "url"
    file.write_text(f"{SOCKET}\n")
    settings = Settings(database_url=SecretStr(SOCKET), keys_url_file=file)
    assert (settings.main_url(), settings.key_store_url()) == (SOCKET, SOCKET)


def test_development_may_talk_to_any_database() -> None:
    """As long as the URL can be read."""
    assert Settings(env=Environment.DEVELOPMENT, database_url=SecretStr(REMOTE)).main_url() == REMOTE


@pytest.mark.parametrize("url", ["https://verify.example.com", "http://127.0.0.1:8080", "http://[::1]:8080/base"])
def test_links_of_production_are_https_or_stay_here(url: str) -> None:
    """A proxy on this machine may speak plain http."""
    assert Settings(public_url=url).public_url == url


@pytest.mark.parametrize(
    "url",
    [
        "http://verify.example.com",
        "http://127.0.0.1@verify.example.com",
        "http://localhost.example.com",
        "//verify.example.com",
        "verify.example.com",
        "https://",
        "https://[::1",
        "",
    ],
)
def test_other_links_are_refused_in_production(url: str) -> None:
    """Backends and devices would send their credentials in plain text; development may."""
    with pytest.raises(ValidationError, match="PUSHWARD_PUBLIC_URL"):
        Settings(public_url=url)
    assert Settings(env=Environment.DEVELOPMENT, public_url=url).public_url == url


@pytest.mark.parametrize(
    ("value", "files"), [("", ()), ("/keys/1", ("/keys/1",)), ("/keys/1, /keys/2,", ("/keys/1", "/keys/2"))]
)
def test_other_key_encryption_keys_are_files_with_commas_between(
    monkeypatch: pytest.MonkeyPatch, value: str, files: tuple[str, ...]
) -> None:
    """As an operator writes them into the environment; handed on to another process they stay the same."""
    monkeypatch.setenv("PUSHWARD_KEK_OTHER_FILES", value)
    settings = Settings()
    assert settings.kek_other_files == tuple(map(Path, files))
    assert Settings.model_validate(settings.model_dump()).kek_other_files == settings.kek_other_files
