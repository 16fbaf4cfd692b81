"""Turns this process into the server: drops root, ties its life to the parent's, then executes the command.

    python -I -S launch.py PARENT_PID SIGNAL UID GID COMMAND…     SIGNAL: what the server gets when the parent dies
                                                                  UID = GID = -1: stay who you are

A program of its own rather than a `preexec_fn`, which may deadlock in a process that has threads. It starts as the
parent's user, so the interpreter may lie where the server's user can't go.

The order matters: a change of user clears the parent-death signal, so that is set last; and a parent that died before
then sends no signal any more, so it is looked for once after.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1  # <sys/prctl.h>


def main(arguments: list[str]) -> None:
    """Never returns: ends as the command, or with status 1."""
    parent_pid, death_signal, uid, gid = (int(text) for text in arguments[:4])
    command = arguments[4:]
    os.umask(0o077)
    if uid >= 0:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0) != 0:
            sys.exit(f"prctl failed: {os.strerror(ctypes.get_errno())}")
        if os.getppid() != parent_pid:
            sys.exit("the parent is gone")
    os.execv(command[0], command)  # noqa: S606 - no shell is wanted: this process becomes the server


if __name__ == "__main__":
    main(sys.argv[1:])
