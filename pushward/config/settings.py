"""Every setting, its default and its bounds.

Environment variables ``PUSHWARD_<NAME>``; secrets by file too (``PUSHWARD_DATABASE_URL_FILE``). Development leniencies
need ``PUSHWARD_ENV=development`` and are refused with an address that isn't loopback.
"""

import ipaddress
from enum import StrEnum
from pathlib import Path
from typing import Final, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

SHARDS_EMBEDDED: Final = 4
SHARDS_DEFAULT: Final = 64
TARGETS: Final = ("registry", "challenge", "notifier", "webhook", "edge")


class Environment(StrEnum):
    """Development allows what production refuses: webhooks to loopback http, the sample app's origin."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class SettingsError(ValueError):
    """Settings that contradict each other; the message says which and what to do."""


class Settings(BaseSettings):
    """All settings of all targets; each reads what concerns it."""

    model_config = SettingsConfigDict(env_prefix="PUSHWARD_", extra="ignore", frozen=True)

    env: Environment = Environment.PRODUCTION

    # Stores. Without database_url, in development, an embedded PostgreSQL under var_dir serves.
    database_url: SecretStr | None = None
    database_url_file: Path | None = None
    keys_url: SecretStr | None = None
    keys_url_file: Path | None = None
    kek_file: Path | None = None
    var_dir: Path = Path("var")
    pool_size_max: int = Field(default=8, ge=1, le=100)
    append_lanes: int = Field(default=1, ge=1, le=64)

    # HTTP.
    http_host: str = "127.0.0.1"
    http_port: int = Field(default=8080, ge=0, le=65535)
    public_url: str | None = None  # None: the request's own scheme and host (development only)
    cors_origins: tuple[str, ...] = ()
    workers: int = Field(default=1, ge=1, le=64)
    drain_seconds: float = Field(default=20.0, gt=0, le=300)

    # Peers, when each target is its own process. `unix:/path` or `host:port`.
    registry_address: str = "127.0.0.1:7401"
    challenge_address: str = "127.0.0.1:7402"
    notifier_address: str = "127.0.0.1:7403"
    webhook_address: str = "127.0.0.1:7404"

    # mTLS between targets; all three or none. Needed for any address that isn't loopback or a Unix socket.
    tls_cert_file: Path | None = None
    tls_key_file: Path | None = None
    tls_ca_file: Path | None = None

    # Webhooks.
    webhook_workers: int = Field(default=8, ge=1, le=256)

    log_level: str = "info"
    log_json: bool = False

    @property
    def development(self) -> bool:
        """Whether development leniencies apply."""
        return self.env is Environment.DEVELOPMENT

    def address_of(self, target: str) -> str:
        """Where ``target`` listens for gRPC."""
        address: str = getattr(self, f"{target}_address")
        return address

    @model_validator(mode="after")
    def _development_stays_on_loopback(self) -> Self:
        if self.development and not is_loopback(self.http_host):
            raise SettingsError(
                f"PUSHWARD_ENV=development relaxes checks, so it binds to loopback only, not to {self.http_host}. "
                "Set PUSHWARD_ENV=production or PUSHWARD_HTTP_HOST=127.0.0.1."
            )
        return self

    @model_validator(mode="after")
    def _tls_is_whole(self) -> Self:
        files = (self.tls_cert_file, self.tls_key_file, self.tls_ca_file)
        if any(files) and not all(files):
            raise SettingsError(
                "Set all of PUSHWARD_TLS_CERT_FILE, PUSHWARD_TLS_KEY_FILE, PUSHWARD_TLS_CA_FILE, or none."
            )
        return self

    def main_url(self) -> str:
        """The main database's URL. Raises SettingsError if there is none."""
        return _url(self.database_url, self.database_url_file, "PUSHWARD_DATABASE_URL")

    def key_store_url(self) -> str:
        """The key store's URL. Raises SettingsError if there is none."""
        return _url(self.keys_url, self.keys_url_file, "PUSHWARD_KEYS_URL")


def is_loopback(host: str) -> bool:
    """Whether ``host`` is this machine's own address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _url(value: SecretStr | None, file: Path | None, name: str) -> str:
    if value is not None:
        return value.get_secret_value()
    if file is not None:
        return file.read_text("utf-8").strip()
    raise SettingsError(f"Set {name} (or {name}_FILE) to a PostgreSQL URL.")
