"""Which cluster, and how it is reached: what every client of ours begins with, each setting explicit."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pushward.config.settings import Settings

SASL_MECHANISM: Final = "SCRAM-SHA-512"
REQUEST_TIMEOUT_MS: Final = 10_000
RETRY_BACKOFF_MS: Final = 100
METADATA_AGE_MS_MAX: Final = 30_000


@dataclass(frozen=True, slots=True)
class KafkaCluster:
    """A cluster's address. With a CA file it speaks TLS; with a user name SASL (SCRAM-SHA-512) inside it.

    Without a CA file it speaks in the clear, so nobody may believe that he has said who he is: ValueError.
    """

    bootstrap: str  # host:port,host:port
    ca_file: str | None = None
    cert_file: str | None = None
    key_file: str | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.ca_file is None and (self.username is not None or self.cert_file is not None):
            raise ValueError("a user name or a certificate needs ca_file: without it nothing is encrypted")
        if self.username is not None and self.password is None:
            raise ValueError("a user name needs a password")

    def options(self, client_id: str) -> Mapping[str, Any]:  # Any: keyword arguments of aiokafka's clients
        """What aiokafka's clients take to reach it. Reads the certificate files; raises OSError, ssl.SSLError."""
        options: dict[str, Any] = {  # Any: as above
            "bootstrap_servers": self.bootstrap,
            "client_id": client_id,
            "request_timeout_ms": REQUEST_TIMEOUT_MS,
            "retry_backoff_ms": RETRY_BACKOFF_MS,
            "metadata_max_age_ms": METADATA_AGE_MS_MAX,
            "security_protocol": self._protocol(),
        }
        if self.ca_file is not None:
            options["ssl_context"] = self._ssl_context()
        if self.username is not None:
            options["sasl_mechanism"] = SASL_MECHANISM
            options["sasl_plain_username"] = self.username
            options["sasl_plain_password"] = self.password
        return options

    def _protocol(self) -> str:
        if self.ca_file is None:
            return "PLAINTEXT"
        return "SSL" if self.username is None else "SASL_SSL"

    def _ssl_context(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self.ca_file)
        if self.cert_file is not None:
            context.load_cert_chain(self.cert_file, self.key_file)
        return context


def cluster_of(settings: Settings) -> KafkaCluster | None:
    """The cluster that the settings name, None if they name none."""
    if settings.kafka is None:
        return None
    return KafkaCluster(
        bootstrap=settings.kafka,
        ca_file=_text(settings.kafka_ca_file),
        cert_file=_text(settings.kafka_cert_file),
        key_file=_text(settings.kafka_key_file),
        username=settings.kafka_username,
        password=settings.kafka_secret(),
    )


def _text(file: Path | None) -> str | None:
    return None if file is None else str(file)
