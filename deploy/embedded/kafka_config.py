"""What the embedded Kafka runs with: its jars, its ports, its settings, its command lines.

One process is broker and controller (KRaft). Settings are written anew at each start, so they follow the code; only the
ports are remembered, because clients know them.
"""

import base64
import hashlib
import random
import socket
import sys
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deploy.embedded.kafka_errors import JarsMissingError, PortTakenError
from deploy.embedded.kafka_java import version_text

LOOPBACK: Final = "127.0.0.1"
FORMATTED: Final = "meta.properties"
PORT_MIN: Final = 10_000
EPHEMERAL_MIN: Final = 32_768
PORT_TRIES_MAX: Final = 100
FINGERPRINT_DIGITS: Final = 16

# Nothing of the caller's environment (KAFKA_OPTS, JAVA_TOOL_OPTIONS, CLASSPATH, …) may change what runs.
ENVIRONMENT: Final[Mapping[str, str]] = {"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin", "TZ": "UTC"}

JVM_OPTIONS: Final = (
    "-Xms64m",
    "-Xmx256m",
    "-Xss512k",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:-UsePerfData",
    # A broker without memory is a broker that is away: it shall not linger half alive.
    "-XX:+ExitOnOutOfMemoryError",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
)
# An archive that doesn't fit is not used, and one that can't be made isn't there: nothing to talk about in the log.
ARCHIVE_QUIETLY: Final = ("-Xlog:cds=off", "-Xlog:cds+dynamic=off")

SETTINGS: Final[Mapping[str, str]] = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    # Topics are made by whoever knows their settings.
    "auto.create.topics.enable": "false",
    "default.replication.factor": "1",
    "min.insync.replicas": "1",
    "offsets.topic.num.partitions": "4",
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.num.partitions": "4",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "group.initial.rebalance.delay.ms": "0",
    # A killed broker is back when its old session has ended: ten seconds by default.
    "broker.session.timeout.ms": "1000",
    "broker.heartbeat.interval.ms": "250",
    "num.network.threads": "2",
    "num.io.threads": "4",
    "log.cleaner.dedupe.buffer.size": "8388608",
}


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the broker and its controller listen, on the loopback interface."""

    broker: int
    controller: int


def jars_dir() -> Path:
    """The directory of Kafka's jars, in this Python environment. Raises JarsMissingError."""
    jars = Path(sys.prefix) / "kafka"
    if not (jars / ".complete").exists():
        raise JarsMissingError(f"Kafka's jars are not in {jars}: run `make kafka`, or set PUSHWARD_KAFKA to a cluster")
    return jars


def remembered_ports(file: Path) -> Ports:
    """The ports of the last start; at the first, two that nobody uses."""
    if not file.exists():
        ports = Ports(*_free_ports())
        file.write_text(f"{ports.broker} {ports.controller}\n", "ascii")
    broker, controller = file.read_text("ascii").split()
    return Ports(int(broker), int(controller))


def require_free(ports: Ports, file: Path) -> None:
    """Raises PortTakenError if somebody listens where the broker will."""
    for port in (ports.broker, ports.controller):
        if not _is_free(port):
            raise PortTakenError(
                f"somebody else listens on {LOOPBACK}:{port}, the embedded Kafka's port: end it, or remove {file} "
                "for other ports"
            )


def write_properties(file: Path, ports: Ports, data: Path) -> None:
    """Writes the settings of a broker whose data lie in ``data``."""
    broker, controller = f"{LOOPBACK}:{ports.broker}", f"{LOOPBACK}:{ports.controller}"
    settings = {
        **SETTINGS,
        "listeners": f"PLAINTEXT://{broker},CONTROLLER://{controller}",
        "advertised.listeners": f"PLAINTEXT://{broker},CONTROLLER://{controller}",
        "controller.quorum.bootstrap.servers": controller,
        "log.dirs": str(data).replace("\\", "\\\\"),
    }
    file.write_text("".join(f"{name}={value}\n" for name, value in settings.items()), "utf-8")


def format_command(java: Path, jars: Path, properties: Path) -> list[str]:
    """What makes an empty data directory that of a new cluster."""
    cluster_id = base64.urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()
    # Its argument parser takes a leading dash for an option.
    tool = [f"--cluster-id={cluster_id}", "--config", str(properties), "--standalone"]
    return [*_java_command(java, jars), "kafka.tools.StorageTool", "format", *tool]


def server_command(
    java: Path, jars: Path, properties: Path, scratch: Path, jvm_options: Sequence[str] = ()
) -> list[str]:
    """What runs the broker. ``jvm_options`` are on top of ours, and win."""
    options = [f"-Djava.io.tmpdir={scratch}", *jvm_options]
    return [*_java_command(java, jars, options), "kafka.Kafka", str(properties)]


def _java_command(java: Path, jars: Path, options: Sequence[str] = ()) -> list[str]:
    # The jars by name, in one order: an archive of classes is refused with any other class path.
    class_path = ":".join(map(str, sorted(jars.glob("*.jar"))))
    return [str(java), *JVM_OPTIONS, *archive_options(java, jars), *options, "-cp", class_path]


def archive_options(java: Path, jars: Path) -> list[str]:
    """How a JVM maps the classes that were archived for it, instead of reading them again; none without an archive."""
    archive = archive_of(java, jars)
    return [f"-XX:SharedArchiveFile={archive}", *ARCHIVE_QUIETLY] if archive.exists() else []


def archive_of(java: Path, jars: Path) -> Path:
    """Where Kafka's classes are archived for this very JVM; `python -m deploy.embedded.kafka_archive` writes it."""
    fingerprint = hashlib.sha256(f"{java.resolve()}\n{version_text(java)}".encode()).hexdigest()[:FINGERPRINT_DIGITS]
    return jars / f"classes-{fingerprint}.jsa"


def _free_ports() -> list[int]:
    """Below the range of which the system gives ports to outgoing connections: those would take a dead broker's."""
    candidates = random.sample(range(PORT_MIN, EPHEMERAL_MIN), PORT_TRIES_MAX)
    return [port for port in candidates if _is_free(port)][:2]


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True
