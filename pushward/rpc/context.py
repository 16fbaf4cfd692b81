"""What every request between services carries: who asks, and the ids that make a retry the same append."""

from uuid import UUID

from pushward import error_codes
from pushward.api.common.v1 import common_pb2
from pushward.errors import ForbiddenError


def request_context(
    principal: common_pb2.Principal, command_id: UUID, correlation_id: UUID
) -> common_pb2.RequestContext:
    """The context of one request. A retry of it has the same ``command_id``."""
    return common_pb2.RequestContext(
        principal=principal, command_id=command_id.bytes, correlation_id=correlation_id.bytes
    )


def account_of(context: common_pb2.RequestContext) -> common_pb2.AccountPrincipal:
    """The account that asks. Raises `ForbiddenError` (20403) for any other principal."""
    if context.principal.WhichOneof("kind") != "account":
        raise _only("the account's own credentials")
    return context.principal.account


def device_of(context: common_pb2.RequestContext) -> common_pb2.DevicePrincipal:
    """The device that asks. Raises `ForbiddenError` (20403) for any other principal."""
    if context.principal.WhichOneof("kind") != "device":
        raise _only("a device's token")
    return context.principal.device


def access_token_of(context: common_pb2.RequestContext) -> common_pb2.AccessTokenPrincipal:
    """The bearer of an access token who asks. Raises `ForbiddenError` (20403) for any other principal."""
    if context.principal.WhichOneof("kind") != "access_token":
        raise _only("an access token")
    return context.principal.access_token


def account_sid_of(context: common_pb2.RequestContext) -> str:
    """The account for which whoever asks is acting. Raises `ForbiddenError` (20403) if nobody does."""
    principal = context.principal
    match principal.WhichOneof("kind"):
        case "account":
            return principal.account.account_sid
        case "device":
            return principal.device.account_sid
        case "access_token":
            return principal.access_token.account_sid
        case None:
            raise _only("credentials of an account")


def command_id_of(context: common_pb2.RequestContext) -> UUID:
    """The id from which the event ids of this command are derived."""
    return UUID(bytes=context.command_id)


def correlation_id_of(context: common_pb2.RequestContext) -> UUID:
    """The id that all have in common that one outer request caused."""
    return UUID(bytes=context.correlation_id)


def _only(what: str) -> ForbiddenError:
    return ForbiddenError(f"This takes {what}.", code=error_codes.FORBIDDEN)
