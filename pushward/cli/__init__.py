"""The command line: `pushward …`. The only part of the kernel that knows the services, because it puts them together.

serve.py       which processes, which sockets            runtime.py      the composition root: services on channels
worker.py      one process that serves                   supervisor.py   N of them on one port
embedded.py    development without one's own database    development.py  an account to begin with
migrate.py account.py events.py replay.py audit/         for operators
api_key.py forget.py rotation.py                         for operators, too: API keys; data keys and what wraps them
device.py receipt.py                                     the simulator, and the proof

Each command's module is imported when it is asked for: a device needs no gRPC, a server no device library.
"""

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Final

import structlog
import typer

from pushward.cli.console import ERR

COMMANDS: Final = (
    "serve",
    "migrate",
    "init",
    "account",
    "key",
    "events",
    "replay",
    "log",
    "relay",
    "subscription",
    "audit",
    "forget",
    "keys",
    "device",
    "receipt",
)
SIMULATOR: Final = "device"
DEVICE_LIBRARY: Final = "pushward_device"
MODULES: Final = {"init": "migrate", "key": "api_key", "keys": "rotation"}
"""The module of each command that isn't named like it."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs a command and exits: 0 done, 1 failed, 2 misused. ``arguments`` are the process's own by default."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    # Remarks beside a result; `serve` configures its logs as its settings say.
    structlog.configure(logger_factory=lambda *_: structlog.PrintLogger(sys.stderr))
    try:
        _app(_commands(words))(args=words, prog_name="pushward")
    except Exception as error:
        # Here, so that a command which fails at its import needs no other's.
        from pushward.cli.errors import told

        expected = told(error)
        if expected is None:
            raise
        ERR.print(f"pushward: {expected}", style="red", markup=False, soft_wrap=True)
        sys.exit(expected.exit_code)


def _commands(words: Sequence[str]) -> Sequence[str]:
    """The command that is asked for; else all that can run here: a server comes without the device library."""
    if words and words[0] in COMMANDS:
        return words[:1]
    return [name for name in COMMANDS if name != SIMULATOR or find_spec(DEVICE_LIBRARY) is not None]


def _app(commands: Sequence[str]) -> typer.Typer:
    app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
    app.callback()(_about)
    for name in commands:
        module = import_module(f"pushward.cli.{MODULES.get(name, name)}")
        command = getattr(module, name, None)
        if command is None:
            app.add_typer(module.app, name=name)
        else:
            app.command(name)(command)
    return app


def _about() -> None:
    """Push verification on your own servers."""
