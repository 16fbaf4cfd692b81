"""Which URLs a tenant may have us call, judged by their text alone; where the name leads is judged when connecting.

A URL is kept and sent exactly as it was given, because its text goes into the signature: so it must need no quoting.
"""

from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urlsplit

from pushward.outbound.addresses import is_loopback, is_public, parse

URL_CHARACTERS_MAX: Final = 2048
_LOCALHOST: Final = "localhost"


class UrlRefusedError(ValueError):
    """The text isn't a URL that we would call; the message completes the sentence "The URL …"."""


@dataclass(frozen=True, slots=True)
class Reach:
    """How far calls may go. ``loopback`` is for development: this machine too, and to it also without TLS."""

    loopback: bool = False


PUBLIC_ONLY: Final = Reach()


def check_url(text: str, reach: Reach) -> None:
    """Raises UrlRefusedError unless ``text`` is an absolute https URL without credentials or fragment.

    With ``reach.loopback`` it may also be http, to this machine. A literal address must be public, or loopback where
    that is allowed.
    """
    if len(text) > URL_CHARACTERS_MAX:
        raise UrlRefusedError(f"is longer than {URL_CHARACTERS_MAX} characters")
    if not text.isascii() or not text.isprintable() or " " in text:
        raise UrlRefusedError("has characters that must be percent-encoded (a host: in its xn-- form)")
    parts, host = _split(text)
    if parts.username is not None or parts.password is not None:
        raise UrlRefusedError("carries credentials; check the signature instead")
    if "#" in text:
        raise UrlRefusedError("has a fragment, which is never sent")
    _check_scheme(parts.scheme, host, reach)
    _check_host(host, reach)


def _split(text: str) -> tuple[SplitResult, str]:
    try:
        parts = urlsplit(text)
        host = parts.hostname
        port = parts.port
    except ValueError as error:
        raise UrlRefusedError("is malformed") from error
    if not host or port == 0:
        raise UrlRefusedError("must be absolute: scheme, host, path")
    return parts, host


def _check_scheme(scheme: str, host: str, reach: Reach) -> None:
    if scheme == "https":
        return
    if scheme != "http" or not reach.loopback:
        raise UrlRefusedError("must begin with https://")
    address = parse(host)
    if host != _LOCALHOST and (address is None or not is_loopback(address)):
        raise UrlRefusedError("may use http:// only to this machine")


def _check_host(host: str, reach: Reach) -> None:
    address = parse(host)
    if address is None:
        if host == _LOCALHOST and not reach.loopback:
            raise UrlRefusedError("leads to no public address")
        if host.rsplit(".", 1)[-1][:1].isdigit() or ":" in host:
            raise UrlRefusedError("names an address in a form that is not canonical")
        return
    if not (is_public(address) or (reach.loopback and is_loopback(address))):
        raise UrlRefusedError("leads to no public address")
