"""What runs under Node against our base URL: the checks stand in `node/*.test.js`."""

import subprocess
from pathlib import Path
from typing import Final

import pytest

from tests.support.installation import Installation
from tests.support.system import System

SCRIPTS: Final = {
    "core_flow.test.js": "The vendor's library (contract section 8), from a service to its deletion.",
    "web_device.test.js": "Our web library as a device: enrol, listen, answer, delete.",
}
DIRECTORY: Final = Path(__file__).parent / "node"
SECONDS_MAX: Final = 110.0
TEST_MS_MAX: Final = 30_000


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_of_node_finds_what_it_expects(system: System, installation: Installation, script: str) -> None:
    """Each in its own words; see SCRIPTS."""
    assert (DIRECTORY / "node_modules" / "twilio").is_dir(), "the Node library isn't there: run `make node`"
    environment = {
        **installation.stores.environment(),
        "PUSHWARD_BASE_URL": system.base_url,
        "PUSHWARD_ACCOUNT_SID": installation.account.sid,
        "PUSHWARD_AUTH_TOKEN": installation.account.auth_token,
    }
    done = subprocess.run(
        ["node", "--test", "--test-reporter=spec", f"--test-timeout={TEST_MS_MAX}", script],
        cwd=DIRECTORY,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )
    assert done.returncode == 0, done.stdout
