"""What a request carries of who asks, and who may not."""

from collections.abc import Callable
from uuid import UUID

import pytest

from pushward.api.common.v1 import common_pb2
from pushward.errors import ForbiddenError
from pushward.rpc.context import (
    access_token_of,
    account_of,
    account_sid_of,
    command_id_of,
    correlation_id_of,
    device_of,
    request_context,
)

COMMAND = UUID(int=1)
CORRELATION = UUID(int=2)
PRINCIPALS = {
    "account": common_pb2.Principal(account=common_pb2.AccountPrincipal(account_sid="AC1")),
    "device": common_pb2.Principal(device=common_pb2.DevicePrincipal(account_sid="AC1", factor_sid="YF1")),
    "access_token": common_pb2.Principal(
        access_token=common_pb2.AccessTokenPrincipal(account_sid="AC1", access_token_sid="YK1")
    ),
    "nobody": common_pb2.Principal(),
}
ACCESSORS: dict[str, Callable[[common_pb2.RequestContext], object]] = {
    "account": account_of,
    "device": device_of,
    "access_token": access_token_of,
}


@pytest.mark.parametrize("kind", PRINCIPALS)
@pytest.mark.parametrize("asked", ACCESSORS)
def test_a_principal_is_what_it_is_and_nothing_else(kind: str, asked: str) -> None:
    """Each accessor gives its own kind, and refuses the others with 20403."""
    context = request_context(PRINCIPALS[kind], COMMAND, CORRELATION)
    if kind == asked:
        assert ACCESSORS[asked](context) == getattr(PRINCIPALS[kind], kind)
        return
    with pytest.raises(ForbiddenError) as caught:
        ACCESSORS[asked](context)
    assert caught.value.code == 20403


@pytest.mark.parametrize("kind", ["account", "device", "access_token"])
def test_every_principal_acts_for_an_account(kind: str) -> None:
    """Every query carries the account."""
    assert account_sid_of(request_context(PRINCIPALS[kind], COMMAND, CORRELATION)) == "AC1"


def test_nobody_acts_for_no_account() -> None:
    """A request that nobody authenticated is refused."""
    with pytest.raises(ForbiddenError):
        account_sid_of(request_context(PRINCIPALS["nobody"], COMMAND, CORRELATION))


def test_a_request_carries_its_ids() -> None:
    """16 bytes each on the wire, UUIDs on both sides."""
    context = request_context(PRINCIPALS["account"], COMMAND, CORRELATION)
    assert (command_id_of(context), correlation_id_of(context)) == (COMMAND, CORRELATION)
    assert len(context.command_id) == len(context.correlation_id) == 16
