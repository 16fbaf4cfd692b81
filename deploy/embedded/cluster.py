"""Making a PostgreSQL cluster, and the settings it runs with.

A cluster is there complete or not at all: initdb works in a sibling directory that is renamed when it is done, so a
kill in between costs only the time.
"""

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from deploy.embedded.errors import InitError
from deploy.embedded.server_user import ServerUser

SUPERUSER: Final = "postgres"
PORT: Final = 5432
CONNECTIONS_MAX: Final = 400
"""Seven workers with every service, each with its pools full; one that nobody uses costs a few kilobytes."""
INIT_TIMEOUT_SECONDS: Final = 120.0

# Nothing of the caller's environment (PGDATA, PGHOST, LD_PRELOAD, …) may change what runs.
SERVER_ENVIRONMENT: Final[Mapping[str, str]] = {"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin", "TZ": "UTC"}

# For a small machine that it shares with everything else. Durability is not for sale: fsync stays on.
SETTINGS: Final[Mapping[str, str]] = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "max_connections": str(CONNECTIONS_MAX),
    "shared_buffers": "128MB",
    "max_parallel_workers_per_gather": "0",
    # With `worker`, three more processes would take turns on the same few cores.
    "io_method": "sync",
    # Short statements: compiling one costs more than running it.
    "jit": "off",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    # Nobody replicates an embedded server.
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "512MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "log_line_prefix": "%m [%p] %q%u@%d ",
}


def ensure_cluster(cluster: Path, binaries: Path, user: ServerUser, *, fsync: bool) -> None:
    """Make the cluster unless it is there.

    Raises InitError with initdb's own words.
    """
    if cluster.exists():
        return
    unfinished = cluster.with_name(f"{cluster.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    command = [
        str(binaries / "initdb"),
        f"--pgdata={unfinished}",
        f"--username={SUPERUSER}",
        # The socket's directory is the lock on the door: mode 0700, and there is no other way in.
        "--auth=trust",
        "--encoding=UTF8",
        "--locale=C.UTF-8",
        *([] if fsync else ["--no-sync"]),
    ]
    try:
        result = run_as(user, command, cwd=cluster.parent, timeout_seconds=INIT_TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise InitError(f"initdb did not finish within {INIT_TIMEOUT_SECONDS:.0f} s in {cluster.parent}") from error
    if result.returncode != 0:
        raise InitError(f"initdb failed in {cluster.parent} (status {result.returncode}):\n{result.stdout}")
    unfinished.rename(cluster)


def run_as(
    user: ServerUser, command: list[str], *, cwd: Path, timeout_seconds: float, stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end as ``user``; stdout and stderr come back as one text in ``stdout``."""
    return subprocess.run(
        command,
        input=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=cwd,
        env=dict(SERVER_ENVIRONMENT),
        timeout=timeout_seconds,
        check=False,
        user=user.uid if user.is_other else None,
        group=user.gid if user.is_other else None,
        extra_groups=[] if user.is_other else None,
    )


def server_command(
    binaries: Path, cluster: Path, sockets: Path, *, fsync: bool, settings: Mapping[str, str] | None = None
) -> list[str]:
    """The command line of the server. Settings are passed here, not written to a file, so they follow the code.

    ``settings`` are on top of ours.
    """
    ours = {**SETTINGS, "unix_socket_directories": str(sockets), "fsync": "on" if fsync else "off"}
    return [
        str(binaries / "postgres"),
        "-D",
        str(cluster),
        *(word for name, value in {**ours, **(settings or {})}.items() for word in ("-c", f"{name}={value}")),
    ]
