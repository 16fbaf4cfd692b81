"""Who did it: the origin that goes into the envelope of each event."""

from dataclasses import replace
from typing import Final
from uuid import UUID, uuid4

from pushward.api.common.v1 import common_pb2
from pushward.eventlog.event import Actor, ActorKind, Origin
from pushward.rpc.context import account_of, command_id_of, correlation_id_of, device_of

SYSTEM: Final = Actor(ActorKind.SYSTEM, "challenge")


def account_origin(context: common_pb2.RequestContext) -> Origin:
    """An account's command. Raises ForbiddenError for another principal."""
    account = account_of(context)
    return _commanded(context, account.account_sid, Actor(ActorKind.ACCOUNT, account.credential_sid))


def device_origin(context: common_pb2.RequestContext) -> Origin:
    """A device's command. Raises ForbiddenError for another principal."""
    device = device_of(context)
    return _commanded(context, device.account_sid, Actor(ActorKind.DEVICE, device.factor_sid))


def after_attempt(context: common_pb2.RequestContext, attempt_id: UUID) -> Origin:
    """What an account's code has led to, after the attempt that is in the log."""
    return replace(account_origin(context), command_id=attempt_id, causation_id=attempt_id)


def expiry_origin(account_sid: str) -> Origin:
    """The clock's: time passed, nobody asked for it."""
    # Not derived from the challenge: whoever loses to another process must load what that one has recorded.
    command_id = uuid4()
    return Origin(account_sid, SYSTEM, command_id, command_id, command_id)


def caused_by(account_sid: str, event_id: UUID) -> Origin:
    """What follows from an event in the log: the same each time that the event is taken up."""
    return Origin(account_sid, SYSTEM, event_id, event_id, event_id)


def _commanded(context: common_pb2.RequestContext, account_sid: str, actor: Actor) -> Origin:
    command_id = command_id_of(context)
    return Origin(account_sid, actor, command_id, correlation_id_of(context), command_id)
