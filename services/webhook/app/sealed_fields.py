"""Names of a webhook's sealed fields: what a ciphertext is bound to, beside its stream."""

from typing import Final

FRIENDLY_NAME: Final = "friendly_name"
URL: Final = "webhook_url"
SECRET: Final = "secret"  # noqa: S105 - a field's name


def field(webhook_sid: str, name: str) -> str:
    """The name that binds a field's ciphertext to this webhook."""
    return f"{webhook_sid}.{name}"
