"""As which system user PostgreSQL runs, and which directories that user can reach.

PostgreSQL refuses root. So root hands it to the user `postgres` where the system has one, else to `nobody`; but a
cluster that is there already stays its owner's. Anybody else runs it as himself.
"""

import contextlib
import os
import pwd
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deploy.embedded.errors import EmbeddedPostgresError

ROOT_UID: Final = 0
CANDIDATES_UNDER_ROOT: Final = ("postgres", "nobody")


@dataclass(frozen=True, slots=True)
class ServerUser:
    """The user and group that own the server's processes and files."""

    uid: int
    gid: int

    @property
    def is_other(self) -> bool:
        """Whether this process has to change its user to become this one."""
        return self.uid != os.geteuid()

    def can_traverse(self, directory: Path) -> bool:
        """Whether the user may pass through ``directory`` and everything above it. (ACLs are not looked at.)"""
        if not self.is_other:
            return True
        resolved = directory.resolve()
        return all(self._has_search_bit(step) for step in (resolved, *resolved.parents))

    @contextlib.contextmanager
    def acting(self) -> Iterator[None]:
        """Be the user for a while, for what only he may see. The whole process changes, so no threads yet."""
        if not self.is_other:
            yield
            return
        uid, gid = os.geteuid(), os.getegid()
        os.setegid(self.gid)
        os.seteuid(self.uid)
        try:
            yield
        finally:
            os.seteuid(uid)
            os.setegid(gid)

    def own(self, path: Path) -> None:
        """Give ``path`` to the user."""
        if self.is_other:
            os.chown(path, self.uid, self.gid)

    def _has_search_bit(self, directory: Path) -> bool:
        status = directory.stat()
        if status.st_uid == self.uid:
            return bool(status.st_mode & stat.S_IXUSR)
        if status.st_gid == self.gid:
            return bool(status.st_mode & stat.S_IXGRP)
        return bool(status.st_mode & stat.S_IXOTH)


def server_user(cluster: Path) -> ServerUser:
    """The user for a server on ``cluster``, which may not be there yet.

    Raises EmbeddedPostgresError when root finds nobody to hand it to.
    """
    if os.geteuid() != ROOT_UID:
        return ServerUser(os.geteuid(), os.getegid())
    if cluster.exists() and (owner := cluster.stat()).st_uid != ROOT_UID:
        return ServerUser(owner.st_uid, owner.st_gid)
    for name in CANDIDATES_UNDER_ROOT:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != ROOT_UID:
            return ServerUser(entry.pw_uid, entry.pw_gid)
    raise EmbeddedPostgresError(
        "PostgreSQL refuses to run as root, and this system has neither a user 'postgres' nor 'nobody': "
        "create one, run as a normal user, or set PUSHWARD_DATABASE_URL to a server of your own"
    )
