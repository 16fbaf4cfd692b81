"""The streams whose histories are kept: each event of each aggregate happens in one of them.

Events are those of `examples.py`, a minute apart; `again` tells one more of a kind apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final, TypeVar
from uuid import UUID

from pushward.ids import Sid
from pushward.values import FactorType
from services.challenge.adapters.aggregates import CHALLENGES, TOTP_USAGES
from services.challenge.domain import events as challenge
from services.registry.adapters.aggregates import ACCESS_TOKENS, ACCOUNTS, ENTITIES, SERVICES
from services.registry.domain import events as registry
from services.webhook.adapters.aggregates import WEBHOOKS
from services.webhook.domain import events as webhook
from tests.golden.examples import API_KEY, EXAMPLES, FACTOR, MOMENT, PUBLIC_KEY

AGGREGATES: Final = {
    aggregate.name: aggregate
    for aggregate in (ACCOUNTS, SERVICES, ENTITIES, ACCESS_TOKENS, CHALLENGES, TOTP_USAGES, WEBHOOKS)
}
STREAM_ID: Final = UUID("00030192-98ab-8cde-8a1b-2c3d4e5f6071")

E = TypeVar("E")


@dataclass(frozen=True, slots=True)
class Stream:
    """Events of one aggregate, in order."""

    name: str
    aggregate: str
    events: Sequence[Any]  # Any: event classes of every domain


def _of(kind: type[E], example: int = 0) -> E:
    """An example of a kind; the later ones are bare."""
    found = [event for event in EXAMPLES if type(event) is kind]
    return found[example]


_DATE: Final = MOMENT + timedelta(minutes=2)
_CREATED: Final = replace(_of(challenge.ChallengeCreated), expiration_date=_DATE)
_BARE: Final = replace(_of(challenge.ChallengeCreated, 1), expiration_date=_DATE)
_CODE_ASKED: Final = replace(_of(challenge.ChallengeCreated, 2), expiration_date=_DATE + timedelta(minutes=2))
_TOTP_VERIFIED: Final = replace(_of(registry.FactorVerified), factor_type=FactorType.TOTP)
_OTHER_FACTOR: Final = Sid(FACTOR[:-1] + "2")
_SECOND: Final = replace(_of(registry.FactorCreated, 1), factor_sid=_OTHER_FACTOR, public_key=PUBLIC_KEY[::-1])

STREAMS: Final = (
    Stream("account", "account", [_of(registry.AccountCreated)]),
    Stream(
        "account_credentials",
        "account",
        [
            _of(registry.AccountCreated),
            _of(registry.SecondaryTokenCreated),
            _of(registry.ApiKeyCreated),
            _of(registry.SecondaryTokenPromoted),
            replace(_of(registry.ApiKeyCreated), api_key_sid=Sid(API_KEY[:-1] + "2")),
            _of(registry.SecondaryTokenCreated),
            _of(registry.AccountDisabled),
            _of(registry.SecondaryTokenRemoved),
            _of(registry.ApiKeyRevoked),
            _of(registry.AccountEnabled),
        ],
    ),
    Stream(
        "service", "service", [_of(registry.ServiceCreated), _of(registry.ServiceUpdated), _of(registry.ServiceDeleted)]
    ),
    Stream("service_bare", "service", [_of(registry.ServiceCreated, 1)]),
    Stream(
        "entity",
        "entity",
        [
            _of(registry.EntityCreated),
            _of(registry.FactorCreated),
            _of(registry.FactorVerified),
            _of(registry.FactorUpdated),
            _SECOND,
            replace(_of(registry.FactorDeleted), with_service=False),
            replace(_of(registry.FactorDeleted), factor_sid=_OTHER_FACTOR),
            _of(registry.EntityDeleted),
            _of(registry.EntityCreated),
        ],
    ),
    Stream(
        "entity_forgotten",
        "entity",
        [
            _of(registry.EntityCreated),
            _of(registry.FactorCreated),
            _of(registry.FactorVerified),
            _of(registry.FactorDeleted),
            _of(registry.EntityDeleted),
            _of(registry.EntityForgotten),
            _of(registry.EntityCreated),
        ],
    ),
    Stream("entity_forgotten_unseen", "entity", [_of(registry.EntityForgotten, 1)]),
    Stream(
        "entity_totp",
        "entity",
        [
            _of(registry.EntityCreated),
            _of(registry.FactorCreated, 2),
            _of(registry.TotpVerificationFailed),
            _of(registry.TotpStepSpent),
            _TOTP_VERIFIED,
            _of(registry.FactorUpdated, 2),
            replace(_of(registry.FactorDeleted), factor_type=FactorType.TOTP, with_service=False),
        ],
    ),
    Stream("access_token", "access_token", [_of(registry.AccessTokenIssued), _of(registry.AccessTokenSpent)]),
    Stream("access_token_bare", "access_token", [_of(registry.AccessTokenIssued, 1)]),
    Stream(
        "challenge_approved",
        "challenge",
        [_CREATED, _of(challenge.ChallengeApproved), _of(challenge.ChallengeClosed)],
    ),
    Stream("challenge_approved_bare", "challenge", [_BARE, _of(challenge.ChallengeApproved, 1)]),
    Stream(
        "challenge_by_code",
        "challenge",
        [
            _CODE_ASKED,
            _of(challenge.ChallengeAttempted),
            replace(_of(challenge.ChallengeAttempted), attempt=2),
            replace(_of(challenge.ChallengeApproved, 1), factor_type=FactorType.TOTP),
        ],
    ),
    Stream("totp_usage", "totp_usage", [_of(challenge.TotpChallengeCounted), _of(challenge.TotpChallengeCounted)]),
    Stream("challenge_denied", "challenge", [_CREATED, _of(challenge.ChallengeDenied)]),
    Stream(
        "challenge_expired",
        "challenge",
        [replace(_CREATED, expiration_date=MOMENT + timedelta(minutes=1)), _of(challenge.ChallengeExpired)],
    ),
    Stream(
        "challenge_notified",
        "challenge",
        [
            replace(_CREATED, expiration_date=MOMENT + timedelta(minutes=10)),
            _of(challenge.NotificationFailed, 1),
            _of(challenge.NotificationRequested),
            _of(challenge.NotificationFailed),
            _of(challenge.ChallengeApproved),
        ],
    ),
    Stream("challenge_closed", "challenge", [_BARE, _of(challenge.ChallengeClosed)]),
    Stream(
        "webhook", "webhook", [_of(webhook.WebhookCreated), _of(webhook.WebhookUpdated), _of(webhook.WebhookDeleted)]
    ),
)
