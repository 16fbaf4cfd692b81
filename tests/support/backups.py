"""Backups of an embedded PostgreSQL, and servers restored from them, with PostgreSQL's own tools."""

from pathlib import Path
from typing import Final

from deploy.embedded.cluster import SUPERUSER, run_as
from deploy.embedded.places import CLUSTER, binaries, private_dir
from deploy.embedded.postgres import EmbeddedPostgres
from deploy.embedded.server_user import server_user

BACKUP_SECONDS_MAX: Final = 60.0
SETTINGS: Final = {"wal_level": "replica", "max_wal_senders": "4"}
"""What a server needs that backups are made of, and one that is restored from them."""

_RECOVERY: Final = "restore_command = 'false'\nrecovery_target = 'immediate'\nrecovery_target_action = 'promote'\n"


def base_backup(server: EmbeddedPostgres, data_dir: Path) -> None:
    """A physical copy of the running server, as of now, for an `EmbeddedPostgres` on ``data_dir``."""
    user = server_user(data_dir / CLUSTER)
    cluster = private_dir(data_dir, user) / CLUSTER
    _run("pg_basebackup", f"--dbname={server.database_url(SUPERUSER)}", f"--pgdata={cluster}", "--checkpoint=fast")


def recover(data_dir: Path) -> None:
    """Makes the copy recover up to its end when it is started, on a timeline of its own: as a restore should."""
    cluster = data_dir / CLUSTER
    (cluster / "recovery.signal").touch()
    user = server_user(cluster)
    user.own(cluster / "recovery.signal")
    with (cluster / "postgresql.auto.conf").open("a") as settings:
        settings.write(_RECOVERY)


def dump(server: EmbeddedPostgres) -> str:
    """Everything as SQL: all databases and their roles."""
    return _run("pg_dumpall", f"--dbname={server.database_url(SUPERUSER)}", "--quote-all-identifiers")


def load(server: EmbeddedPostgres, sql: str) -> None:
    """Runs a dump on a fresh server."""
    _run("psql", f"--dbname={server.database_url(SUPERUSER)}", "--quiet", "--no-psqlrc", stdin=sql)


def _run(program: str, *arguments: str, stdin: str = "") -> str:
    user = server_user(Path("/nonexistent"))
    command = [str(binaries(user) / program), *arguments]
    done = run_as(user, command, cwd=Path("/"), timeout_seconds=BACKUP_SECONDS_MAX, stdin=stdin)
    assert done.returncode == 0, done.stdout
    return done.stdout
