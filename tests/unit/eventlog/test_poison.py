"""What is taken for an outage, what for an event's own fault, and what is told of either."""

import asyncpg
import pytest

from pushward.errors import InternalError, NotFoundError, TooManyRequestsError, UnavailableError
from pushward.eventlog.port import AppendRejectedError
from pushward.eventlog.subscription.poison import is_outage, told
from pushward.ids import stream_of_sid

SECRET = "Jane Roe, 1 Main Street"


@pytest.mark.parametrize(
    "error",
    [
        UnavailableError("away"),
        TooManyRequestsError("busy"),
        TimeoutError(),
        ConnectionResetError(),
        asyncpg.InterfaceError("connection is closed"),
        asyncpg.SerializationError(SECRET),
        asyncpg.DeadlockDetectedError(SECRET),
        asyncpg.UndefinedTableError(SECRET),
        asyncpg.InsufficientPrivilegeError(SECRET),
        asyncpg.DiskFullError(SECRET),
        asyncpg.ReadOnlySQLTransactionError(SECRET),
    ],
    ids=repr,
)
def test_an_outage_would_meet_any_event(error: Exception) -> None:
    """It is tried again for ever."""
    assert is_outage(error)


@pytest.mark.parametrize(
    "error",
    [
        ValueError(SECRET),
        AssertionError(SECRET),
        NotFoundError(SECRET),
        InternalError(SECRET),
        AppendRejectedError(SECRET),
        asyncpg.DataError(SECRET),
        asyncpg.NumericValueOutOfRangeError(SECRET),
        asyncpg.UniqueViolationError(SECRET),
        asyncpg.RaiseError(SECRET),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_events_own_fault_is_told_without_its_words(error: Exception) -> None:
    """Type and place are enough to find it; the text may quote the event."""
    assert not is_outage(error)
    assert told(error).startswith(type(error).__name__)
    assert SECRET not in told(error)


def test_the_place_is_the_innermost_of_our_own_code() -> None:
    """Not a library's, and not the machinery around it."""
    with pytest.raises(ValueError, match="hexadecimal") as raised:
        stream_of_sid(SECRET)
    assert told(raised.value).startswith("ValueError at pushward.ids:")
