"""Who does what a command asks for, as the envelope of its events says it."""

from typing import Final
from uuid import UUID

from pushward import error_codes
from pushward.api.common.v1 import common_pb2
from pushward.errors import ForbiddenError
from pushward.eventlog.event import Actor, ActorKind, Origin
from pushward.rpc.context import account_sid_of, command_id_of, correlation_id_of

OPERATOR: Final = Actor(ActorKind.SYSTEM, "operator")
REAPER: Final = Actor(ActorKind.SYSTEM, "service-reaper")


def origin_of(context: common_pb2.RequestContext) -> Origin:
    """A request's origin. Whether this principal may do it is decided elsewhere."""
    command_id = command_id_of(context)
    return Origin(
        account_sid_of(context), _actor(context.principal), command_id, correlation_id_of(context), command_id
    )


def checking_origin(context: common_pb2.RequestContext, attempt_id: UUID) -> Origin:
    """What follows from an attempt that challenge has recorded: the same each time that it asks about it."""
    return Origin(
        account_sid_of(context), _actor(context.principal), attempt_id, correlation_id_of(context), attempt_id
    )


def operators(account_sid: str, command_id: UUID) -> Origin:
    """Somebody at the command line."""
    return Origin(account_sid, OPERATOR, command_id, command_id, command_id)


def caused_by(account_sid: str, event_id: UUID) -> Origin:
    """What follows from an event in the log: the same each time that the event is taken up."""
    return Origin(account_sid, REAPER, event_id, event_id, event_id)


def forbidden() -> ForbiddenError:
    """What a device, or the bearer of an access token, may not do."""
    return ForbiddenError("These credentials don't allow this.", code=error_codes.FORBIDDEN)


def _actor(principal: common_pb2.Principal) -> Actor:
    match principal.WhichOneof("kind"):
        case "account":
            return Actor(ActorKind.ACCOUNT, principal.account.credential_sid)
        case "device":
            return Actor(ActorKind.DEVICE, principal.device.factor_sid)
        case "access_token":
            return Actor(ActorKind.ACCESS_TOKEN, principal.access_token.access_token_sid)
        case None:
            raise forbidden()
