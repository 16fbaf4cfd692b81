"""Where Pushward is, as whom to call it, and where the backend itself is found."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

SECRET_FILE: Final = "backend-secret"  # noqa: S105 - a file's name


class SettingsError(Exception):
    """They can't be used; the message says which and what to do."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Made once. ``own_url`` is where Pushward reaches the backend, without a slash at its end."""

    base_url: str
    account_sid: str
    auth_token: str = field(repr=False)
    service_sid: str
    own_url: str
    secret_file: Path

    @classmethod
    def from_dev_file(cls, path: Path, own_url: str) -> "Settings":
        """Those of `make run`: `dev.json` says the rest, and the secret lies beside it. Raises SettingsError."""
        try:
            access = json.loads(path.read_text("utf-8"))
            return cls(
                base_url=access["base_url"].rstrip("/"),
                account_sid=access["account_sid"],
                auth_token=access["auth_token"],
                service_sid=access["service_sid"],
                own_url=own_url,
                secret_file=path.with_name(SECRET_FILE),
            )
        except FileNotFoundError as error:
            raise SettingsError(f"{path} isn't there: start Pushward first (`make run` starts both).") from error
        except (ValueError, KeyError, AttributeError, TypeError) as error:
            raise SettingsError(f"{path} isn't a dev.json: start Pushward, which writes it anew.") from error
