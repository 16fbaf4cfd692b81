"""Archives the classes that a Kafka loads, for the Java that will run it: `python -m deploy.embedded.kafka_archive`.

A start with the archive takes a third less CPU (class data sharing of the JVM; `make kafka` makes it). Without one, or
with one that doesn't fit, Kafka starts as ever.
"""

import sys
import tempfile
from pathlib import Path

from deploy.embedded import kafka_config
from deploy.embedded.kafka import EmbeddedKafka
from deploy.embedded.kafka_errors import EmbeddedKafkaError
from deploy.embedded.kafka_java import find_java


def make_archive() -> Path:
    """Starts and stops a broker that notes its classes; nothing is done if there is an archive.

    Raises the errors of deploy.embedded.kafka_errors.
    """
    jars, java = kafka_config.jars_dir(), find_java()
    archive = kafka_config.archive_of(java, jars)
    if archive.exists():
        return archive
    unfinished = archive.with_suffix(".unfinished")
    with tempfile.TemporaryDirectory(prefix="pushward-kafka-") as directory:
        options = [f"-XX:ArchiveClassesAtExit={unfinished}", *kafka_config.ARCHIVE_QUIETLY]
        with EmbeddedKafka(Path(directory) / "kafka", java=java, jvm_options=options):
            pass
    if not unfinished.exists():
        raise EmbeddedKafkaError(f"{java} left no archive of Kafka's classes")
    return unfinished.rename(archive)


def main() -> None:
    """Exits with 1 and the reason if there is none."""
    try:
        make_archive()
    except EmbeddedKafkaError as error:
        sys.exit(f"kafka: no archive of its classes, so it will start slower: {error}")


if __name__ == "__main__":
    main()
