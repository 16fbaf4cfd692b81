"""Push bombing, suspected: somebody lets a phone ring until its owner gives in.

    The N-th push challenge of a factor within M seconds, none of which was approved, makes its window suspicious.

A window of a factor is suspicious once or not at all, so a service's figure says how many factor windows were. A denial
doesn't calm the rule (whoever denies again and again is being bombed); an approval does: a busy user approves.

The rule looks back M seconds and no further. So whoever recounts a window needs the log of M seconds before it, and
comes to the same.
"""

from typing import Final

from services.insights.domain.happening import Happening, Kind

BURST_CHALLENGES: Final = 5
BURST_SECONDS: Final = 120

Recent = tuple[int, ...]
"""When a factor's last push challenges were created since its last approval: Unix milliseconds, in the log's order."""


def after(recent: Recent, event: Happening) -> Recent:
    """What is to be remembered once ``event`` has happened: BURST_CHALLENGES times at most."""
    if event.kind is Kind.APPROVED:
        return ()
    if event.kind is Kind.CREATED and event.pushed:
        return (*recent, event.at_ms)[-BURST_CHALLENGES:]
    return recent


def is_burst(recent: Recent, event: Happening) -> bool:
    """Whether ``event``, already in ``recent``, is one challenge too many."""
    if event.kind is not Kind.CREATED or not event.pushed or len(recent) < BURST_CHALLENGES:
        return False
    return event.at_ms - recent[0] < BURST_SECONDS * 1000
