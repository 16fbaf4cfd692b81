"""The embedded Kafka: starts, stops, kills; what was acknowledged stays, and nothing is left behind."""

import socket
import sys
import threading
from pathlib import Path

import pytest

from deploy.embedded import kafka as embedded
from deploy.embedded import kafka_config
from deploy.embedded.kafka import EmbeddedKafka
from deploy.embedded.kafka_errors import (
    EmbeddedKafkaError,
    JarsMissingError,
    JavaMissingError,
    KafkaDirInUseError,
    KafkaStartError,
    PortTakenError,
)
from deploy.embedded.kafka_java import MAJOR_MIN, find_java, major_version, wheel_java
from deploy.embedded.waiting import wait_until
from tests.integration.embedded.kafka_owner import owning_kafka
from tests.integration.embedded.test_kills import is_running
from tests.support.kafka import create_topic, producing, records_of

TOPIC = "kept"
WAIT_SECONDS = 20.0


async def keep(bootstrap: str, *values: bytes) -> None:
    """Has the broker acknowledge these records, in a topic that is new."""
    await create_topic(bootstrap, TOPIC, 1)
    async with producing(bootstrap) as producer:
        for value in values:
            await producer.send_and_wait(TOPIC, value, partition=0)


async def kept(bootstrap: str) -> list[bytes | None]:
    """The values that the broker has."""
    return [record.value for record in (await records_of(bootstrap, TOPIC, 1))[0]]


async def test_records_survive_a_kill_and_the_address_stays(tmp_path: Path) -> None:
    """`kill -9`, then the same object starts it again: all that was acknowledged is there, where it was."""
    with EmbeddedKafka(tmp_path / "kafka") as kafka:
        bootstrap = kafka.bootstrap
        await keep(bootstrap, b"one", b"two")
        kafka.kill()
        assert not kafka.running
        kafka.start()
        assert kafka.bootstrap == bootstrap
        assert await kept(bootstrap) == [b"one", b"two"]


async def test_records_are_there_after_a_stop_and_another_objects_start(tmp_path: Path) -> None:
    """The directory is all that is needed: data and address."""
    with EmbeddedKafka(tmp_path / "kafka") as kafka:
        await keep(kafka.bootstrap, b"one")
    with EmbeddedKafka(tmp_path / "kafka") as again:
        assert again.bootstrap == kafka.bootstrap
        assert await kept(again.bootstrap) == [b"one"]


async def test_a_wiped_broker_is_a_new_one_at_the_same_address(tmp_path: Path) -> None:
    """No topic is left, and clients need not be told."""
    with EmbeddedKafka(tmp_path / "kafka") as kafka:
        await keep(kafka.bootstrap, b"one")
        with pytest.raises(EmbeddedKafkaError, match="running"):
            kafka.wipe()
        kafka.kill()
        kafka.wipe()
        kafka.start()
        await keep(kafka.bootstrap, b"two")
        assert await kept(kafka.bootstrap) == [b"two"]


async def test_the_broker_ends_when_its_owner_is_killed(tmp_path: Path) -> None:
    """The kernel ends it; another owner then finds the records."""
    with owning_kafka(tmp_path / "kafka") as owner:
        await keep(owner.bootstrap, b"one")
        owner.process.kill()
        owner.process.wait()
        assert wait_until(lambda: not is_running(owner.broker_pid), WAIT_SECONDS)
    with EmbeddedKafka(tmp_path / "kafka") as kafka:
        assert await kept(kafka.bootstrap) == [b"one"]


def test_an_owner_that_stops_leaves_no_broker(tmp_path: Path) -> None:
    """An orderly end, with status 0."""
    with owning_kafka(tmp_path / "kafka") as owner:
        assert owner.stop() == 0
        assert not is_running(owner.broker_pid)


async def test_the_java_of_the_wheel_runs_it(tmp_path: Path) -> None:
    """For machines without a Java of their own."""
    java = wheel_java()
    assert java is not None
    assert major_version(java) >= MAJOR_MIN
    with EmbeddedKafka(tmp_path / "kafka", java=java) as kafka:
        await keep(kafka.bootstrap, b"one")
        kafka.kill()
        kafka.start()
        assert await kept(kafka.bootstrap) == [b"one"]


def test_a_machine_without_java_uses_the_wheels(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing on the PATH, and a JAVA_HOME that has none."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    assert find_java() == wheel_java()


def test_a_java_that_is_too_old_is_passed_over(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Its version is asked, not guessed; an old numbering (1.8) is understood."""
    old = tmp_path / "java"
    old.write_text("#!/bin/sh\necho 'openjdk version \"1.8.0_402\"' >&2\n")
    old.chmod(0o755)
    assert major_version(old) == 1
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    assert find_java() == wheel_java()


def test_without_any_java_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The wheel, or a runtime, or a cluster of one's own."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setattr(sys, "path", [])
    with pytest.raises(JavaMissingError, match=r"pushward\[embedded\]"):
        EmbeddedKafka(tmp_path / "kafka").start()


def test_without_its_jars_the_error_says_make_kafka(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Another Python environment has none."""
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    with pytest.raises(JarsMissingError, match="make kafka"):
        EmbeddedKafka(tmp_path / "kafka").start()


def test_a_directory_has_one_owner(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A second broker on it is refused, names the first's owner, and leaves it alone."""
    monkeypatch.setattr(embedded, "LOCK_TIMEOUT_SECONDS", 0.1)
    with owning_kafka(tmp_path / "kafka") as owner:
        with pytest.raises(KafkaDirInUseError, match=f"process {owner.process.pid} "):
            EmbeddedKafka(tmp_path / "kafka").start()
        assert is_running(owner.broker_pid)


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    """Somebody listens where clients expect the broker: no other port in silence."""
    directory = tmp_path / "kafka"
    directory.mkdir()
    ports = kafka_config.remembered_ports(directory / "ports")
    with (
        socket.create_server((kafka_config.LOOPBACK, ports.broker)),
        pytest.raises(PortTakenError, match=f":{ports.broker}, the embedded Kafka's port"),
    ):
        EmbeddedKafka(directory).start()
    with EmbeddedKafka(directory) as kafka:
        assert kafka.bootstrap.endswith(f":{ports.broker}")


def test_a_broker_that_ends_at_its_start_is_quoted(tmp_path: Path) -> None:
    """Its data are unreadable: the error carries its own words, and the directory is free again."""
    directory = tmp_path / "kafka"
    with EmbeddedKafka(directory):
        pass
    (directory / "data/meta.properties").write_text("version=99\n")
    for _ in range(2):
        with pytest.raises(KafkaStartError, match=r"(?s)ended with status 1.*meta\.properties"):
            EmbeddedKafka(directory).start()


def test_data_that_were_half_formatted_are_formatted_anew(tmp_path: Path) -> None:
    """Half a cluster is never taken for a whole one."""
    unfinished = tmp_path / "kafka/data.unfinished"
    unfinished.mkdir(parents=True)
    (unfinished / "meta.properties").write_text("version=1\n")
    with EmbeddedKafka(tmp_path / "kafka"):
        assert not unfinished.exists()


def test_only_the_main_thread_may_start_it(tmp_path: Path) -> None:
    """The broker's life is bound to the thread that started it."""
    raised: list[BaseException] = []

    def start() -> None:
        try:
            EmbeddedKafka(tmp_path / "kafka").start()
        except EmbeddedKafkaError as error:
            raised.append(error)

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    assert "main thread" in str(raised[0])


def test_a_start_maps_the_archived_classes(tmp_path: Path) -> None:
    """Those that `make kafka` archived, if this Java can (a wheel's can't), aren't read from the jars again."""
    archive = kafka_config.archive_of(find_java(), kafka_config.jars_dir())
    loaded = tmp_path / "loaded.log"
    with EmbeddedKafka(tmp_path / "kafka", jvm_options=[f"-Xlog:class+load:file={loaded}"]):
        pass
    assert ("kafka.Kafka source: shared objects file" in loaded.read_text("utf-8")) == archive.exists()


def test_an_archive_that_does_not_fit_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The broker starts as without one, and has nothing to say of it."""
    spoilt = tmp_path / "classes.jsa"
    spoilt.write_bytes(b"no archive")
    monkeypatch.setattr(kafka_config, "archive_of", lambda java, jars: spoilt)
    with EmbeddedKafka(tmp_path / "kafka") as kafka:
        assert "archive" not in kafka.log_file.read_text("utf-8").lower()
