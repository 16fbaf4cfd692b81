"""`make run` with its samples: starts both, ends both, leaves nothing running."""

import os
import signal
import socket
from typing import Final

import httpx
import pytest

from deploy.embedded.waiting import wait_until
from tests.e2e.cli.development import all_ended, is_served
from tests.e2e.cli.samples_run import Run

END_SECONDS_MAX: Final = 20.0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_both_serve_and_end_with_one_signal(number: signal.Signals) -> None:
    """Exit status 0 and no process left; also with workers."""
    with Run.made(PUSHWARD_WORKERS="2") as run:
        base_url, samples_url = run.start()
        assert is_served(base_url)
        assert httpx.get(f"{samples_url}/config").json()["base_url"] == base_url
        token = httpx.post(f"{samples_url}/access-token", json={"username": "jo"})
        assert token.status_code == 201, token.text
        processes = run.processes()
        os.kill(run.child.pid, number)
        assert run.child.wait() == 0
        assert wait_until(lambda: all_ended(processes), END_SECONDS_MAX)
        assert "Traceback" not in run.child.log.read_text()


def test_kill_9_leaves_nobody_behind() -> None:
    """Each child sees its standard input end."""
    with Run.made() as run:
        run.start()
        processes = run.processes()
        run.child.kill()
        assert wait_until(lambda: all_ended(processes), END_SECONDS_MAX)


def test_when_one_ends_the_other_does() -> None:
    """Half a system is none: exit status 1, and the name of what ended."""
    with Run.made() as run:
        run.start()
        processes = run.processes()
        backend = next(one for one in processes if "samples.backend" in one.cmdline())
        backend.kill()
        assert run.child.wait() == 1
        assert wait_until(lambda: all_ended(processes), END_SECONDS_MAX)
        assert "The samples' backend ended" in run.child.tail()


@pytest.mark.parametrize("setting", ["BACKEND_PORT", "PUSHWARD_HTTP_PORT"])
def test_a_port_in_use_is_told_by_its_setting(setting: str) -> None:
    """Before anything runs that has data."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with Run.made(**{setting: str(taken.getsockname()[1])}) as run:
            run.child.start()
            assert run.child.wait() == 1
            assert f"Set {setting}" in run.child.tail()
            assert "Traceback" not in run.child.tail()
            assert not run.var.exists()


def test_asked_to_stop_before_it_serves_it_does() -> None:
    """Ctrl-C is for the impatient, too."""
    with Run.made() as run:
        run.child.start()

        def has_begun() -> bool:
            return len(run.processes()) > 1

        assert wait_until(has_begun, END_SECONDS_MAX)
        processes = run.processes()
        os.kill(run.child.pid, signal.SIGINT)
        assert run.child.wait() == 0
        assert wait_until(lambda: all_ended(processes), END_SECONDS_MAX)
