"""A shard's worth of made-up logins, as their events, log rows and state rows: by the real aggregates and encoders.

Somebody enrols a device now and then; challenges are created and answered side by side, most of them approved. What is
sealed is random bytes of a usual length.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from pushward import ids
from pushward.eventlog.aggregate import Aggregate
from pushward.eventlog.commands import Change, Plan, compose
from pushward.eventlog.event import Actor, ActorKind, NewEvent, Origin
from pushward.values import FactorType, NotificationPlatform, Sealed
from services.challenge.adapters.aggregates import CHALLENGES
from services.challenge.domain import events as challenge
from services.challenge.domain.state import ChallengeState
from services.registry.adapters.aggregates import ENTITIES
from services.registry.domain import events as registry
from services.registry.domain.state import EntityState

BEGAN_AT: Final = datetime(2026, 1, 1, tzinfo=UTC)
LIFETIME: Final = timedelta(minutes=5)
STEP_MS: Final = 50
LOGINS_A_USER: Final = 40
PENDING_MAX: Final = 30
DETAILS_BYTES: Final = 220
RECEIPT_BYTES: Final = 700
NAME_BYTES: Final = 30
DENIED_SHARE: Final = 0.05
EXPIRED_SHARE: Final = 0.03

StateRow = tuple[Any, ...]
"""A row with shard and position first. Any: column values."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """One append: its events with the position of the first, and the rows that it makes."""

    shard: int
    first_position: int
    events: Sequence[NewEvent]
    rows: Sequence[tuple[str, tuple[Any, ...], StateRow]]  # table, key, row; Any: column values


@dataclass(slots=True)
class _User:
    stream_id: UUID
    entity_sid: ids.Sid
    factor_sid: ids.Sid
    identity: str
    key_id: UUID


@dataclass(slots=True)
class ShardHistory:
    """Deterministic for a seed."""

    shard: int
    shard_count: int
    account_sid: ids.Sid
    service_sid: ids.Sid
    random: random.Random
    position: int = 0
    _now: datetime = BEGAN_AT
    _users: list[_User] = field(default_factory=list)
    _pending: list[tuple[ChallengeState, _User]] = field(default_factory=list)
    _tried_identities: int = 0

    def appends(self, events: int) -> Iterator[Recorded]:
        """Appends of at least so many events, after ``position``."""
        until = self.position + events
        while self.position < until:
            self._now += timedelta(milliseconds=self.random.randrange(STEP_MS))
            if not self._users or self.random.random() < 1 / (2 * LOGINS_A_USER):
                yield self._enrolled()
            elif self._pending and (len(self._pending) >= PENDING_MAX or self.random.random() < 1 / 2):
                yield self._answered()
            else:
                yield self._asked()

    def _enrolled(self) -> Recorded:
        user = self._new_user()
        of_factor: dict[str, Any] = {  # Any: members of several types
            "factor_sid": user.factor_sid,
            "account_sid": self.account_sid,
            "service_sid": self.service_sid,
            "entity_sid": user.entity_sid,
            "identity": user.identity,
            "factor_type": FactorType.PUSH,
        }
        created = registry.FactorCreated(
            **of_factor,
            friendly_name=self._sealed(user, NAME_BYTES),
            public_key=self.random.randbytes(91),
            app_id="com.example.app",
            sdk_version="1.0.0",
            notification_platform=NotificationPlatform.FCM,
            notification_token=self._sealed(user, DETAILS_BYTES),
            metadata=None,
            access_token_sid=None,
        )
        entity = registry.EntityCreated(user.entity_sid, self.account_sid, self.service_sid, user.identity, user.key_id)
        events = [entity, created, registry.FactorVerified(**of_factor)]
        self._users.append(user)
        recorded, _ = self._record(ENTITIES, user.stream_id, EntityState(), events)
        return recorded

    def _asked(self) -> Recorded:
        user = self.random.choice(self._users)
        sid = self._sid(ids.CHALLENGE)
        event = challenge.ChallengeCreated(
            challenge_sid=sid,
            account_sid=self.account_sid,
            service_sid=self.service_sid,
            entity_sid=user.entity_sid,
            identity=user.identity,
            factor_sid=user.factor_sid,
            factor_type=FactorType.PUSH,
            details=self._sealed(user, DETAILS_BYTES),
            hidden_details=self._sealed(user, NAME_BYTES),
            expiration_date=self._now + LIFETIME,
            notification_platform=NotificationPlatform.FCM,
        )
        recorded, state = self._record(CHALLENGES, ids.stream_of_sid(sid), ChallengeState(), [event])
        self._pending.append((state, user))
        return recorded

    def _answered(self) -> Recorded:
        state, user = self._pending.pop(self.random.randrange(len(self._pending)))
        asked = state.challenge
        assert asked is not None
        of_challenge: dict[str, Any] = {  # Any: members of several types
            name: getattr(asked, name)
            for name in ("account_sid", "service_sid", "entity_sid", "identity", "factor_sid", "factor_type")
        } | {"challenge_sid": asked.sid}
        chance = self.random.random()
        if chance < EXPIRED_SHARE:
            event: Any = challenge.ChallengeExpired(**of_challenge)  # Any: one of three classes
            return self._record(CHALLENGES, asked.stream_id, state, [event], now=asked.expiration_date)[0]
        answer = challenge.ChallengeDenied if chance < EXPIRED_SHARE + DENIED_SHARE else challenge.ChallengeApproved
        event = answer(**of_challenge, receipt=self._sealed(user, RECEIPT_BYTES), metadata=None)
        return self._record(CHALLENGES, asked.stream_id, state, [event])[0]

    def _record(
        self,
        aggregate: Aggregate[Any],  # Any: either state
        stream_id: UUID,
        state: Any,
        events: Sequence[Any],
        now: datetime | None = None,
    ) -> tuple[Recorded, Any]:
        command = UUID(int=self.random.getrandbits(128))
        origin = Origin(self.account_sid, Actor(ActorKind.ACCOUNT, self.account_sid), command, command, command)
        change = Change(aggregate, stream_id, state, events, now or self._now)
        append, (after,) = compose(Plan([change], result=lambda states: None), origin)
        assert append is not None
        first, new = self.position + 1, append.writes[0].events
        self.position += len(new)
        rows = [
            (row.table, row.key, (self.shard, first + row.version - new[0].version, *row.columns))
            for row in append.rows
        ]
        return Recorded(self.shard, first, new, rows), after

    def _new_user(self) -> _User:
        while True:
            self._tried_identities += 1
            identity = f"user-{self.shard:04}-{self._tried_identities:08}"
            stream_id = ids.entity_stream(self.service_sid, identity, self.shard_count)
            if ids.shard_of_stream(stream_id) == self.shard:
                entity_sid, factor_sid = self._sid(ids.ENTITY), self._sid(ids.FACTOR)
                return _User(stream_id, entity_sid, factor_sid, identity, ids.entity_key(stream_id, 0))

    def _sid(self, kind: str) -> ids.Sid:
        milliseconds = int(self._now.timestamp() * 1000)
        return ids.new_sid(kind, self.shard, milliseconds, self.random.getrandbits(ids.RANDOM_BITS))

    def _sealed(self, user: _User, length: int) -> Sealed:
        return Sealed(user.key_id, self.random.randbytes(12), self.random.randbytes(length))
