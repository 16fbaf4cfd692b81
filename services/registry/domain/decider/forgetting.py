"""Forgetting an identity: whoever lives is deleted, and what was sealed of everybody it ever was is unsealed no more.

The keys to destroy are in the event, so whoever finds the event can finish the job. Nothing that they sealed can be
appended after it: whatever is sealed for an identity is guarded by its stream.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from pushward.errors import NotFoundError
from pushward.ids import Sid
from services.registry.domain.decider.entity import ENTITY_NOT_FOUND, decide_delete
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


def decide_forget(
    state: EntityState, past: Past, subject: Subject, expecting: Sequence[UUID] = ()
) -> list[EntityEvent]:
    """The end of all that is still readable; nothing where all was forgotten before.

    ``expecting`` are keys of what was sealed for somebody who isn't there yet (the name in an access token). Raises
    NotFoundError 60392 for an identity that nobody ever had, and that nobody was expected to have.
    """
    key_ids = dict.fromkeys((*past.key_ids, *expecting))  # each once, in order
    if not key_ids:
        if not past.forgotten_key_ids:
            raise NotFoundError("The entity was not found.", code=ENTITY_NOT_FOUND)
        assert state.live is None
        return []
    deleted = decide_delete(state, with_service=subject.with_service) if state.live else []
    forgotten = EntityForgotten(
        past.entity_sids, subject.account_sid, subject.service_sid, subject.identity, tuple(key_ids)
    )
    return [*deleted, forgotten]
