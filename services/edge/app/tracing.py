"""W3C Trace Context: the caller's trace id becomes the correlation id of all that its request causes.

So one id leads from the caller through our log and Kafka to the webhook. It is for finding things together, and decides
nothing: whoever sends a wrong one gets wrong company in its own traces. What isn't a valid ``traceparent`` is passed
over, as the recommendation wants it (section 3.2.2), and the request gets an id of its own.
"""

import re
import secrets
from typing import Final

from starlette.types import Scope

ID_BYTES: Final = 16

_HEADER: Final = b"traceparent"
# Version 00 ends here; later ones may go on after another dash. ff is none.
_FORM: Final = re.compile(
    rb"(?!ff)(?P<version>[0-9a-f]{2})-(?!0{32})(?P<trace>[0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?P<more>-.*)?"
)


def correlation_id(scope: Scope) -> bytes:
    """The trace id that the request brings, or a new one."""
    found = [value for name, value in scope["headers"] if name == _HEADER]
    trace_id = _trace_id(found[0]) if len(found) == 1 else None
    return trace_id or secrets.token_bytes(ID_BYTES)


def _trace_id(value: bytes) -> bytes | None:
    form = _FORM.fullmatch(value.strip(b" \t"))
    if form is None or (form["version"] == b"00" and form["more"] is not None):
        return None
    return bytes.fromhex(form["trace"].decode("ascii"))
