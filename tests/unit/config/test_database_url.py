"""PostgreSQL URLs: which are safe over a network, and which can't be read without guessing."""

import pytest

from pushward.config.database_url import PLAIN_TEXT, UNREADABLE, url_problem

NOTHING: dict[str, str] = {}


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://pushward@/pushward?host=/run/postgresql&port=5432",
        "postgresql:///pushward",
        "postgresql://pushward:secret@%2Frun%2Fpostgresql/pushward",
        "postgres://pushward:secret@localhost:5432/pushward",
        "postgresql://127.0.0.1:5432,[::1]:5433/pushward",
        "postgresql://pushward:p%40ss%2Fword@db.example.com:5432/pushward?sslmode=verify-full",
        "postgresql://a.example.com,b.example.com:5433/pushward?sslmode=verify-full&sslrootcert=/etc/ca.pem",
        "postgresql:///pushward?host=db.example.com&sslmode=verify-full",
    ],
)
def test_sockets_loopback_and_verified_servers_are_safe(url: str) -> None:
    """What leaves this machine is encrypted, for a server that proved who it is."""
    assert url_problem(url, NOTHING, plain_text_allowed=False) is None


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://pushward:secret@db.example.com/pushward",
        "postgresql://192.0.2.7:5432/pushward?sslmode=prefer",
        "postgresql://[2001:db8::7]/pushward?sslmode=require",
        "postgresql://db.example.com/pushward?sslmode=verify-ca",
        "postgresql://db.example.com/pushward?sslmode=verify-full%20",
        "postgresql:///pushward?host=db.example.com",
        "postgresql://localhost,db.example.com/pushward",
        "postgresql://db.example.com/pushward?host=/run/postgresql",
        "postgresql:///pushward?service=elsewhere",
    ],
)
def test_a_network_without_verified_tls_is_refused(url: str) -> None:
    """Also when only one of several hosts is on it, or another file says which; development may."""
    assert url_problem(url, NOTHING, plain_text_allowed=False) == PLAIN_TEXT
    assert url_problem(url, NOTHING, plain_text_allowed=True) is None


def test_a_host_that_only_the_environment_names_counts() -> None:
    """The driver takes it, where the URL names none."""
    assert url_problem("postgresql:///db", {"PGHOST": "db.example.com"}, plain_text_allowed=False) == PLAIN_TEXT
    assert url_problem("postgresql://localhost/db", {"PGHOST": "db.example.com"}, plain_text_allowed=False) is None


@pytest.mark.parametrize(
    "url",
    [
        "",
        "mysql://host/db",
        "postgresql://user:pa/ss@host/db",
        "postgresql://user:12/34@host/db",
        "postgresql://user:pa?ss@host/db",
        "postgresql://user:pa#ss@host/db",
        "postgresql://user:12#34@host/db",
        "postgresql://user:p@s:s@host/db",
        "postgresql://user:pa[ss@host/db",
        "postgresql://user:pa\N{FULLWIDTH COMMERCIAL AT}ss@host/db",
        "postgresql://host:ss/db",
        "postgresql://host:99999/db",
        "postgresql://host,,other/db",
        "postgresql:///db?port=ss",
        "postgresql:///db?pass",
        "postgresql://host/db?sslmode=verify-full&sslmode=disable",
        "postgresql:///db?host=/run/postgresql&host=db.example.com",
    ],
)
def test_what_can_be_read_in_two_ways_is_refused_without_being_shown(url: str) -> None:
    """In development, too. The driver would quote a piece of it, which may be the password's."""
    assert url_problem(url, NOTHING, plain_text_allowed=True) == UNREADABLE
