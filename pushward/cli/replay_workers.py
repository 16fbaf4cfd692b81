"""Processes that fold a replay's shards: decoding is work for the CPU, so each job is a process of its own.

A worker claims shards by itself until none is left. It ends with the process that started it, however that one ended,
and gives way to whatever serves (NICE).
"""

import asyncio
import multiprocessing
import os
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Final

from pushward.cli.console import say
from pushward.cli.errors import told
from pushward.cli.targets import STORES
from pushward.eventlog.rebuild.build import ReplayError
from pushward.eventlog.rebuild.copying import copy_shards
from pushward.eventlog.rebuild.projection import Projection
from pushward.eventlog.rebuild.source import digest_of

NICE: Final = 5
FAILED: Final = 1
ORPHANED: Final = 3
KERNEL: Final = Path(__file__).parents[1]


def projection_of(name: str) -> Projection:
    """The state of a service, and what its rows depend on: its domain, its adapters, the kernel that encodes them."""
    store = next(store for store in STORES if store.name == name)
    room = store.module.folder.parents[1]
    sources = [room / "domain", room / "adapters", KERNEL / "eventlog", KERNEL / "api" / "events"]
    return Projection(store.module.schema, store.aggregates, digest_of(sources))


async def copy_in_processes(url: str, name: str, jobs: int) -> None:
    """Copies all shards of a service. Raises ReplayError if a worker failed; the others have finished theirs."""
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_work, args=(url, name), daemon=True) for _ in range(jobs)]
    for worker in workers:
        worker.start()
    try:
        await asyncio.gather(*(_ended(worker) for worker in workers))
    finally:
        for worker in workers:
            worker.kill()
            worker.join()
    if any(worker.exitcode for worker in workers):
        raise ReplayError(f"A worker of the replay of {name} has failed (see above). Run it again: it goes on.")


async def _ended(worker: BaseProcess) -> None:
    """Waits for the end of a process, without a thread."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(worker.sentinel, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(worker.sentinel)
    worker.join()


def _work(url: str, name: str) -> None:
    os.nice(NICE)
    try:
        asyncio.run(_copy_until_orphaned(url, name))
    except Exception as error:
        if (expected := told(error)) is None:
            raise
        say(f"pushward: {expected}")
        raise SystemExit(FAILED) from None


async def _copy_until_orphaned(url: str, name: str) -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None, "started by copy_in_processes"
    asyncio.get_running_loop().add_reader(parent.sentinel, os._exit, ORPHANED)
    await copy_shards(url, projection_of(name), say)
