"""``<var>/dev.json``: where development serves, and as whom to call it. Mode 0600; kept across restarts."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from pushward.cli.private_file import write_private

DEV_FILE: Final = "dev.json"


@dataclass(frozen=True, slots=True)
class DevelopmentAccess:
    """A development account and service, and the server that has them."""

    base_url: str
    account_sid: str
    auth_token: str
    service_sid: str


def read_dev_file(var: Path) -> DevelopmentAccess | None:
    """What the file says; None if there is none, or if it isn't ours."""
    try:
        members = json.loads((var / DEV_FILE).read_text("utf-8"))
        return DevelopmentAccess(**members)
    except (FileNotFoundError, ValueError, TypeError):
        return None


def write_dev_file(var: Path, access: DevelopmentAccess) -> Path:
    """Puts the file in place."""
    path = var / DEV_FILE
    write_private(path, json.dumps(asdict(access), indent=2) + "\n")
    return path
