"""Where the edge is: https, since each request carries a token; plain http for this machine alone."""

import ipaddress

import httpx

from pushward_device.errors import BaseUrlError


def checked_base_url(text: str) -> httpx.URL:
    """The edge's URL, without a slash at its end. Raises BaseUrlError for one that would show tokens on the way."""
    try:
        url = httpx.URL(text.rstrip("/"))
    except httpx.InvalidURL as error:
        raise BaseUrlError(f"This isn't a base URL: {error}. Give one such as https://verify.example.com.") from error
    if url.userinfo or url.query or url.fragment:
        raise BaseUrlError(
            "The base URL must have no user, query or fragment. Give one such as https://verify.example.com."
        )
    if (url.scheme == "https" and url.host) or (url.scheme == "http" and _is_loopback(url.host)):
        return url
    raise BaseUrlError(
        "The base URL must begin with https:// and name a host: tokens would go over the network in plain text. "
        "Plain http:// is for a host that is this machine."
    )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
