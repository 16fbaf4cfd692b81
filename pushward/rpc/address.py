"""Where gRPC may listen and call: a Unix socket or loopback in plain text; anywhere else only with mutual TLS.

Requests between services carry the principal that was authenticated, so whoever can reach a socket can be anybody.
"""

from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Final

import grpc

UNIX_SCHEME: Final = "unix:"
LOCAL_HOST: Final = "localhost"


class UnsafeAddressError(ValueError):
    """An address that is not this machine's alone, without mutual TLS."""


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """PEM files of one side of mutual TLS. ``authority`` signs the certificates that the other side may show."""

    certificate: Path
    key: Path
    authority: Path

    def server_credentials(self) -> grpc.ServerCredentials:
        """For a server, which refuses clients without a certificate of the authority."""
        pair = (self.key.read_bytes(), self.certificate.read_bytes())
        return grpc.ssl_server_credentials([pair], self.authority.read_bytes(), require_client_auth=True)

    def channel_credentials(self) -> grpc.ChannelCredentials:
        """For a client, which refuses servers whose certificate isn't the authority's or names another host."""
        return grpc.ssl_channel_credentials(
            self.authority.read_bytes(), self.key.read_bytes(), self.certificate.read_bytes()
        )


def unix_path(address: str) -> Path | None:
    """The path of a Unix socket's address, or None for any other address."""
    if not address.startswith(UNIX_SCHEME):
        return None
    return Path(address.removeprefix(UNIX_SCHEME).removeprefix("//"))


def check_address(address: str, tls: TlsFiles | None) -> None:
    """Raises `UnsafeAddressError` unless ``address`` is a Unix socket's or loopback, or ``tls`` is given."""
    if tls is None and unix_path(address) is None and not _is_loopback(address):
        raise UnsafeAddressError(
            f"{address!r} is neither a Unix socket (unix:PATH) nor a loopback address (127.0.0.1:PORT, [::1]:PORT): "
            "configure mutual TLS (certificate, key and authority), or use one of these"
        )


def _is_loopback(address: str) -> bool:
    host, separator, port = address.rpartition(":")
    if not separator or not port.isdecimal():
        return False
    if host == LOCAL_HOST:
        return True
    try:
        return ip_address(host.removeprefix("[").removesuffix("]")).is_loopback
    except ValueError:
        return False
