"""What a process measures can be read over HTTP, from each process that serves, on a port of its own."""

import os
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from deploy.embedded.waiting import wait_until
from tests.support.child import Child
from tests.support.installation import Installation
from tests.support.system import LOOPBACK, WORKERS, Shape, System, running

SECONDS_MAX = 30.0
READY = "pushward_ready 1.0"


@pytest.fixture(params=[Shape.ONE, Shape.WORKERS], ids=str)
def measured(request: pytest.FixtureRequest, installation: Installation, tmp_path: Path) -> Iterator[System]:
    """A system that tells, from ``metrics_ports`` on."""
    with running(request.param, installation.copy(), tmp_path, {"PUSHWARD_METRICS_PORT": str(_free_ports())}) as system:
        yield system


def test_each_process_tells_on_its_own_port(measured: System) -> None:
    """Prometheus' text, with the type that it asks for; nothing else is served there."""
    processes = WORKERS if measured.shape is Shape.WORKERS else 1
    first = _first_port(measured)
    for port in range(first, first + processes):
        assert _tells_in_time(port), _told(port)
    subscription = 'pushward_subscription_lag_events{shard="0",subscription="webhook"} 0.0'
    assert wait_until(lambda: any(subscription in _told(port) for port in range(first, first + processes)), SECONDS_MAX)
    assert httpx.get(f"http://{LOOPBACK}:{first}/metrics").headers["content-type"].startswith("text/plain; version=")
    assert httpx.get(f"http://{LOOPBACK}:{first}/v2/Services").status_code == 404
    assert httpx.post(f"http://{LOOPBACK}:{first}/metrics").status_code == 405
    assert httpx.get(f"{measured.base_url}/metrics").status_code == 404


@pytest.mark.parametrize("measured", [Shape.WORKERS], indirect=True, ids=str)
def test_a_worker_that_was_started_again_tells_where_the_dead_one_did(measured: System) -> None:
    """The port is the worker's number, not its life."""
    first = _first_port(measured)
    assert all(_tells_in_time(port) for port in (first, first + 1))
    before = {worker.pid for worker in measured.edge.living_children()}
    os.kill(min(before), signal.SIGKILL)
    assert wait_until(lambda: _workers_but(measured, min(before)) == WORKERS, SECONDS_MAX)
    assert all(_tells_in_time(port) for port in (first, first + 1))


def test_a_metrics_port_in_use_is_told_at_the_start(installation: Installation, tmp_path: Path) -> None:
    """By its setting, before anything runs: figures of somebody else would be taken for ours."""
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]
        environment = {
            **installation.stores.environment(),
            "PUSHWARD_ENV": "development",
            "PUSHWARD_HTTP_PORT": "0",
            "PUSHWARD_METRICS_PORT": str(port),
        }
        child = Child([sys.executable, "-m", "pushward.cli", "serve", "all"], environment, tmp_path / "log")
        child.start()
        assert child.wait() == 1
    assert f"Port {port} of {LOOPBACK} is in use. Set PUSHWARD_METRICS_PORT to another one" in child.tail()


def _tells_in_time(port: int) -> bool:
    return wait_until(lambda: READY in _told(port), SECONDS_MAX)


def _told(port: int) -> str:
    try:
        return httpx.get(f"http://{LOOPBACK}:{port}/metrics").text
    except httpx.TransportError as error:
        return repr(error)


def _first_port(system: System) -> int:
    return min(int(entry["port"]) for entry in system.log_entries() if entry["event"] == "metrics_serving")


def _workers_but(system: System, dead: int) -> int:
    return sum(worker.pid != dead for worker in system.edge.living_children())


def _free_ports() -> int:
    """The first of as many consecutive ports as there are workers. Whoever takes one meanwhile fails by name."""
    while True:
        with socket.create_server((LOOPBACK, 0)) as first:
            port: int = first.getsockname()[1]
            try:
                for following in range(port + 1, port + WORKERS):
                    socket.create_server((LOOPBACK, following)).close()
            except OSError:
                continue
            return port
