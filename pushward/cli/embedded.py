"""Development without a database of one's own: an embedded PostgreSQL under the var directory, ready to be served from.

    <var>/postgres/   the server's data        <var>/kek   the key-encryption key, mode 0600
    <var>/kafka/      a broker's, if PUSHWARD_EMBEDDED_KAFKA asks for one (`make run KAFKA=1`)

Everything is made on the first start and kept: a later one finds the same accounts, also after `kill -9` of everything.
"""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from deploy.embedded.kafka import EmbeddedKafka
from deploy.embedded.postgres import KEYS_DATABASE, MAIN_DATABASE, EmbeddedPostgres
from pushward.cli.installation import install_all
from pushward.cli.stores_file import told_to_others, with_stores
from pushward.config.settings import SHARDS_EMBEDDED, Settings, SettingsError
from pushward.security.kek import FileKeyEncryption

POSTGRES_DIR: Final = "postgres"
KAFKA_DIR: Final = "kafka"
KEK_FILE: Final = "kek"
PRIVATE_MODE: Final = 0o700


def needs_embedded(settings: Settings) -> bool:
    """Whether nobody has named a database, in development. Raises SettingsError if there is no place for its Kafka."""
    needed = settings.development and settings.database_url is None and settings.database_url_file is None
    if settings.embedded_kafka and (settings.kafka is not None or not needed):
        raise SettingsError(
            "PUSHWARD_EMBEDDED_KAFKA runs a broker beside the embedded PostgreSQL, in development. With a database or "
            "a cluster of your own, unset it, and name the cluster in PUSHWARD_KAFKA."
        )
    return needed


@contextmanager
def embedded_stores(settings: Settings) -> Iterator[Mapping[str, str]]:
    """Runs the stores; yields the environment that names them. Only the main thread may (see EmbeddedPostgres)."""
    var = settings.var_dir.absolute()
    var.mkdir(parents=True, exist_ok=True)
    kek = settings.kek_file or var / KEK_FILE
    FileKeyEncryption.load_or_create(kek)
    with _kafka(settings, var / KAFKA_DIR) as kafka, EmbeddedPostgres(var / POSTGRES_DIR) as postgres:
        environment = {
            **({} if kafka is None else {"PUSHWARD_KAFKA": kafka.bootstrap}),
            "PUSHWARD_DATABASE_URL": postgres.database_url(MAIN_DATABASE),
            "PUSHWARD_KEYS_URL": postgres.database_url(KEYS_DATABASE),
            "PUSHWARD_KEK_FILE": str(kek),
        }
        asyncio.run(install_all(with_stores(settings, environment), SHARDS_EMBEDDED))
        if kafka is not None:
            kafka.wait_ready()
        with told_to_others(settings, environment):
            yield environment


@contextmanager
def _kafka(settings: Settings, directory: Path) -> Iterator[EmbeddedKafka | None]:
    """Launches a broker if one is asked for; it comes up while the database is made ready."""
    if not settings.embedded_kafka:
        yield None
        return
    kafka = EmbeddedKafka(directory)
    kafka.launch()
    try:
        yield kafka
    finally:
        kafka.stop()
