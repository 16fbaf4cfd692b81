"""Services: created, updated, deleted once. Nothing follows a deletion."""

from dataclasses import replace
from typing import assert_never

from pushward.errors import NotFoundError
from pushward.eventlog.event import Recorded
from pushward.ids import Sid
from services.registry.domain import service_settings
from services.registry.domain.events import ServiceCreated, ServiceDeleted, ServiceEvent, ServiceUpdated
from services.registry.domain.service_settings import ServicePatch, ServiceSettings
from services.registry.domain.state import ServiceRecord, ServiceState

_DEFAULTS = ServiceSettings()


def decide_create(state: ServiceState, sid: Sid, account_sid: Sid, patch: ServicePatch) -> list[ServiceEvent]:
    """A new service with defaults where nothing was given. Raises BadRequestError 60200."""
    assert state.service is None
    name = service_settings.friendly_name(patch.friendly_name)
    return [ServiceCreated(sid, account_sid, name, service_settings.changed(_DEFAULTS, patch))]


def decide_update(state: ServiceState, patch: ServicePatch) -> list[ServiceEvent]:
    """What was given, set; nothing if that changes nothing. Raises NotFoundError, BadRequestError 60200."""
    service = live(state)
    name = service.friendly_name if patch.friendly_name is None else service_settings.friendly_name(patch.friendly_name)
    settings = service_settings.changed(service.settings, patch)
    if (name, settings) == (service.friendly_name, service.settings):
        return []
    return [ServiceUpdated(service.sid, service.account_sid, name, settings)]


def decide_delete(state: ServiceState) -> list[ServiceEvent]:
    """The service is gone. Raises NotFoundError."""
    service = live(state)
    return [ServiceDeleted(service.sid, service.account_sid)]


def live(state: ServiceState) -> ServiceRecord:
    """The service. Raises NotFoundError 20404 if it was deleted or never was."""
    if state.live is None:
        raise NotFoundError("The service was not found.")
    return state.live


def evolve(state: ServiceState, event: ServiceEvent, recorded: Recorded) -> ServiceState:
    """The service after ``event``."""
    match event:
        case ServiceCreated():
            assert state.service is None
            created = ServiceRecord(
                stream_id=recorded.stream_id,
                version=recorded.version,
                sid=event.service_sid,
                account_sid=event.account_sid,
                friendly_name=event.friendly_name,
                settings=event.settings,
                deleted=False,
                date_created=recorded.recorded_at,
                date_updated=recorded.recorded_at,
            )
            return replace(state, service=created)
        case ServiceUpdated():
            service = _changed(state, recorded)
            return replace(state, service=replace(service, friendly_name=event.friendly_name, settings=event.settings))
        case ServiceDeleted():
            return replace(state, service=replace(_changed(state, recorded), deleted=True))
        case _:
            assert_never(event)


def _changed(state: ServiceState, recorded: Recorded) -> ServiceRecord:
    assert state.live is not None
    assert state.live.version + 1 == recorded.version
    return replace(state.live, version=recorded.version, date_updated=recorded.recorded_at)
