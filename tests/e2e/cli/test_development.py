"""`pushward serve all` in development: starts from nothing, loses nothing, leaves nothing running."""

import stat

import httpx
import pytest

from deploy.embedded.waiting import wait_until
from pushward.cli.dev_file import DevelopmentAccess
from tests.e2e.cli.development import SERVE, Development, all_ended, kill
from tests.support.child import Child

END_SECONDS_MAX = 20.0


def service_names(access: DevelopmentAccess) -> set[str]:
    """The development account's services."""
    answer = httpx.get(f"{access.base_url}/v2/Services", auth=(access.account_sid, access.auth_token))
    return {service["friendly_name"] for service in answer.raise_for_status().json()["services"]}


@pytest.mark.parametrize("workers", [1, 2])
def test_a_second_start_after_kill_9_of_everything_finds_all_that_was_there(workers: int) -> None:
    """The account, its token, the service, and what was created since."""
    with Development.made(workers=workers) as development:
        before = development.start()
        created = httpx.post(
            f"{before.base_url}/v2/Services",
            data={"FriendlyName": "Kept"},
            auth=(before.account_sid, before.auth_token),
        )
        assert created.status_code == 201
        processes = development.processes()
        kill(processes)
        development.child.wait()
        assert wait_until(lambda: all_ended(processes), END_SECONDS_MAX)

        after = development.start()
        assert (after.account_sid, after.auth_token, after.service_sid) == (
            before.account_sid,
            before.auth_token,
            before.service_sid,
        )
        assert service_names(after) == {"Development", "Kept"}


@pytest.mark.parametrize("workers", [1, 2])
def test_sigterm_ends_it_and_all_that_it_started(workers: int) -> None:
    """Exit status 0, no process left, and nothing that names stores which are gone."""
    with Development.made(workers=workers) as development:
        development.start()
        processes = development.processes()
        assert len(processes) > workers
        development.child.terminate()
        assert development.child.wait() == 0
        assert wait_until(lambda: all_ended(processes), END_SECONDS_MAX)
        assert not (development.var / "stores.json").exists()


def test_kill_9_of_the_first_process_ends_the_others() -> None:
    """Workers see their pipe end, PostgreSQL gets the kernel's signal."""
    with Development.made(workers=2) as development:
        development.start()
        processes = development.processes()
        development.child.kill()
        assert wait_until(lambda: all_ended(processes), END_SECONDS_MAX)


def test_a_worker_that_dies_is_replaced_while_others_serve() -> None:
    """Two before, two after, and one of them new."""
    with Development.made(workers=2) as development:
        access = development.start()
        before = development.workers()
        assert len(before) == 2
        before[0].kill()

        def is_replaced() -> bool:
            running = development.workers()
            return len(running) == 2 and before[0] not in running

        assert wait_until(is_replaced, END_SECONDS_MAX)
        assert service_names(access) == {"Development"}


def test_its_secrets_are_for_its_owner_only(development: Development) -> None:
    """dev.json, the key-encryption key, the stores' addresses; and PostgreSQL's directory."""
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in development.var.iterdir()}
    assert modes == {"dev.json": 0o600, "kek": 0o600, "stores.json": 0o600, "postgres": 0o700}


def test_a_port_in_use_is_told_by_its_setting(development: Development) -> None:
    """One line, exit status 1, and nothing was started."""
    port = development.access.base_url.rpartition(":")[2]
    with Development.made() as other:
        environment = other.environment | {"PUSHWARD_HTTP_PORT": port}
        child = Child(SERVE, environment, other.var.parent / "refused.log")
        child.start()
        assert child.wait() == 1
        assert "PUSHWARD_HTTP_PORT" in child.tail()
        assert "Traceback" not in child.tail()
        assert not other.var.exists()


def test_a_var_directory_in_use_is_refused(development: Development) -> None:
    """Two servers on the same data would be the end of it."""
    child = Child(SERVE, development.environment, development.var.parent / "second.log")
    child.start()
    assert child.wait() == 1
    assert str(development.child.pid) in child.tail()
    assert "Traceback" not in child.tail()
