"""What strangers send is read strictly: what is shown and signed is what was typed."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samples.backend import bodies
from samples.backend.errors import InvalidRequestError

GOOD_AMOUNTS = {
    "940": "940.00",
    "940.5": "940.50",
    " 0.01 ": "0.01",
    "1000000": "1000000.00",
    "007": "7.00",
    12: "12.00",
}
BAD_AMOUNTS: list[object] = [
    *("", "-1", "+1", "0", "0.00", "0.001", "1.", ".5", "1,5", "1e3", "1_000", "NaN", "inf", "١٢", "1000000.01"),
    *("1234567890", 1.5, True, None, ["1"], {}),
]


@pytest.mark.parametrize(("sent", "read"), GOOD_AMOUNTS.items())
def test_an_amount_is_read_to_the_cent(sent: object, read: str) -> None:
    """Text or a whole number; never a float."""
    assert str(bodies.amount({"amount": sent})) == read


@pytest.mark.parametrize("sent", BAD_AMOUNTS, ids=repr)
def test_what_is_no_amount_is_refused_by_name(sent: object) -> None:
    """Nothing that two programs could read differently."""
    with pytest.raises(InvalidRequestError, match="amount"):
        bodies.amount({"amount": sent})


@pytest.mark.parametrize("sent", ["ACME Ltd", "مخبز الحي", "نان\u200cفروشی", "Bäckerei Groß & Söhne", "x" * 70])
def test_payees_have_names_of_every_script(sent: str) -> None:
    """Right-to-left ones too."""
    assert bodies.payee({"payee": sent}) == sent


@pytest.mark.parametrize(
    "sent",
    [
        "",
        "   ",
        "x" * 71,
        "A\u202eB",
        "A\u2066B",
        "A\u200bB",
        "A\u200fB",
        "A\u00adB",
        "A\nB",
        "A\0B",
        "A\ud800B",
        5,
        None,
    ],
)
def test_a_payee_that_could_pass_for_another_is_refused(sent: object) -> None:
    """Controls, line breaks, and what reorders the characters around it."""
    with pytest.raises(InvalidRequestError, match="payee"):
        bodies.payee({"payee": sent})


@pytest.mark.parametrize("sent", ["", " ", "x" * 129, "\u3000", None, 7])
def test_nobody_is_no_user(sent: object) -> None:
    """Also where only a space of another script was typed."""
    with pytest.raises(InvalidRequestError, match="username"):
        bodies.username({"username": sent})


@pytest.mark.parametrize("name", ["factor_sid", "transaction_id", "challenge_sid"])
@pytest.mark.parametrize("sent", ["short", "YF" + "0" * 33, "../../..", "é" * 34, 5, ["YF" + "0" * 32]])
def test_ids_have_their_shape(name: str, sent: object) -> None:
    """They go into paths and details."""
    if name == "transaction_id" and sent == "YF" + "0" * 33:
        return
    with pytest.raises(InvalidRequestError, match=name):
        getattr(bodies, name)({name: sent})


@given(st.dictionaries(st.sampled_from(["username", "amount", "payee", "factor_sid"]), st.text() | st.integers()))
def test_every_body_is_taken_or_refused(body: Mapping[str, Any]) -> None:
    """Nothing else is raised."""
    for read in (bodies.username, bodies.amount, bodies.payee, bodies.factor_sid, bodies.transaction_id):
        try:
            read(body)
        except InvalidRequestError:
            pass
