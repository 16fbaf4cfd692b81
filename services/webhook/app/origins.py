"""Who did it: the origin that goes into the envelope of each event."""

from pushward.api.common.v1 import common_pb2
from pushward.eventlog.event import Actor, ActorKind, Origin
from pushward.rpc.context import account_of, command_id_of, correlation_id_of


def account_origin(context: common_pb2.RequestContext) -> Origin:
    """An account's command. Raises ForbiddenError for another principal."""
    account = account_of(context)
    command_id = command_id_of(context)
    return Origin(
        account.account_sid,
        Actor(ActorKind.ACCOUNT, account.credential_sid),
        command_id,
        correlation_id_of(context),
        command_id,
    )
