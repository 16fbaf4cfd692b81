"""What our users import: no driver but the one of the source that they use, and an example that is true."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.child import ROOT

DRIVERS = {"aiokafka", "asyncpg", "httpx"}
GUIDE = Path("docs/events/subscribing.md")
LOADED = "import sys, {module}; print(*sorted({drivers} & {{*sys.modules}}))"


@pytest.mark.parametrize(
    ("module", "needed"),
    [
        ("pushward.subscribe", set()),
        ("pushward.subscribe.memory", set()),
        ("pushward.subscribe.log", {"asyncpg"}),
        ("pushward.subscribe.kafka", {"aiokafka"}),
        ("pushward.subscribe.edge", {"httpx"}),
    ],
)
def test_a_source_needs_its_own_driver_only(module: str, needed: set[str]) -> None:
    """A tenant needs no Kafka client, the platform team no HTTP client."""
    code = LOADED.format(module=module, drivers=DRIVERS)
    said = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert set(said.split()) == needed


def test_the_guides_example_names_what_there_is() -> None:
    """It is run as far as it goes without a server."""
    (example,) = re.findall(r"```python\n(.*?)```", (ROOT / GUIDE).read_text("utf-8"), re.DOTALL)
    names: dict[str, object] = {}
    exec(compile(example, str(GUIDE), "exec"), names)  # noqa: S102 - our own guide
    assert {"Approvals", "main", "positions", "Subscriber"} <= names.keys()
