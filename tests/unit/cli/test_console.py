"""What commands print is never a command to the terminal that shows it."""

import json

import pytest

from pushward.api.events.v1 import registry_pb2, types_pb2
from pushward.cli.console import plain, print_json, print_pairs, say
from pushward.cli.event_text import readable
from pushward.cli.events import _print
from tests.unit.cli.test_event_text import stored

COMMANDS = {
    "escape": "\x1b]0;owned\x07",
    "control sequence": "\x9b31m",
    "delete": "\x7f",
    "line": "\r\n",
    "direction": "\u202e\u2066",
    "separator": "\u2028",
    "beyond the first plane": "\U000e0001",
}
SAID = "Łódź 東京 \N{GRINNING FACE}"

every = pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS.keys())


def is_harmless(printed: str) -> bool:
    """Nothing but what is shown, and ends of lines of ours."""
    return printed.replace("\n", "").isprintable()


@every
def test_json_escapes_what_cannot_be_shown(capsys: pytest.CaptureFixture[str], command: str) -> None:
    """It is the same value, and what can be shown stays as it is."""
    value = {command: [SAID + command]}
    print_json(value)
    printed = capsys.readouterr().out
    assert json.loads(printed) == value
    assert SAID in printed
    assert is_harmless(printed)
    assert printed.count("\n") == 1


@every
def test_an_event_in_words_commands_nothing(capsys: pytest.CaptureFixture[str], command: str) -> None:
    """A device says which app and SDK it has; only their length is checked."""
    payload = registry_pb2.FactorCreated(factor_sid="YF01", app_id=f"app{command}").SerializeToString()
    _print(readable(stored(types_pb2.EVENT_TYPE_FACTOR_CREATED, payload)), as_json=False)
    printed = capsys.readouterr().out
    assert "app_id=app\N{REPLACEMENT CHARACTER}" in printed
    assert is_harmless(printed)
    assert printed.count("\n") == 1


@every
def test_values_and_remarks_command_nothing(capsys: pytest.CaptureFixture[str], command: str) -> None:
    """Neither on stdout nor on stderr."""
    print_pairs({"name": SAID + command})
    say(f"first {command.strip()}\nsecond")
    printed = capsys.readouterr()
    assert is_harmless(printed.out)
    assert is_harmless(printed.err)
    assert SAID in printed.out
    assert plain(SAID).plain == SAID
