"""Logs: one form for all, and no secrets."""

import io
import json
import logging
import socket
from collections.abc import Iterator

import pytest
import structlog
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaConnectionError

from pushward.security.secret import Secret
from pushward.telemetry.logs import LogLevelError, configure_logs


@pytest.fixture
def out() -> Iterator[io.StringIO]:
    """What was logged as JSON; afterwards everything is as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    configure_logs("info", json=True, stream=stream)
    yield stream
    structlog.reset_defaults()
    logging.getLogger("aiokafka").filters.clear()
    root.handlers[:] = handlers
    root.setLevel(level)


def test_our_events_and_the_libraries_look_the_same(out: io.StringIO) -> None:
    """One JSON object a line, with time and level."""
    structlog.get_logger().info("worker_started", pid=7)
    logging.getLogger("somebody").warning("careful")
    ours, theirs = (json.loads(line) for line in out.getvalue().splitlines())
    assert (ours["event"], ours["level"], ours["pid"]) == ("worker_started", "info", 7)
    assert (theirs["event"], theirs["level"], theirs["logger"]) == ("careful", "warning", "somebody")
    assert ours.keys() & theirs.keys() >= {"event", "level", "timestamp"}


def test_no_secret_is_written(out: io.StringIO) -> None:
    """Neither by a telling name, nor in a Secret, nor as a local of a traceback."""
    password = "hunter2"
    log = structlog.get_logger()
    log.info("a", token=password, authorization=password, value=Secret(password))
    try:
        raise ValueError("wrong")
    except ValueError:
        log.exception("b")
    assert "hunter2" not in out.getvalue()


def test_what_is_below_the_level_is_not_written(out: io.StringIO) -> None:
    """Ours and theirs."""
    structlog.get_logger().debug("detail")
    logging.getLogger("somebody").debug("detail")
    assert out.getvalue() == ""


async def test_a_broker_that_is_away_floods_no_log(out: io.StringIO) -> None:
    """Each failed try is passed over, thousands a minute; what else the library has to say comes through."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        client = AIOKafkaClient(bootstrap_servers=f"127.0.0.1:{nobody.getsockname()[1]}")
        with pytest.raises(KafkaConnectionError):
            await client.bootstrap()
        await client.close()
    logging.getLogger("aiokafka").error("Unable to update metadata from %s", [0])
    logging.getLogger("aiokafka.conn").error("Close of a connection")
    assert out.getvalue() == ""
    logging.getLogger("aiokafka").error("Topic %s not found", "pushward.events")
    logging.getLogger("aiokafka.consumer.fetcher").error("Unable to read")
    told = [json.loads(line)["event"] for line in out.getvalue().splitlines()]
    assert told == ["Topic pushward.events not found", "Unable to read"]


def test_a_level_that_is_none_is_refused() -> None:
    """The message names the setting."""
    with pytest.raises(LogLevelError, match="PUSHWARD_LOG_LEVEL"):
        configure_logs("loud", json=False)
