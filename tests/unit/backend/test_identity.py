"""Names become identities that say nothing, and the same for each way to type them."""

import re
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samples.backend.identity import identity_of, load_or_create_secret, normalised

SECRET = b"s" * 32
CONTRACT = re.compile(r"[A-Za-z0-9-]{8,64}")


@pytest.mark.parametrize("typed", ["Jo Marsh", "  jo marsh ", "JO MARSH", "\uff2a\uff4f marsh"])  # the last: full width
def test_ways_to_type_a_name_are_one_user(typed: str) -> None:
    """Case, spaces around it, and forms that look alike."""
    assert identity_of(typed, SECRET) == identity_of("jo marsh", SECRET)


def test_two_names_are_two_users() -> None:
    """Also where only an accent differs."""
    assert identity_of("Zoë", SECRET) != identity_of("Zoe", SECRET)


def test_another_secret_makes_other_identities() -> None:
    """Whoever sees identities can't find names by trying them."""
    assert identity_of("jo", SECRET) != identity_of("jo", b"t" * 32)


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_every_name_has_an_identity_of_the_contract(typed: str) -> None:
    """And normalising it again changes nothing."""
    assert CONTRACT.fullmatch(identity_of(typed, SECRET))
    assert normalised(normalised(typed)) == normalised(typed)


def test_the_secret_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    """A restart finds the same users; nothing else is left in the directory."""
    file = tmp_path / "secret"
    first = load_or_create_secret(file)
    assert load_or_create_secret(file) == first
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [file]


def test_a_damaged_secret_is_refused(tmp_path: Path) -> None:
    """It would make all users strangers, silently."""
    file = tmp_path / "secret"
    file.write_bytes(b"short")
    with pytest.raises(ValueError, match="isn't a secret"):
        load_or_create_secret(file)
