"""Logs: one line an event on stderr, for people (key=value) or for machines (JSON).

What the libraries log through the standard library (uvicorn, grpc, asyncpg, asyncio) comes out in the same form. No
secret gets in: values of telling names are masked at any depth that we log (the top one), tracebacks carry no locals,
and access logs stay off, since an ``Authorization`` header or a query string is nobody's business here.
"""

import logging
import sys
from typing import Final, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

MASK: Final = "***"
MASKED_NAMES: Final = frozenset(
    {"authorization", "auth_token", "access_token", "jwt", "jws", "password", "secret", "token", "database_url", "url"}
)
QUIET_LOGGERS: Final = ("aiohttp.access", "aiokafka", "asyncio", "httpx", "uvicorn.access", "uvicorn.error")
"""Libraries that tell at INFO what nobody asked for; their warnings come through."""
SILENT_LOGGERS: Final = ("aiokafka.client", "aiokafka.cluster", "aiokafka.conn", "aiokafka.producer")
"""They log each failed try of a broker that is away, hundreds a second; who uses them gets the error, and says it."""
ROOT_OF_AIOKAFKA: Final = "aiokafka"
"""Its client logs under this name, which is above all others of the library: those would fall silent with it."""
FAILED_TRIES: Final = ("Unable connect to", "Unable to request metadata", "Unable to update metadata")


class LogLevelError(ValueError):
    """PUSHWARD_LOG_LEVEL names no level."""


def configure_logs(level: str, *, json: bool, stream: TextIO | None = None) -> None:
    """Routes structlog and the standard library's logging to ``stream`` (stderr). Raises LogLevelError."""
    number = _level(level)
    out = stream or sys.stderr
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        mask_secrets,
    ]
    ending: list[Processor] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()] if json else [_for_people(out)]
    )
    structlog.configure(
        processors=[*shared, *ending],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(out),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *ending],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(number)
    for name in QUIET_LOGGERS:
        logging.getLogger(name).setLevel(max(number, logging.WARNING))
    for name in SILENT_LOGGERS:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    logging.getLogger(ROOT_OF_AIOKAFKA).addFilter(_is_no_failed_try)


def mask_secrets(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Replaces the values whose names say that they are secret."""
    for name in MASKED_NAMES & event.keys():
        event[name] = MASK
    return event


def _is_no_failed_try(record: logging.LogRecord) -> bool:
    return not str(record.msg).startswith(FAILED_TRIES)


def _for_people(out: TextIO) -> Processor:
    # Not rich's traceback: it prints locals, and locals are where secrets live.
    return structlog.dev.ConsoleRenderer(colors=out.isatty(), exception_formatter=structlog.dev.plain_traceback)


def _level(name: str) -> int:
    number = logging.getLevelNamesMapping().get(name.upper())
    if number is None:
        raise LogLevelError(f"PUSHWARD_LOG_LEVEL={name} is no level: use debug, info, warning, error or critical.")
    return number
