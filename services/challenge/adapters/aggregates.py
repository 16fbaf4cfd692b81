"""What challenge's streams are made by; replay folds the same. An event's type says whose stream it is in."""

from typing import Final

from pushward.eventlog.aggregate import Aggregate
from services.challenge.adapters.codec import CODEC, TOTP_USAGE_CODEC
from services.challenge.adapters.tables import CHALLENGE, TOTP_USAGE
from services.challenge.domain.state import INITIAL, Challenge, ChallengeState, evolve
from services.challenge.domain.totp_usage import INITIAL_USAGE, TotpUsage, TotpUsageState, evolve_usage

CHALLENGES: Final[Aggregate[ChallengeState]] = Aggregate("challenge", INITIAL, evolve, CODEC, {Challenge: CHALLENGE})

TOTP_USAGES: Final[Aggregate[TotpUsageState]] = Aggregate(
    "totp_usage", INITIAL_USAGE, evolve_usage, TOTP_USAGE_CODEC, {TotpUsage: TOTP_USAGE}
)

AGGREGATES: Final = (CHALLENGES, TOTP_USAGES)
