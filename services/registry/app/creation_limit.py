"""How many entities an account may create a second, with a first factor or without (contract section 10, 60328).

The one limit that no stream decides: it spans streams, and is about load, not about truth. So it is taken before the
append, and may be forgotten when the database crashes.
"""

import math
from typing import Protocol

from pushward import error_codes
from pushward.errors import TooManyRequestsError


class EntityCreations(Protocol):
    """What each account may still create now. Raises UnavailableError."""

    async def take(self, account_sid: str) -> float:
        """0 if the account may create one now; else for how many seconds it may not."""
        ...


async def take_creation(creations: EntityCreations, account_sid: str) -> None:
    """Returns if the account may create an entity now. Raises TooManyRequestsError 60328."""
    wait_seconds = await creations.take(account_sid)
    if wait_seconds > 0:
        raise TooManyRequestsError(
            "The account creates too many entities a second. Try again later.",
            code=error_codes.ENTITY_CREATIONS_EXHAUSTED,
            retry_after_seconds=math.ceil(wait_seconds),
        )
