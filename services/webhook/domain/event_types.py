"""The names of what a webhook can subscribe to, and which subscriptions an event matches (contract section 10).

factor.created   matched by   factor.created, *, pushward.*
challenge.created             challenge.created, pushward.*
"""

from typing import Final

ORIGINAL: Final = frozenset(
    {"factor.created", "factor.verified", "factor.deleted", "challenge.approved", "challenge.denied"}
)
"""What the original knows: ``*`` means these and never more, so that no stock consumer is surprised."""

EXTENSIONS: Final = frozenset({"challenge.created", "challenge.expired", "notification.failed"})

ALL_ORIGINAL: Final = "*"
ALL: Final = "pushward.*"

KNOWN: Final = ORIGINAL | EXTENSIONS | {ALL_ORIGINAL, ALL}


def matched_by(event_type: str) -> frozenset[str]:
    """The subscriptions that an event of this type matches."""
    return frozenset({event_type, ALL, ALL_ORIGINAL} if event_type in ORIGINAL else {event_type, ALL})
