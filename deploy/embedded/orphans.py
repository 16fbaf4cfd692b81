"""Ends what an earlier run of the same data directory left behind when it was killed.

Only called under the data directory's lock, so whatever PostgreSQL still works in the cluster belongs to nobody. The
proof that a process is one of ours is its working directory: every PostgreSQL process lives in its cluster. A process
id alone proves nothing; it may have been handed out anew. In a container even root sees another user's working
directories only as that user.
"""

import contextlib
import os
import signal
from pathlib import Path
from typing import Final

import structlog

from deploy.embedded.errors import StopError
from deploy.embedded.server_user import ServerUser
from deploy.embedded.waiting import wait_until

FAST_STOP_SECONDS: Final = 20.0
IMMEDIATE_STOP_SECONDS: Final = 10.0

_log = structlog.get_logger(__name__)


def stop_orphans(cluster: Path, user: ServerUser) -> None:
    """Leave no process in ``cluster`` and no lock file of a dead one.

    Raises StopError if one won't go.
    """
    with user.acting():
        _stop_processes(cluster.resolve())
    # A zombie or a stranger may bear the dead postmaster's number, and PostgreSQL would believe that it lives.
    (cluster / "postmaster.pid").unlink(missing_ok=True)


def _stop_processes(cluster: Path) -> None:
    if pids := _processes_in(cluster):
        _log.warning("embedded_postgres_orphans_found", cluster=str(cluster), pids=pids)
        postmaster = _recorded_pid(cluster)
        # Without their postmaster the others end by themselves.
        _signal([pid for pid in pids if pid == postmaster], signal.SIGINT)
        if not wait_until(lambda: not _processes_in(cluster), FAST_STOP_SECONDS):
            _signal(_processes_in(cluster), signal.SIGQUIT)
            if not wait_until(lambda: not _processes_in(cluster), IMMEDIATE_STOP_SECONDS):
                raise StopError(f"processes {_processes_in(cluster)} still work in {cluster} and don't end: stop them")


def _recorded_pid(cluster: Path) -> int | None:
    try:
        return int((cluster / "postmaster.pid").read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return None


def _processes_in(cluster: Path) -> list[int]:
    return sorted(int(entry.name) for entry in Path("/proc").glob("[0-9]*") if _is_postgres_in(entry, str(cluster)))


def _is_postgres_in(process: Path, cluster: str) -> bool:
    # Zombies have neither link; a process of another user shows neither, and can't be ours.
    with contextlib.suppress(OSError):
        program = os.readlink(process / "exe").removesuffix(" (deleted)")
        return os.readlink(process / "cwd") == cluster and os.path.basename(program) == "postgres"
    return False


def _signal(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
