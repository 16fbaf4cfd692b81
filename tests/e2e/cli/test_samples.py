"""`make run` with its samples: starts both, ends both, leaves nothing running."""

import os
import signal
import socket
import stat
from typing import Final

import httpx
import pytest

from deploy.embedded.waiting import wait_until
from tests.e2e.cli.development import all_ended, is_served
from tests.e2e.cli.samples_run import Run

END_SECONDS_MAX: Final = 20.0


def identity_of_jo(samples_url: str) -> str:
    """As whom Pushward knows somebody."""
    answer = httpx.post(f"{samples_url}/access-token", json={"username": "jo"})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["identity"])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_both_serve_and_end_with_one_signal(number: signal.Signals) -> None:
    """Exit status 0 and no process left; also with workers, and whatever proxy the environment names."""
    with Run.made(PUSHWARD_WORKERS="2", HTTP_PROXY="http://127.0.0.1:1") as run:
        base_url, samples_url = run.start()
        assert is_served(base_url)
        assert httpx.get(f"{samples_url}/config").json()["base_url"] == base_url
        assert identity_of_jo(samples_url)
        processes = run.processes()
        os.kill(run.child.pid, number)
        assert run.child.wait() == 0
        assert wait_until(lambda: all_ended(processes), END_SECONDS_MAX)
        assert "Traceback" not in run.child.log.read_text()


def test_kill_9_leaves_nobody_behind_and_loses_nobody() -> None:
    """Each child sees its standard input end; the next start finds the same users."""
    with Run.made() as run:
        _, before = run.start()
        identity = identity_of_jo(before)
        processes = run.processes()
        run.child.kill()
        assert wait_until(lambda: all_ended(processes), END_SECONDS_MAX)
        _, after = run.start()
        assert identity_of_jo(after) == identity
        assert stat.S_IMODE((run.var / "backend-secret").stat().st_mode) == 0o600


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


@pytest.mark.parametrize("port", ["x", "-1", "65536", "8081.5"])
def test_a_port_that_is_none_is_told_by_its_setting(port: str) -> None:
    """One line."""
    with Run.made(BACKEND_PORT=port) as run:
        run.child.start()
        assert run.child.wait() == 1
        assert "BACKEND_PORT must be" in run.child.tail()
        assert "Traceback" not in run.child.tail()


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
