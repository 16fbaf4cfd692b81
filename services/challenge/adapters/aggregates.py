"""What a challenge's stream is made by; replay folds the same."""

from typing import Final

from pushward.eventlog.aggregate import Aggregate
from services.challenge.adapters.codec import CODEC
from services.challenge.adapters.tables import CHALLENGE
from services.challenge.domain.state import INITIAL, Challenge, ChallengeState, evolve

CHALLENGES: Final[Aggregate[ChallengeState]] = Aggregate("challenge", INITIAL, evolve, CODEC, {Challenge: CHALLENGE})

AGGREGATES: Final = (CHALLENGES,)
