"""`pushward device`: a device in software, from its enrolment to its receipts."""

import json
import sys
from collections.abc import Iterator
from subprocess import CompletedProcess

import httpx
import pytest

from deploy.embedded.waiting import wait_until
from tests.e2e.cli.conftest import Run
from tests.e2e.cli.development import Development
from tests.support.child import Child

APPROVED = "approved"
WATCH_SECONDS_MAX = 20.0


class Backend:
    """A tenant, as much of one as these tests need."""

    def __init__(self, client: httpx.Client, service_sid: str) -> None:
        self._client = client
        self._service = service_sid

    def ask(self, factor: dict[str, str]) -> str:
        """A new challenge."""
        form = {
            "FactorSid": factor["factor_sid"],
            "Details.Message": "Log in?",
            "Details.Fields": json.dumps({"label": "City", "value": "Lisbon"}),
        }
        answer = self._client.post(f"/v2/Services/{self._service}/Entities/{factor['identity']}/Challenges", data=form)
        sid: str = answer.raise_for_status().json()["sid"]
        return sid

    def receipt(self, factor: dict[str, str], challenge_sid: str) -> str:
        """The proof, as the API gives it."""
        path = f"/pushward/v1/services/{self._service}/entities/{factor['identity']}/challenges/{challenge_sid}/receipt"
        return self._client.get(path).raise_for_status().text


@pytest.fixture
def backend(development: Development) -> Iterator[Backend]:
    """The development account's."""
    access = development.access
    with httpx.Client(base_url=access.base_url, auth=(access.account_sid, access.auth_token)) as client:
        yield Backend(client, access.service_sid)


@pytest.fixture
def factor(run: Run, store: str) -> dict[str, str]:
    """A device that has enrolled itself."""
    return members(run("device", "enroll", "--dev", "--json", store))


def members(done: CompletedProcess[str]) -> dict[str, str]:
    """The one JSON object that a command printed."""
    printed: dict[str, str] = json.loads(done.stdout)
    return printed


def test_a_device_enrols_lists_approves_and_denies(
    run: Run, store: str, backend: Backend, factor: dict[str, str]
) -> None:
    """Each in one command; what waits is listed, what was answered isn't any more."""
    yes, no = backend.ask(factor), backend.ask(factor)
    listed = json.loads(run("device", "list", "--json", store).stdout)
    assert [challenge["sid"] for challenge in listed] == [yes, no]
    assert members(run("device", "approve", yes, "--json", store))["status"] == APPROVED
    assert members(run("device", "deny", no, "--json", store))["status"] == "denied"
    assert json.loads(run("device", "list", "--json", store).stdout) == []


def test_it_shows_what_it_signs(run: Run, store: str, backend: Backend, factor: dict[str, str]) -> None:
    """Message and fields for the user, and the very members that go under the signature."""
    done = run("device", "approve", backend.ask(factor), store)
    assert "Log in?" in done.stdout
    assert "Lisbon" in done.stdout
    assert '"status": "approved"' in done.stderr


def test_an_answer_twice_is_refused_in_one_line(run: Run, store: str, backend: Backend, factor: dict[str, str]) -> None:
    """By the device itself: it would prove nothing."""
    challenge_sid = backend.ask(factor)
    run("device", "approve", challenge_sid, store)
    done = run("device", "deny", challenge_sid, store, succeeds=False)
    assert done.returncode == 1
    assert "approved already" in done.stderr
    assert "Traceback" not in done.stderr


def test_its_receipt_is_verified_offline(
    run: Run, store: str, backend: Backend, factor: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """With the public key that the enrolment printed."""
    challenge_sid = backend.ask(factor)
    run("device", "approve", challenge_sid, store)
    file = tmp_path_factory.mktemp("receipt") / "receipt.json"
    file.write_text(backend.receipt(factor, challenge_sid))
    signed = members(run("receipt", "verify", str(file), "--public-key", factor["public_key"], "--json"))
    assert (signed["sid"], signed["status"]) == (challenge_sid, APPROVED)


def test_watching_it_answers_what_comes(
    development: Development, store: str, backend: Backend, factor: dict[str, str], run: Run
) -> None:
    """Challenges from before and after it began, until it is interrupted."""
    before = backend.ask(factor)
    log = development.var.parent / f"watch-{factor['factor_sid']}.log"
    command = [*["-m", "pushward.cli", "device", "watch", "--answer", "approved", "--json"], store]
    watching = Child([sys.executable, *command], development.environment, log)
    watching.start()
    try:
        assert wait_until(lambda: before in log.read_text(), WATCH_SECONDS_MAX)
        after = backend.ask(factor)
        assert wait_until(lambda: after in log.read_text(), WATCH_SECONDS_MAX)
    finally:
        watching.end()
    assert json.loads(run("device", "list", "--json", store).stdout) == []
