"""Requests that the document allows, and those that it doesn't."""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import httpx
import hypothesis
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given
from hypothesis import strategies as st
from hypothesis.errors import Flaky
from schemathesis import Case, GenerationMode, Response
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.e2e.fuzz.links import linked
from tests.e2e.fuzz.world import NOWHERE, Credentials, World
from tests.support.plain_http import NO_CERTIFICATES
from tests.support.system import System
from tests.support.tenant import ENVELOPE

REQUESTS: Final = int(os.environ.get("PUSHWARD_FUZZ_REQUESTS") or 2)
SEQUENCES: Final = 6 * REQUESTS
STEPS: Final = 10
ANSWER_SECONDS_MAX: Final = 15.0
DOCUMENT: Final = "/pushward/v1/openapi.json"
ENDLESS: Final = "stream_device"
"""The one answer without an end: tests/e2e/test_device_stream.py looks at it."""

CHECKS: Final = [
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
Request = Case[Any]
"""A request that schemathesis made. Any: whatever its body is."""
EXPECTED: Final = {
    "account": {("get", 200), ("post", 200), ("post", 201), ("post", 400), ("get", 404), ("delete", 404)},
    "device": {("get", 200), ("get", 403), ("post", 400), ("post", 403)},
    "stranger": {("get", 200), ("get", 401), ("post", 401), ("delete", 401)},
}
"""What each caller must have got to see among all else: method and status. Some answers are for everybody."""


@pytest.fixture(scope="module")
def schema(fuzzed: System, seed: int) -> Any:  # Any: schemathesis's own, whose type is not public
    """The document as it is served."""
    config = schemathesis.Config.from_dict({"seed": seed, "generation": {"with-security-parameters": False}})
    document = httpx.get(f"{fuzzed.base_url}{DOCUMENT}", verify=NO_CERTIFICATES).json()
    return schemathesis.openapi.from_dict(linked(document), config=config).exclude(operation_id=ENDLESS)


@dataclass(frozen=True, slots=True)
class Client:
    """Sends requests; a hang fails by its time."""

    base_url: str
    session: requests.Session

    def send(self, case: Request, credentials: Credentials) -> Response:
        """The answer."""
        return case.call(self.base_url, self.session, auth=credentials(), timeout=ANSWER_SECONDS_MAX)


@pytest.fixture
def client(fuzzed: System) -> Iterator[Client]:
    """A client that keeps its connections, without the environment's proxies and passwords."""
    with requests.Session() as session:
        session.trust_env = False
        yield Client(fuzzed.base_url, session)


def settings(examples: int, **more: Any) -> hypothesis.settings:  # Any: settings of several types
    """Of one run: reproducible by its seed alone, and without a second run to make a failure smaller."""
    return hypothesis.settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
        **more,
    )


def harmless(case: Request) -> Request:
    """The same request, but for what would wait for long or have us call somebody."""
    if "wait" in case.query:
        case.query["wait"] = "0"
    if isinstance(case.body, dict) and "WebhookUrl" in case.body:
        case.body["WebhookUrl"] = NOWHERE
    return case


def plausible(case: Request, world: World) -> Request:
    """The same request with a body that means something, as far as it has one."""
    if isinstance(case.body, dict):
        case.body = {name: world.plausible().get(name, value) for name, value in case.body.items()}
    return case


def check(response: Response, case: Request) -> None:
    """Answered as documented: never a 5xx; every refusal has the envelope; an empty answer is empty."""
    assert response.status_code < 500, f"{response.status_code}: {response.text}"
    if response.status_code >= 400:
        envelope = response.json()
        assert set(envelope) == ENVELOPE, envelope
        assert envelope["status"] == response.status_code
        assert type(envelope["code"]) is int
    if response.status_code == 204:
        assert response.content == b""
    case.validate_response(response, checks=CHECKS)


@pytest.mark.parametrize("caller", EXPECTED)
def test_every_operation_answers_whatever_it_is_asked(
    schema: Any,  # Any: as above
    world: World,
    client: Client,
    seed: int,
    caller: str,
) -> None:
    """For resources that exist and that don't, with parameters right and wrong."""
    credentials = world.callers()[caller]
    seen: set[tuple[str, int]] = set()
    for found in schema.get_all_operations():
        operation = found.ok()
        names = {parameter.name for parameter in operation.path_parameters}
        existing = {name: value for name, value in world.path.items() if name in names}
        kinds = [operation.as_strategy(generation_mode=mode) for mode in GenerationMode]
        if operation.method != "delete":
            kinds += [operation.as_strategy(generation_mode=mode, path_parameters=existing) for mode in GenerationMode]
            kinds.append(kinds[-2].map(partial(plausible, world=world)))

        @hypothesis.seed(seed)
        @settings(REQUESTS * len(kinds))
        @given(case=st.one_of(kinds).map(harmless))
        def ask(case: Request) -> None:
            answer = client.send(case, credentials)
            check(answer, case)
            seen.add((case.operation.method, answer.status_code))

        ask()
    assert seen >= EXPECTED[caller], "the requests got no further than to refusals"


def test_sequences_of_operations_answer(
    schema: Any,  # Any: as above
    world: World,
    client: Client,
    seed: int,
) -> None:
    """Each request takes its parameters from answers to earlier ones: create, read, change, delete, read again."""
    credentials = world.callers()["account"]
    failures: list[Exception] = []
    reached: set[str] = set()

    class Sequence(schema.as_state_machine()):  # type: ignore[misc]  # a class that is made from the document
        def setup(self) -> None:
            """A service of its own, so that the same requests are answered the same when they come again."""
            self.world = World.made(world.backend)
            self.created: set[object] = set()

        def before_call(self, case: Request) -> None:
            """The first request of a sequence gets the parameters of what exists; the others have an answer's."""
            strange = case.path_parameters.keys() & self.world.path.keys()
            existing = {
                name: self.world.path[name] for name in strange if case.path_parameters[name] not in self.created
            }
            case.path_parameters = {**case.path_parameters, **existing}
            harmless(plausible(case, self.world))

        def call(self, case: Request, **_: Any) -> Response:
            return client.send(case, credentials)

        def validate_response(self, response: Response, case: Request, **_: Any) -> None:
            try:
                check(response, case)
            except Exception as failure:
                failures.append(failure)
                raise
            if response.status_code == 201:
                body = response.json()
                self.created.update((body["sid"], body.get("identity")))
            elif response.status_code < 400 and self.created & set(case.path_parameters.values()):
                reached.add(case.operation.label)

    hypothesis.seed(seed)(Sequence)
    # Which request comes next depends on the answers; that one was answered otherwise the second time is no failure.
    with suppress(Flaky):
        Sequence.run(settings=settings(SEQUENCES, stateful_step_count=STEPS))
    assert not failures, failures
    assert reached, "no sequence got further than to its first request"
