"""Where the embedded stores are while they run: ``<var>/stores.json``, mode 0600, for commands beside `make run`."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from pushward.cli.private_file import write_private
from pushward.config.settings import Settings

STORES_FILE: Final = "stores.json"


def with_stores(settings: Settings, environment: Mapping[str, str]) -> Settings:
    """The settings of a process that is started with ``environment`` on top of ours."""
    update = {name.removeprefix("PUSHWARD_").lower(): value for name, value in environment.items()}
    return Settings.model_validate({**settings.model_dump(), **update})


@contextmanager
def told_to_others(settings: Settings, environment: Mapping[str, str]) -> Iterator[None]:
    """Names the running stores in the file, as long as they run."""
    file = settings.var_dir / STORES_FILE
    write_private(file, json.dumps(dict(environment), indent=2) + "\n")
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def operator_settings() -> Settings:
    """The settings of a command that looks at a database: the one that is named, else the embedded one, if it runs."""
    settings = Settings()
    if settings.database_url is not None or settings.database_url_file is not None:
        return settings
    file: Path = settings.var_dir / STORES_FILE
    if not file.exists():
        return settings
    return with_stores(settings, json.loads(file.read_text("utf-8")))
