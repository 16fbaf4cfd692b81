"""Which values a webhook may have. Checked on plaintext, before anything is sealed."""

from collections.abc import Sequence
from typing import Final

from pushward import error_codes
from pushward.errors import BadRequestError
from services.webhook.domain.event_types import KNOWN

FRIENDLY_NAME_CHARACTERS_MAX: Final = 64
EVENT_TYPES_MAX: Final = 16

ENABLED: Final = "enabled"
DISABLED: Final = "disabled"
STATUSES: Final = (ENABLED, DISABLED)

V1: Final = "v1"
V2: Final = "v2"
VERSIONS: Final = (V1, V2)


def check_friendly_name(name: str) -> str:
    """``name`` itself. Raises BadRequestError."""
    if not 1 <= len(name) <= FRIENDLY_NAME_CHARACTERS_MAX:
        raise _invalid(f"FriendlyName must have 1 to {FRIENDLY_NAME_CHARACTERS_MAX} characters.")
    return name


def check_event_types(names: Sequence[str]) -> tuple[str, ...]:
    """``names`` in their order, each once. Raises BadRequestError that names what it doesn't know."""
    unique = tuple(dict.fromkeys(names))
    if not unique:
        raise _invalid("EventTypes is required: name at least one event type.")
    for name in unique:
        if name not in KNOWN:
            raise _invalid(f"EventTypes: there is no event type {name[:64]!r}. Known are {', '.join(sorted(KNOWN))}.")
    assert len(unique) <= EVENT_TYPES_MAX
    return unique


def check_status(status: str) -> str:
    """``status`` itself. Raises BadRequestError."""
    if status not in STATUSES:
        raise _invalid("Status must be enabled or disabled.")
    return status


def check_version(version: str) -> str:
    """``version`` itself. Raises BadRequestError."""
    if version not in VERSIONS:
        raise _invalid("Version must be v1 or v2.")
    return version


def refused_url(reason: str) -> BadRequestError:
    """The error for a URL that we wouldn't call; ``reason`` completes "The URL …"."""
    return _invalid(f"WebhookUrl {reason}.")


def _invalid(message: str) -> BadRequestError:
    return BadRequestError(message, code=error_codes.INVALID_REQUEST)
