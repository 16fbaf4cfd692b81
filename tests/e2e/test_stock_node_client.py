"""The vendor's Node library against our base URL (contract section 8): the checks stand in `node/core_flow.test.js`."""

import subprocess
from pathlib import Path
from typing import Final

from tests.support.installation import Installation
from tests.support.system import System

SCRIPT: Final = "core_flow.test.js"
DIRECTORY: Final = Path(__file__).parent / "node"
SECONDS_MAX: Final = 110.0
TEST_MS_MAX: Final = 30_000


def test_the_core_flow_with_the_node_library(system: System, installation: Installation) -> None:
    """Service, webhook, entity, access token, factor, challenges, signed answers, pages, refusals, deletion."""
    assert (DIRECTORY / "node_modules" / "twilio").is_dir(), "the Node library isn't there: run `make node`"
    environment = {
        **installation.stores.environment(),
        "PUSHWARD_BASE_URL": system.base_url,
        "PUSHWARD_ACCOUNT_SID": installation.account.sid,
        "PUSHWARD_AUTH_TOKEN": installation.account.auth_token,
    }
    done = subprocess.run(
        ["node", "--test", "--test-reporter=spec", f"--test-timeout={TEST_MS_MAX}", SCRIPT],
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
