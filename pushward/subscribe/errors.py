"""Why a subscriber stops. Each needs somebody to look: going on would lose events, or apply them twice.

    SubscribeError
    ├── PositionMissingError      a shard has no stored position, and nobody said where to start
    ├── PositionFromFutureError   the stored position is past the shard's end: another installation, or restored
    ├── LogRewrittenError         another event lies at the stored position: the log was restored or rewritten
    ├── EpochChangedError         the log has begun a new epoch, which is taken over by command only
    ├── HoleError                 positions are missing, and nothing can fill them
    ├── UnknownShardError         the source has no such shard
    ├── PositionMovedError        somebody else has moved the position: two processes follow the same shard
    └── RefusedError              the source doesn't let us in, or isn't one of ours

A source that is away is no error: it is tried again until it is back.
"""


class SubscribeError(Exception):
    """The root."""


class PositionMissingError(SubscribeError):
    """A missing position is never "from the start": that would do everything again."""


class PositionFromFutureError(SubscribeError):
    """The shard ends before the stored position."""


class LogRewrittenError(SubscribeError):
    """The source holds another event at a position than the one that was applied there."""


class EpochChangedError(SubscribeError):
    """Positions of two epochs can't be compared."""

    def __init__(self, shard: int, stored: int, found: int) -> None:
        super().__init__(
            f"shard {shard}: the position is of epoch {stored}, the source of epoch {found}. "
            "Take the new epoch over when you know what was restored."
        )
        self.stored = stored
        self.found = found


class HoleError(SubscribeError):
    """Positions are missing."""


class UnknownShardError(SubscribeError):
    """A shard that the source doesn't have."""


class PositionMovedError(SubscribeError):
    """The stored position isn't the one that was seen; nothing was done."""


class RefusedError(SubscribeError):
    """Wrong credentials, a topic or an answer that isn't ours."""
