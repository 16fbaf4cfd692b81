"""A subscriber of the log inside a service: in order, without a hole, its position in its own transaction.

    position + 1 is read       → apply, and move the position in the same transaction
    a position is missing      → HoleError: the shard stops with an alarm
    the row is missing         → an alarm: it was never installed, and "from the start" would do everything again
    the log disagrees at start → LogRewrittenError: the same (an event id is kept beside each position)
    another epoch              → an alarm, until `pushward log new-epoch` was run
    the transaction fails      → nothing happened; tried again with backoff
    one event fails, always    → its stream is parked: passed over until `pushward subscription resume`

Shards are shared out among the processes of a service by leases. A process acts only while it can be sure of its own; a
stale owner is harmless all the same: its commit compares owner and position before it moves them. Events that the
subscriber doesn't want move the position in memory at once and in the table within ``lazy_seconds_max``, so a batch
without effect costs no transaction. An alarm is kept in the shard's row, where every process sees it; once it is
cleared, the shard's owner looks again.

    subscription.py  shares out the shards      follower.py   one shard          parked.py  streams that are passed over
    effect.py        what is done with events   applying.py   with its move      lease.py   until when a shard is ours
    positions.py     the tables                 timing.py     seconds            errors.py  why a follower ends
    poison.py        an event's fault, or ours  gauges.py     metrics            status.py  for operators
"""

from pushward.eventlog.subscription.effect import AfterCommit, Apply, AtOnce, Move, Through, Wants
from pushward.eventlog.subscription.errors import LeaseLostError, LogRewrittenError
from pushward.eventlog.subscription.subscription import Subscription
from pushward.eventlog.subscription.timing import Timing

__all__ = [
    "AfterCommit",
    "Apply",
    "AtOnce",
    "LeaseLostError",
    "LogRewrittenError",
    "Move",
    "Subscription",
    "Through",
    "Timing",
    "Wants",
]
