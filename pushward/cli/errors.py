"""How a command fails: one line that says what is wrong and what to do, and an exit code.

    0   done
    1   it failed, or what was checked is not right
    2   it was asked in a way that makes no sense: arguments or settings

Errors that are expected become such a line; anything else is our defect and keeps its traceback.
"""

from typing import Final

import asyncpg
from pydantic import ValidationError

from deploy.embedded.errors import EmbeddedPostgresError
from deploy.embedded.kafka_errors import EmbeddedKafkaError
from pushward.config.settings import SettingsError
from pushward.database.install import ShardCountError
from pushward.database.migrate import MigrationError
from pushward.errors import PushwardError
from pushward.eventlog.codec import UnknownEventError
from pushward.eventlog.postgres import HoleError
from pushward.eventlog.rebuild.build import ReplayError
from pushward.security.kek import KekFileError
from pushward.telemetry.logs import LogLevelError

FAILED: Final = 1
MISUSED: Final = 2


class CommandError(Exception):
    """The command can't go on. ``exit_code`` is FAILED or MISUSED."""

    def __init__(self, message: str, exit_code: int = FAILED) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def told(error: Exception) -> CommandError | None:
    """What to tell of an expected error; None if it is a defect."""
    match error:
        case CommandError():
            return error
        case ValidationError():
            return CommandError(_settings_problems(error), MISUSED)
        case SettingsError() | LogLevelError():
            return CommandError(str(error), MISUSED)
        case PushwardError():
            return CommandError(error.message)
        case EmbeddedPostgresError() | MigrationError() | ShardCountError() | KekFileError():
            return CommandError(str(error))
        case HoleError() | ReplayError():
            return CommandError(str(error))
        case UnknownEventError():
            return CommandError(f"The log holds what this release can't read: {error}")
        case EmbeddedKafkaError():
            return CommandError(str(error))
        case asyncpg.PostgresError() | asyncpg.InterfaceError():
            return CommandError(f"The database refused: {error}")
        case ModuleNotFoundError(name="pushward_device"):
            return CommandError("The simulator needs the device library: pip install pushward-device")
        case OSError():
            place = f"{error.filename}: " if error.filename else ""
            return CommandError(f"{place}{error.strerror or error}")
    return None


def _settings_problems(error: ValidationError) -> str:
    """Each wrong setting by its variable; never its value, which may be a secret."""
    return "; ".join(
        f"PUSHWARD_{'_'.join(str(step) for step in problem['loc']).upper()}: {problem['msg']}"
        if problem["loc"]
        else problem["msg"].removeprefix("Value error, ")
        for problem in error.errors(include_input=False, include_url=False)
    )
