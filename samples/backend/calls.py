"""The last calls between the backend and Pushward, for the page that shows them: whole, but without secrets.

Masked are the auth token, access tokens and the webhook's secret: what would let somebody act as one of us. Old calls
are forgotten; numbers go on, so a reader knows what it missed.
"""

import json
import re
import threading
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal

CALLS_MAX: Final = 500
BODY_CHARACTERS_MAX: Final = 16_384
MASK: Final = "••••"
SECRET_MEMBERS: Final = frozenset({"token", "auth_token", "secret"})
SECRET_HEADERS: Final = frozenset({"authorization", "cookie", "set-cookie", "pushward-webhook-secret"})

_AUTHORIZATION: Final = re.compile(r"^(\w+) ")


@dataclass(frozen=True, slots=True)
class Call:
    """One request and its answer, as they were on the wire. ``status`` is None where no answer came."""

    number: int
    at: str
    direction: Literal["out", "in"]
    method: str
    url: str
    request_headers: Mapping[str, str]
    request_body: str
    status: int | None
    response_headers: Mapping[str, str]
    response_body: str
    duration_ms: float


class Calls:
    """A ring that threads may share."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: deque[Call] = deque(maxlen=CALLS_MAX)
        self._last = 0

    def record(
        self,
        direction: Literal["out", "in"],
        method: str,
        url: str,
        *,
        request_headers: Iterable[tuple[str, str]],
        request_body: str,
        status: int | None,
        response_headers: Iterable[tuple[str, str]] = (),
        response_body: str = "",
        duration_ms: float,
    ) -> None:
        """Keeps a call, masked."""
        with self._lock:
            self._last += 1
            call = Call(
                number=self._last,
                at=datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                direction=direction,
                method=method,
                url=url,
                request_headers=masked_headers(request_headers),
                request_body=_cut(request_body),
                status=status,
                response_headers=masked_headers(response_headers),
                response_body=_cut(masked_json(response_body)),
                duration_ms=round(duration_ms, 1),
            )
            self._kept.append(call)

    def after(self, number: int) -> dict[str, Any]:  # Any: members of every type
        """Those that came after the call of that number, and the last one's."""
        with self._lock:
            return {"calls": [asdict(call) for call in self._kept if call.number > number], "last": self._last}


def masked_headers(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Every header by its name; of a secret one only the scheme of authentication."""
    return {name: _masked_header(value) if name.lower() in SECRET_HEADERS else value for name, value in headers}


def masked_json(text: str) -> str:
    """The same JSON with secret members masked at every depth; what holds none, and other text, as it is."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    masked = _masked(value)
    return text if masked == value else json.dumps(masked, ensure_ascii=False)


def _masked_header(value: str) -> str:
    scheme = _AUTHORIZATION.match(value)
    return f"{scheme[1]} {MASK}" if scheme else MASK


def _masked(value: Any) -> Any:  # Any: JSON of every shape
    if isinstance(value, dict):
        return {
            name: MASK if name in SECRET_MEMBERS and member is not None else _masked(member)
            for name, member in value.items()
        }
    if isinstance(value, list):
        return [_masked(member) for member in value]
    return value


def _cut(text: str) -> str:
    return text if len(text) <= BODY_CHARACTERS_MAX else f"{text[:BODY_CHARACTERS_MAX]}…"
