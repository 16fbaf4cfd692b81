"""Which URLs a tenant may register."""

import pytest

from pushward.outbound.urls import PUBLIC_ONLY, URL_CHARACTERS_MAX, Reach, UrlRefusedError, check_url

LOOPBACK = Reach(loopback=True)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com",
        "https://example.com/hooks?tenant=1&x=%20",
        "https://example.com:8443/hooks",
        "https://xn--bcher-kva.example/",
        "https://8.8.8.8/hooks",
        "https://[2606:4700:4700::1111]/hooks",
        "HTTPS://EXAMPLE.COM/Hooks",
    ],
)
def test_a_public_https_url_is_accepted(url: str) -> None:
    """Name or literal, any port, any path and query."""
    check_url(url, PUBLIC_ONLY)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://example.com/", "must begin with https"),
        ("ftp://example.com/", "must begin with https"),
        ("//example.com/", "must begin with https"),
        ("example.com", "absolute"),
        ("https://", "absolute"),
        ("https:///path", "absolute"),
        ("https://example.com:0/", "absolute"),
        ("https://example.com:99999/", "malformed"),
        ("https://[::1/", "malformed"),
        ("https://user@example.com/", "credentials"),
        ("https://user:secret@example.com/", "credentials"),
        ("https://example.com/#top", "fragment"),
        ("https://example.com/a b", "percent-encoded"),
        ("https://bücher.example/", "percent-encoded"),
        ("https://example.com/\r\nHost: x", "percent-encoded"),
        ("https://127.0.0.1/", "no public address"),
        ("https://localhost/", "no public address"),
        ("https://169.254.169.254/latest/meta-data", "no public address"),
        ("https://[::ffff:10.0.0.1]/", "no public address"),
        ("https://[fe80::1%25eth0]/", "no public address"),
        ("https://2130706433/", "canonical"),
        ("https://127.1/", "canonical"),
        ("https://0x7f.1/", "canonical"),
        ("https://example.com/" + "x" * URL_CHARACTERS_MAX, "longer"),
    ],
)
def test_any_other_url_is_refused_with_a_reason(url: str, reason: str) -> None:
    """The reason says what to change."""
    with pytest.raises(UrlRefusedError, match=reason):
        check_url(url, PUBLIC_ONLY)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9000/hook", "http://localhost:9000/hook", "http://[::1]:9000/hook"])
def test_plain_http_to_this_machine_is_accepted_only_where_loopback_is_allowed(url: str) -> None:
    """Development has it, production not."""
    check_url(url, LOOPBACK)
    with pytest.raises(UrlRefusedError):
        check_url(url, PUBLIC_ONLY)


@pytest.mark.parametrize("url", ["http://example.com/", "http://10.0.0.1/", "https://10.0.0.1/", "http://8.8.8.8/"])
def test_allowing_loopback_allows_nothing_else(url: str) -> None:
    """Neither plain http to others, nor private addresses."""
    with pytest.raises(UrlRefusedError):
        check_url(url, LOOPBACK)
