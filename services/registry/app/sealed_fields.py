"""The names of sealed fields: with the stream's id they bind a ciphertext to its place (pushward/security/sealing.py).

They are additional data of what is stored, so none may ever be renamed.
"""


def friendly_name(factor_sid: str) -> str:
    """A factor's name, on its entity's stream."""
    return f"{factor_sid}.friendly_name"


def notification_token(factor_sid: str) -> str:
    """Where a factor's pushes go, on its entity's stream."""
    return f"{factor_sid}.notification_token"


def totp_secret(factor_sid: str) -> str:
    """What a TOTP factor's codes are made from, on its entity's stream."""
    return f"{factor_sid}.totp_secret"


def metadata(factor_sid: str) -> str:
    """What the tenant noted about a factor, on its entity's stream."""
    return f"{factor_sid}.metadata"


def factor_friendly_name(access_token_sid: str) -> str:
    """The name that an access token suggests, on its own stream."""
    return f"{access_token_sid}.factor_friendly_name"


def auth_token(account_sid: str) -> str:
    """An account's auth token, on its own stream; the secondary one, too, since it may become the first."""
    return f"{account_sid}.auth_token"


def api_key_friendly_name(api_key_sid: str) -> str:
    """The tenant's name for an API key, on its account's stream."""
    return f"{api_key_sid}.friendly_name"
