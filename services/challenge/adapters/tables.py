"""The state tables of challenge, in the order in which ``challenge.append`` takes them."""

from typing import Final

from pushward.eventlog.table import Table
from services.challenge.domain.state import Challenge
from services.challenge.domain.totp_usage import TotpUsage

CHALLENGE: Final = Table("challenge.challenge", Challenge, ("stream_id",))
TOTP_USAGE: Final = Table("challenge.totp_usage", TotpUsage, ("stream_id",))

TABLES: Final = (CHALLENGE, TOTP_USAGE)
