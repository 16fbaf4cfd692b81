"""Which trace a request belongs to: the one that it brings, if that is well formed."""

import pytest

from services.edge.app.tracing import ID_BYTES, correlation_id

TRACE = "0af7651916cd43dd8448eb211c80319c"
SPAN = "b7ad6b7169203331"
VALID = f"00-{TRACE}-{SPAN}-01"


def _correlation_id(*values: str) -> bytes:
    headers = [(b"host", b"localhost"), *((b"traceparent", value.encode()) for value in values)]
    return correlation_id({"type": "http", "headers": headers})


@pytest.mark.parametrize("value", [VALID, f"00-{TRACE}-{SPAN}-00", f" {VALID}\t", f"cc-{TRACE}-{SPAN}-01-later"])
def test_a_valid_trace_is_gone_on_with(value: str) -> None:
    """Sampled or not; of a later version as far as it is known."""
    assert _correlation_id(value) == bytes.fromhex(TRACE)


@pytest.mark.parametrize(
    "value",
    [
        "",
        TRACE,
        VALID[:-1],
        VALID + "0",
        VALID + "-later",
        VALID.upper(),
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE[:-1]}g-{SPAN}-01",
        f"00_{TRACE}_{SPAN}_01",
        f"{VALID}\n",
        f"{VALID}, {VALID}",
    ],
)
def test_what_is_no_valid_trace_is_passed_over(value: str) -> None:
    """The request is served, under an id of its own; another each time."""
    first, second = _correlation_id(value), _correlation_id(value)
    assert first != second
    assert bytes.fromhex(TRACE) not in (first, second)
    assert len(first) == ID_BYTES


def test_two_traces_are_none() -> None:
    """Nobody can tell which is meant."""
    assert _correlation_id(VALID, VALID) != bytes.fromhex(TRACE)


def test_without_a_trace_there_is_a_new_one() -> None:
    """As for most callers."""
    assert _correlation_id() != _correlation_id()
