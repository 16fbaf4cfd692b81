"""The web library reads in any bytes what the server reads, or both refuse: its own process, asked line by line."""

import base64
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

import pytest
from hypothesis import example, given

from pushward import strictjson
from pushward.strictjson import JsonObject, StrictJsonError
from tests.fuzz.budget import attempt
from tests.fuzz.test_device_reading import OBJECTS, TEXTS

SCRIPT: Final = Path(__file__).with_name("web_reader.js")


class WebReader:
    """`web_reader.js`, running."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._stdin, self._stdout = _pipe(process.stdin), _pipe(process.stdout)

    def read(self, text: bytes) -> JsonObject | None:
        """What the library makes of these bytes; None if it refuses."""
        self._stdin.write(base64.b64encode(text).decode() + "\n")
        self._stdin.flush()
        said: str | None = json.loads(self._stdout.readline())
        return None if said is None else strictjson.parse_object(said)


@pytest.fixture(scope="module")
def web_reader() -> Iterator[WebReader]:
    """One process for all examples."""
    with subprocess.Popen(
        ["node", SCRIPT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        yield WebReader(process)
        _pipe(process.stdin).close()
    assert process.returncode == 0


@given(text=TEXTS | OBJECTS)
@example(text='{"a":' * 32 + "1" + "}" * 32)
@example(text='{"a":' * 33 + "1" + "}" * 33)
@example(text='{"a":1e999}')
@example(text='{"a":' + "9" * 400 + "}")
@example(text='{"a":"\\ud800"}')
@example(text='{"a":1,"\\u0061":1}')
@example(text='{ "a" : [ 1.0 , -0 , 18446744073709551616 ] , "__proto__" : { "\\/" : null } }')
@example(text=b'\xef\xbb\xbf{"a":1}')
@example(text=b'{"a":"\xed\xa0\x80"}')
@example(text='{"a":1}\u2028')
@example(text='{"\u0000":"\\u0000"}')
def test_the_web_library_reads_the_same_object_or_none(web_reader: WebReader, text: str | bytes) -> None:
    """Down to the number that JavaScript couldn't hold: it keeps the text."""
    raw = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    there = attempt(lambda: strictjson.parse_object(raw), StrictJsonError)
    here = web_reader.read(raw)
    assert (here is None) is isinstance(there, StrictJsonError), (here, there)
    assert here is None or strictjson.strictly_equal(here, there)


def _pipe(stream: IO[str] | None) -> IO[str]:
    assert stream is not None
    return stream
