"""What an app gets to see of factors and challenges."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from tests.support.jws import Members

FACTOR_STATUSES: Final = ("verified", "unverified")
CHALLENGE_STATUSES: Final = ("pending", "approved", "denied", "expired")


@dataclass(frozen=True, slots=True)
class SdkFactor:
    """A factor as it is stored on the device."""

    sid: str
    friendly_name: str
    account_sid: str
    service_sid: str
    identity: str
    status: str
    created: datetime
    credential_sid: str
    notification_platform: str
    metadata: Mapping[str, str] | None


@dataclass(frozen=True, slots=True)
class SdkChallenge:
    """A challenge. ``response`` and ``signature_fields`` are what an answer signs; empty in lists, and once decided."""

    sid: str
    factor_sid: str
    status: str
    message: str
    fields: Sequence[tuple[str, str]]
    date: datetime | None
    hidden_details: Mapping[str, str] | None
    expires: datetime
    created: datetime
    updated: datetime
    response: Members
    signature_fields: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class SdkPage:
    """A page of challenges; tokens lead to its neighbours."""

    challenges: Sequence[SdkChallenge]
    page: int
    page_size: int
    previous_token: str | None
    next_token: str | None
