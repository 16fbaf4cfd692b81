"""HTTP Basic credentials."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Scope

from pushward.errors import UnauthenticatedError
from services.edge.app.authentication import CREDENTIALS_BYTES_MAX, basic_credentials

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=100)


def _scope_with(authorization: bytes | None) -> Scope:
    headers = [] if authorization is None else [(b"authorization", authorization)]
    return {"type": "http", "headers": headers}


def _basic(text: str) -> bytes:
    return b"Basic " + base64.b64encode(text.encode())


@given(TEXT.filter(lambda text: ":" not in text), TEXT)
def test_user_and_password_are_split_at_the_first_colon(user: str, password: str) -> None:
    """A password may hold colons, a user may not (RFC 7617)."""
    assert basic_credentials(_scope_with(_basic(f"{user}:{password}"))) == (user, password)


def test_the_schemes_case_does_not_matter() -> None:
    """RFC 9110, section 11.1."""
    assert basic_credentials(_scope_with(b"bAsIc " + base64.b64encode(b"a:b"))) == ("a", "b")


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        b"",
        b"Basic",
        b"Basic ",
        b"Basic !!!!",
        b"Bearer abc",
        b"Basic " + base64.b64encode(b"no colon"),
        b"Basic " + base64.b64encode(b"\xff:\xff"),
        b"Basic " + base64.b64encode(b"a:\0"),
        b"Basic " + base64.b64encode(b"a:b" * CREDENTIALS_BYTES_MAX),
    ],
)
def test_credentials_that_cannot_be_read_are_no_credentials(authorization: bytes | None) -> None:
    """Missing, another scheme, no base64, no colon, no UTF-8, U+0000, too long: all 401."""
    with pytest.raises(UnauthenticatedError):
        basic_credentials(_scope_with(authorization))
