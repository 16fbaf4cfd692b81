"""What processes have used of the CPU, from /proc: ours, and PostgreSQL's with all its sessions.

A tree's use is what its living processes have used and what they have collected of ended children (``cutime``,
``cstime``). A child that ends in between moves from the one to the other, so differences of two looks are right.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

TICKS_A_SECOND: Final = os.sysconf("SC_CLK_TCK")
POSTGRES: Final = "postgres"


@dataclass(frozen=True, slots=True)
class _Process:
    pid: int
    parent: int
    name: str
    ticks: int
    ticks_of_ended_children: int


@dataclass(frozen=True, slots=True)
class CpuUse:
    """Milliseconds of CPU since they started."""

    server_ms: float
    postgres_ms: float
    generator_ms: float

    @classmethod
    def of(cls, server_pid: int) -> Self:
        """Of the server below ``server_pid``, its PostgreSQL, and this process."""
        processes = list(_processes())
        server = [one for one in _tree(server_pid, processes) if one.name != POSTGRES]
        postgres = [one for one in _tree(server_pid, processes) if one.name == POSTGRES]
        times = os.times()
        return cls(_milliseconds(server), _milliseconds(postgres), (times.user + times.system) * 1000)

    def __sub__(self, earlier: "CpuUse") -> "CpuUse":
        return CpuUse(
            self.server_ms - earlier.server_ms,
            self.postgres_ms - earlier.postgres_ms,
            self.generator_ms - earlier.generator_ms,
        )


def _processes() -> Iterator[_Process]:
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal():
            continue
        try:
            stat = (entry / "stat").read_text()
        except OSError:
            continue  # it has just ended
        # The name stands in parentheses and may hold any character; what follows are numbers (proc_pid_stat(5)).
        name, _, rest = stat.partition("(")[2].rpartition(")")
        fields = rest.split()
        yield _Process(
            int(entry.name), int(fields[1]), name, int(fields[11]) + int(fields[12]), int(fields[13]) + int(fields[14])
        )


def _tree(root: int, processes: list[_Process]) -> list[_Process]:
    members = {root}
    found = [process for process in processes if process.pid == root]
    while more := [one for one in processes if one.parent in members and one.pid not in members]:
        members |= {process.pid for process in more}
        found += more
    return found


def _milliseconds(processes: list[_Process]) -> float:
    ticks = sum(process.ticks + process.ticks_of_ended_children for process in processes)
    return ticks * 1000 / TICKS_A_SECOND
