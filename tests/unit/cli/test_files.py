"""The files of development: whole, and for their owner's eyes only."""

import stat
from pathlib import Path

import pytest

from pushward.cli.dev_file import DevelopmentAccess, read_dev_file, write_dev_file
from pushward.cli.stores_file import STORES_FILE, operator_settings, told_to_others
from pushward.config.settings import Settings

ACCESS = DevelopmentAccess("http://127.0.0.1:8080", "AC01", "secret", "VA01")


def test_the_dev_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    """Also when it replaces one that others could read."""
    (tmp_path / "dev.json").write_text("{}")
    (tmp_path / "dev.json").chmod(0o644)
    path = write_dev_file(tmp_path, ACCESS)
    assert read_dev_file(tmp_path) == ACCESS
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"base_url": "x"}'])
def test_a_dev_file_that_is_not_ours_counts_as_none(tmp_path: Path, content: str) -> None:
    """A new account is made then."""
    (tmp_path / "dev.json").write_text(content)
    assert read_dev_file(tmp_path) is None


def test_commands_beside_a_running_server_find_its_stores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While it runs, and no longer."""
    monkeypatch.setenv("PUSHWARD_VAR_DIR", str(tmp_path))
    monkeypatch.delenv("PUSHWARD_DATABASE_URL", raising=False)
    with told_to_others(Settings(), {"PUSHWARD_DATABASE_URL": "postgresql:///here"}):
        assert stat.S_IMODE((tmp_path / STORES_FILE).stat().st_mode) == 0o600
        assert operator_settings().main_url() == "postgresql:///here"
    assert operator_settings().database_url is None


def test_a_database_that_is_named_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An operator's word counts more than what runs here."""
    monkeypatch.setenv("PUSHWARD_VAR_DIR", str(tmp_path))
    monkeypatch.setenv("PUSHWARD_DATABASE_URL", "postgresql:///there")
    with told_to_others(Settings(), {"PUSHWARD_DATABASE_URL": "postgresql:///here"}):
        assert operator_settings().main_url() == "postgresql:///there"
