"""Forgetting an identity: whoever lives is deleted, and what was sealed of everybody it ever was is unsealed no more.

The keys to destroy are in the event, so whoever finds the event can finish the job. Nothing that they sealed can be
appended after it: whatever is sealed for an identity is guarded by its stream. A guard doesn't move the stream, so what
was sealed meanwhile for somebody who isn't there yet can't be seen: the key for it is named whether it was made or not.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from pushward import error_codes
from pushward.errors import NotFoundError
from pushward.ids import Sid
from services.registry.domain.decider.entity import decide_delete
from services.registry.domain.events import EntityCreated, EntityEvent, EntityForgotten
from services.registry.domain.state import EntityState


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom it is about. ``with_service`` if the service was deleted: then no webhook tells of the factors' end."""

    account_sid: Sid
    service_sid: Sid
    identity: str
    with_service: bool


@dataclass(frozen=True, slots=True)
class Past:
    """What a stream says of its keys: those of lives since the identity was last forgotten, and those from before."""

    entity_sids: tuple[Sid, ...] = ()
    key_ids: tuple[UUID, ...] = ()
    forgotten_key_ids: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class Expected:
    """The keys of lives that nobody has begun.

    ``key_id`` is the next life's, if nobody lives: access tokens' names are sealed with it. ``key_known`` says whether
    the key store has ever heard of it. ``spent`` are those of the generations right after the forgetting that are
    destroyed already: their forgetting is in a history that the log has lost (it was restored), and they never seal.
    """

    key_id: UUID
    key_known: bool = False
    spent: tuple[UUID, ...] = ()


def past_of(events: Iterable[EntityEvent]) -> Past:
    """The past that a stream's events tell."""
    lives: list[EntityCreated] = []
    forgotten: list[UUID] = []
    for event in events:
        match event:
            case EntityCreated():
                lives.append(event)
            case EntityForgotten():
                forgotten += event.key_ids
                lives.clear()
            case _:
                pass
    return Past(tuple(life.entity_sid for life in lives), tuple(life.key_id for life in lives), tuple(forgotten))


def decide_forget(state: EntityState, past: Past, subject: Subject, expected: Expected) -> list[EntityEvent]:
    """The end of all that is still readable; nothing where all was forgotten before.

    Each generation whose key is spent is ended by an event of its own, so that the next life can be sealed. Raises
    NotFoundError 60392 for an identity that nobody ever had, and that nobody was expected to have.
    """
    if not past.key_ids and not expected.key_known:
        if not past.forgotten_key_ids:
            raise NotFoundError("The entity was not found.", code=error_codes.ENTITY_NOT_FOUND)
        assert state.live is None
        return []
    deleted = decide_delete(state, with_service=subject.with_service) if state.live else []
    key_ids = past.key_ids if state.live else (*past.key_ids, expected.key_id)
    return [
        *deleted,
        _forgotten(subject, past.entity_sids, key_ids),
        *(_forgotten(subject, (), (key_id,)) for key_id in expected.spent),
    ]


def _forgotten(subject: Subject, entity_sids: tuple[Sid, ...], key_ids: tuple[UUID, ...]) -> EntityForgotten:
    return EntityForgotten(entity_sids, subject.account_sid, subject.service_sid, subject.identity, key_ids)
