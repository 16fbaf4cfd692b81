"""The state table of challenges."""

from typing import Final

from pushward.eventlog.table import Table
from services.challenge.domain.state import Challenge

CHALLENGE: Final = Table("challenge.challenge", Challenge, ("stream_id",))
