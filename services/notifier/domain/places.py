"""How many device streams a factor may have open, across all processes of the edge."""

from typing import Final

STREAMS_PER_FACTOR_MAX: Final = 3
LEASE_SECONDS: Final = 30
KEPT_AT_ONCE_MAX: Final = 20_000
"""Stream ids in one request to keep."""
