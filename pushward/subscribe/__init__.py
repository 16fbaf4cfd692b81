"""For those who follow Pushward's events from outside: each event applied once, in order, to tables of their own.

docs/events/subscribing.md has a worked example. The names below need no driver; sources are imported from their
modules, each with its own: ``pushward.subscribe.kafka`` (aiokafka), ``.log`` (asyncpg), ``.edge`` (httpx), ``.memory``.
"""

from pushward.subscribe.epochs import take_over
from pushward.subscribe.errors import (
    EpochChangedError,
    HoleError,
    LogRewrittenError,
    PositionFromFutureError,
    PositionMissingError,
    PositionMovedError,
    RefusedError,
    SubscribeError,
    UnknownShardError,
)
from pushward.subscribe.port import Batch, Source, Store, Stretch
from pushward.subscribe.positions import PositionTable
from pushward.subscribe.rule import Position
from pushward.subscribe.subscriber import Subscriber

__all__ = [
    "Batch",
    "EpochChangedError",
    "HoleError",
    "LogRewrittenError",
    "Position",
    "PositionFromFutureError",
    "PositionMissingError",
    "PositionMovedError",
    "PositionTable",
    "RefusedError",
    "Source",
    "Store",
    "Stretch",
    "SubscribeError",
    "Subscriber",
    "UnknownShardError",
    "take_over",
]
