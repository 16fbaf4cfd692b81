"""Whom Pushward knows: a keyed hash of what the user typed, never the name itself.

With a secret of the backend's own, so that nobody who sees identities can try names. Upper and lower case, spaces
around it and forms that look alike are the same user. Lose the secret, and every user enrols anew.
"""

import hmac
import os
import secrets
import unicodedata
from pathlib import Path
from typing import Final

SECRET_BYTES: Final = 32
OWNER_ONLY: Final = 0o600


def identity_of(username: str, secret: bytes) -> str:
    """64 hexadecimal digits: an identity by the contract's `^[A-Za-z0-9-]{8,64}$`."""
    return hmac.digest(secret, normalised(username).encode("utf-8"), "sha256").hex()


def normalised(username: str) -> str:
    """One form for all ways to type a name. Folding can leave a form that isn't NFKC, hence twice."""
    folded = unicodedata.normalize("NFKC", username.strip()).casefold()
    return unicodedata.normalize("NFKC", folded).strip()


def load_or_create_secret(path: Path) -> bytes:
    """The backend's secret, made the first time. Raises ValueError for a file that isn't one."""
    if not path.exists():
        _create_secret(path)
    secret = path.read_bytes()
    if len(secret) != SECRET_BYTES:
        raise ValueError(f"{path} isn't a secret of {SECRET_BYTES} bytes: put the right one back, or remove it.")
    return secret


def _create_secret(path: Path) -> None:
    """In place whole or not at all, and only if nobody was faster: hence by another name first."""
    candidate = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(candidate, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    with os.fdopen(descriptor, "wb") as file:
        file.write(secrets.token_bytes(SECRET_BYTES))
        file.flush()
        os.fsync(file.fileno())
    try:
        path.hardlink_to(candidate)
    except FileExistsError:
        pass
    finally:
        candidate.unlink()
