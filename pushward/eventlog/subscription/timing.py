"""How long things may take, in seconds; tests take shorter ones."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Of a subscription."""

    lease_seconds: float = 6.0
    """What the database grants; after it others may take the shard."""

    trust_seconds: float = 5.0
    """How long we act on it, from before we asked: less, for clocks that run at different speeds."""

    renew_seconds: float = 1.5
    lazy_seconds_max: float = 1.0
    """After which a position that moved without an effect is stored."""

    retry_seconds_min: float = 0.1
    retry_seconds_max: float = 5.0

    def __post_init__(self) -> None:
        assert self.renew_seconds < self.trust_seconds < self.lease_seconds
