"""Puts an audit together: from the log's evidence to what was true, by the services' own ``evolve``."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from pushward import ids
from pushward.cli.audit.evidence import NOT_READABLE, AuditedLog, Evidence, Flaw
from pushward.cli.audit.folding import Folded, Step, fold
from pushward.cli.audit.moment import Moment
from pushward.cli.audit.receipts import ReceiptCheck, ReceiptChecker
from pushward.cli.audit.report import (
    AccessTokenFacts,
    AuditedEvent,
    ChallengeFacts,
    FactorFacts,
    Forgotten,
    Life,
    Report,
    SealedText,
    ServiceFacts,
)
from pushward.cli.errors import CommandError
from pushward.cli.event_text import readable
from pushward.errors import UnavailableError
from pushward.eventlog.aggregate import Aggregate
from pushward.eventlog.event import StoredEvent
from pushward.security.keys import KeyDestroyedError
from pushward.security.sealing import SealBrokenError, Sealer
from pushward.values import Sealed
from services.challenge.adapters.aggregates import CHALLENGES
from services.challenge.app.contents import DETAILS, HIDDEN_DETAILS, METADATA
from services.challenge.domain.events import ChallengeApproved, ChallengeDenied
from services.challenge.domain.state import ChallengeState
from services.registry.adapters.aggregates import ACCESS_TOKENS, ENTITIES, SERVICES
from services.registry.app import sealed_fields
from services.registry.domain import rules
from services.registry.domain.events import EntityCreated, EntityDeleted, EntityForgotten, FactorCreated
from services.registry.domain.state import AccessTokenState, EntityState, FactorRecord

ERASED: Final = SealedText("erased")
SEALED: Final = SealedText("sealed")
UNREADABLE: Final = SealedText("unreadable")


@dataclass(frozen=True, slots=True)
class _Folded:
    """The entity's streams, folded."""

    entity: Folded[EntityState]
    challenges: Sequence[Folded[ChallengeState]]
    access_tokens: Sequence[Folded[AccessTokenState]]

    @property
    def flaws(self) -> list[Flaw]:
        """What didn't follow."""
        found = [self.entity.flaw, *(one.flaw for one in self.challenges), *(one.flaw for one in self.access_tokens)]
        return [flaw for flaw in found if flaw is not None]


class Auditor:
    """Answers for one snapshot of the log. ``unseals``: show what sealed fields say, too."""

    def __init__(self, log: AuditedLog, sealer: Sealer, *, unseals: bool) -> None:
        self._log = log
        self._sealer = sealer
        self._receipts = ReceiptChecker(sealer)
        self._unseals = unseals

    async def report(self, service_text: str, identity: str, moment: Moment) -> Report:
        """What was true of an identity. Raises CommandError for what never was, or isn't yet."""
        service, service_flaws = await self._service(service_text)
        if not rules.is_identity(identity):
            raise CommandError("No entity can have this identity: 8 to 64 letters, digits and dashes.")
        evidence = await self._log.evidence(service.sid, identity, moment)
        stream_id = ids.entity_stream(service.sid, identity, self._log.shard_count)
        if not evidence.events and not (await self._log.stream(stream_id))[0]:
            raise CommandError(f"Service {service.sid} never had an entity {identity!r}.")
        folded = _folded(evidence, stream_id)
        flaws = [*service_flaws, *evidence.flaws, *folded.flaws]
        live = folded.entity.state.live
        return Report(
            identity=identity,
            place=evidence.place,
            service=service,
            entity_sid=live.sid if live else None,
            lives=_lives(folded.entity),
            forgotten=[
                Forgotten(step.event.entity_sids, step.stored.recorded_at, readable(step.stored).actor)
                for step in folded.entity.steps
                if isinstance(step.event, EntityForgotten)
            ],
            factors=[await self._factor(one, folded.entity) for one in folded.entity.state.factors.values()],
            challenges=[await self._challenge(one, folded.entity.state) for one in folded.challenges if one.steps],
            access_tokens=[_access_token(one) for one in folded.access_tokens if one.steps],
            events=_events(evidence.events, {flaw.position for flaw in evidence.flaws} | _positions(folded.flaws)),
            flaws=flaws,
        )

    async def _service(self, text: str) -> tuple[ServiceFacts, list[Flaw]]:
        sid = ids.parse_sid(text, ids.SERVICE, self._log.shard_count)
        events, flaws = ([], []) if sid is None else await self._log.stream(ids.stream_of_sid(sid))
        if sid is None or not events:
            raise CommandError(f"The log has no service {text!r}.")
        folded = fold(SERVICES, events, {flaw.position for flaw in flaws})
        flaws += [folded.flaw] if folded.flaw else []
        service = folded.state.service
        if service is None:
            raise CommandError(f"Nothing that the log says of service {sid} can be trusted: {flaws[0].text}.")
        deleted_at = service.date_updated if service.deleted else None
        facts = ServiceFacts(sid, service.account_sid, service.friendly_name, service.date_created, deleted_at)
        return facts, flaws

    async def _factor(self, factor: FactorRecord, entity: Folded[EntityState]) -> FactorFacts:
        enrolment = next(step for step in entity.steps if _is_enrolment(step, factor.sid))
        # What was deleted keeps no sealed value in the state; the log still has it, as it was at first.
        name = factor.friendly_name or enrolment.event.friendly_name
        stream_id = factor.stream_id
        return FactorFacts(
            sid=factor.sid,
            entity_sid=factor.entity_sid,
            type=factor.factor_type.value,
            status=factor.status.value,
            deleted=factor.deleted,
            public_key=base64.b64encode(factor.public_key).decode(),
            public_key_sha256=hashlib.sha256(factor.public_key).hexdigest() if factor.public_key else "",
            friendly_name=await self._text(name, stream_id, sealed_fields.friendly_name(factor.sid)),
            metadata=await self._text(enrolment.event.metadata, stream_id, sealed_fields.metadata(factor.sid)),
            app_id=factor.app_id,
            sdk_version=factor.sdk_version,
            notification_platform=factor.notification_platform.value,
            enrolled_by=readable(enrolment.stored).actor,
            created_at=factor.date_created,
            updated_at=factor.date_updated,
            totp=factor.totp_config,
        )

    async def _challenge(self, folded: Folded[ChallengeState], entity: EntityState) -> ChallengeFacts:
        challenge = folded.state.challenge
        assert challenge is not None, "a challenge's first event makes it"
        asked = folded.steps[0]
        answer = next((step for step in folded.steps if _is_answer(step)), None)
        return ChallengeFacts(
            sid=challenge.sid,
            entity_sid=challenge.entity_sid,
            factor_sid=challenge.factor_sid,
            status=challenge.status.value,
            asked_by=readable(asked.stored).actor,
            answered_by=readable(answer.stored).actor if answer else None,
            details=await self._content(challenge.sid, DETAILS, asked.event.details),
            hidden_details=await self._content(challenge.sid, HIDDEN_DETAILS, asked.event.hidden_details),
            metadata=await self._content(challenge.sid, METADATA, answer.event.metadata) if answer else None,
            receipt=await self._receipt(answer, entity) if answer else None,
            created_at=challenge.date_created,
            updated_at=challenge.date_updated,
            responded_at=challenge.date_responded,
            expires_at=challenge.expiration_date,
            attempts=challenge.attempts,
        )

    async def _receipt(self, answer: Step[ChallengeState], entity: EntityState) -> ReceiptCheck:
        asked = answer.before.challenge
        assert asked is not None, "only a challenge is answered"
        factor = entity.factors.get(ids.Sid(asked.factor_sid))
        return await self._receipts.check(asked, answer.event, factor.public_key if factor else None)

    async def _content(self, sid: str, field: str, sealed: Sealed | None) -> SealedText | None:
        return await self._text(sealed, ids.stream_of_sid(sid), f"{sid}.{field}")

    async def _text(self, sealed: Sealed | None, stream_id: UUID, field: str) -> SealedText | None:
        if sealed is None:
            return None
        if not self._unseals:
            return SEALED
        try:
            return SealedText("unsealed", await self._sealer.unseal(sealed, stream_id, field))
        except KeyDestroyedError:
            return ERASED
        except (SealBrokenError, UnavailableError):
            return UNREADABLE


def _folded(evidence: Evidence, entity_stream: UUID) -> _Folded:
    streams = evidence.streams()
    flawed = evidence.flawed_positions
    entity = fold(ENTITIES, streams.pop(entity_stream, []), flawed)
    challenges = [fold(CHALLENGES, events, flawed) for events in _of_type(CHALLENGES, streams)]
    tokens = [fold(ACCESS_TOKENS, events, flawed) for events in _of_type(ACCESS_TOKENS, streams)]
    return _Folded(entity, challenges, tokens)


def _of_type(aggregate: Aggregate[Any], streams: Mapping[UUID, list[StoredEvent]]) -> list[list[StoredEvent]]:
    """The streams of an aggregate. Any: its state."""
    return [events for events in streams.values() if aggregate.codec.knows(events[0].type)]


def _lives(entity: Folded[EntityState]) -> list[Life]:
    lives: list[Life] = []
    for step in entity.steps:
        match step.event:
            case EntityCreated():
                lives.append(
                    Life(step.event.entity_sid, step.stored.recorded_at, readable(step.stored).actor, None, None)
                )
            case EntityDeleted():
                ended_by = readable(step.stored).actor
                lives[-1] = replace(lives[-1], deleted_at=step.stored.recorded_at, deleted_by=ended_by)
    return lives


def _access_token(folded: Folded[AccessTokenState]) -> AccessTokenFacts:
    token = folded.state.token
    assert token is not None, "an access token's first event makes it"
    issued_by = readable(folded.steps[0].stored).actor
    return AccessTokenFacts(token.sid, issued_by, token.date_created, token.expires_at, token.factor_sid)


def _events(events: Sequence[StoredEvent], flawed_positions: set[int]) -> list[AuditedEvent]:
    return [_audited(event, intact=event.position not in flawed_positions) for event in events]


def _audited(event: StoredEvent, *, intact: bool) -> AuditedEvent:
    try:
        return AuditedEvent(readable(event), event.recorded_at, intact)
    except NOT_READABLE:
        return AuditedEvent(readable(replace(event, envelope=b"", payload=b"")), event.recorded_at, intact=False)


def _positions(flaws: Sequence[Flaw]) -> set[int]:
    return {flaw.position for flaw in flaws}


def _is_enrolment(step: Step[Any], factor_sid: str) -> bool:  # Any: this kind of stream's state
    return isinstance(step.event, FactorCreated) and step.event.factor_sid == factor_sid


def _is_answer(step: Step[Any]) -> bool:  # Any: this kind of stream's state
    return isinstance(step.event, ChallengeApproved | ChallengeDenied)
