"""Every setting, its default and its bounds.

Environment variables ``PUSHWARD_<NAME>``; secrets by file too (``PUSHWARD_DATABASE_URL_FILE``). Development leniencies
need ``PUSHWARD_ENV=development`` and are refused with an address that isn't loopback. No message shows a value that may
be a secret.
"""

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from pushward.config.database_url import url_problem
from pushward.config.loopback import is_loopback

SHARDS_EMBEDDED: Final = 4
SHARDS_DEFAULT: Final = 64
DATABASE_URL: Final = "PUSHWARD_DATABASE_URL"
KEYS_URL: Final = "PUSHWARD_KEYS_URL"
TARGETS: Final = ("registry", "challenge", "notifier", "webhook", "relay", "insights", "edge")


class Environment(StrEnum):
    """Development allows what production refuses: webhooks to loopback http, the sample app's origin."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class SettingsError(ValueError):
    """Settings that contradict each other; the message says which and what to do."""


class Settings(BaseSettings):
    """All settings of all targets; each reads what concerns it."""

    model_config = SettingsConfigDict(env_prefix="PUSHWARD_", extra="ignore", frozen=True, hide_input_in_errors=True)

    env: Environment = Environment.PRODUCTION

    # Stores. Without database_url, in development, an embedded PostgreSQL under var_dir serves.
    database_url: SecretStr | None = None
    database_url_file: Path | None = None
    keys_url: SecretStr | None = None
    keys_url_file: Path | None = None
    kek_file: Path | None = None
    kek_other_files: Annotated[tuple[Path, ...], NoDecode] = ()  # as FILE,FILE: opened with, never wrapped with
    var_dir: Path = Path("var")
    pool_size_max: int = Field(default=8, ge=1, le=100)
    append_lanes: int = Field(default=1, ge=1, le=64)
    entity_creations_per_second: int = Field(default=40, ge=1, le=1_000_000)  # of each account; beyond them 429, 60328

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
    relay_address: str = "127.0.0.1:7405"
    insights_address: str = "127.0.0.1:7406"

    # mTLS between targets; all three or none. Needed for any address that isn't loopback or a Unix socket.
    tls_cert_file: Path | None = None
    tls_key_file: Path | None = None
    tls_ca_file: Path | None = None

    # Webhooks.
    webhook_workers: int = Field(default=8, ge=1, le=256)

    # Kafka: host:port,host:port. Without it nothing is relayed, and nothing else changes. TLS by the CA's file; a
    # client certificate, or SASL (SCRAM-SHA-512) by name and password, where the cluster wants them.
    kafka: str | None = None
    embedded_kafka: bool = False  # a broker of our own, beside the embedded PostgreSQL
    kafka_ca_file: Path | None = None
    kafka_cert_file: Path | None = None
    kafka_key_file: Path | None = None
    kafka_username: str | None = None
    kafka_password: SecretStr | None = None
    kafka_password_file: Path | None = None

    # Insights: how often the log is recounted. Without Kafka figures are as old as that at most, and five minutes more.
    insights_recount_seconds: float = Field(default=900.0, ge=1, le=86_400)

    # Prometheus metrics over HTTP on the loopback interface, or wherever the scraper reaches; None: not served. With
    # workers the N-th of them serves on port + N.
    metrics_host: str = "127.0.0.1"
    metrics_port: int | None = Field(default=None, ge=0, le=65535)

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

    @field_validator("kek_other_files", mode="before")
    @classmethod
    def _files_with_commas_between(cls, value: object) -> object:
        return tuple(filter(None, map(str.strip, value.split(",")))) if isinstance(value, str) else value

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

    @model_validator(mode="after")
    def _databases_are_reached_safely(self) -> Self:
        for value, name in ((self.database_url, DATABASE_URL), (self.keys_url, KEYS_URL)):
            if value is not None:
                self._checked(value.get_secret_value(), name)
        return self

    @model_validator(mode="after")
    def _public_url_is_https(self) -> Self:
        if self.public_url is not None and not self.development and not _keeps_credentials(self.public_url):
            raise SettingsError(
                "PUSHWARD_PUBLIC_URL must begin with https:// and name a host: credentials are sent to it. "
                "Plain http is for a host that is this machine."
            )
        return self

    @model_validator(mode="after")
    def _kafka_is_reached_safely(self) -> Self:
        if self.kafka is None:
            return self
        hosts = [address.strip().rpartition(":")[0].strip("[]") for address in self.kafka.split(",")]
        if not all(hosts):
            raise SettingsError("PUSHWARD_KAFKA must be host:port, or several of them with commas between.")
        if self.kafka_ca_file is None and not self.development and not all(is_loopback(host) for host in hosts):
            raise SettingsError(
                "PUSHWARD_KAFKA names hosts that aren't this machine: set PUSHWARD_KAFKA_CA_FILE, so that events and "
                "passwords travel encrypted."
            )
        if self.kafka_username is not None and self.kafka_ca_file is None:
            raise SettingsError("PUSHWARD_KAFKA_USERNAME needs PUSHWARD_KAFKA_CA_FILE: passwords travel encrypted.")
        if self.kafka_cert_file is not None and self.kafka_ca_file is None:
            raise SettingsError("PUSHWARD_KAFKA_CERT_FILE needs PUSHWARD_KAFKA_CA_FILE: without it there is no TLS.")
        if self.kafka_username is not None and self.kafka_password is None and self.kafka_password_file is None:
            raise SettingsError("PUSHWARD_KAFKA_USERNAME needs a password: set PUSHWARD_KAFKA_PASSWORD_FILE.")
        if (self.kafka_cert_file is None) != (self.kafka_key_file is None):
            raise SettingsError("Set both of PUSHWARD_KAFKA_CERT_FILE and PUSHWARD_KAFKA_KEY_FILE, or none.")
        return self

    def kafka_secret(self) -> str | None:
        """Kafka's password, None if there is none."""
        if self.kafka_password is not None:
            return self.kafka_password.get_secret_value()
        if self.kafka_password_file is not None:
            return self.kafka_password_file.read_text("utf-8").strip()
        return None

    def main_url(self) -> str:
        """The main database's URL. Raises SettingsError if there is none, or it isn't safe in production."""
        return self._url(self.database_url, self.database_url_file, DATABASE_URL)

    def key_store_url(self) -> str:
        """The key store's URL. Raises SettingsError if there is none, or it isn't safe in production."""
        return self._url(self.keys_url, self.keys_url_file, KEYS_URL)

    def _url(self, value: SecretStr | None, file: Path | None, name: str) -> str:
        if value is not None:
            return value.get_secret_value()
        if file is not None:
            return self._checked(file.read_text("utf-8").strip(), f"{name}_FILE")
        raise SettingsError(f"Set {name} (or {name}_FILE) to a PostgreSQL URL.")

    def _checked(self, url: str, name: str) -> str:
        problem = url_problem(url, os.environ, plain_text_allowed=self.development)
        if problem is not None:
            raise SettingsError(f"{name} {problem}.")
        return url


def _keeps_credentials(url: str) -> bool:
    """Whether who calls this URL shows its credentials to nobody on the way."""
    try:
        scheme, host = urlsplit(url).scheme, urlsplit(url).hostname or ""
    except ValueError:
        return False
    return (scheme == "https" and host != "") or (scheme == "http" and is_loopback(host))
