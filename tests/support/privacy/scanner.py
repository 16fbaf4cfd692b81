"""Finds a text in bytes, however it was written down: raw, in hex, in base64 or base64url at any alignment, escaped."""

import base64
import json
import string
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, quote_plus

ALIGNMENTS: Final = (0, 1, 2)
"""Where a text may begin within the three bytes that four characters of base64 stand for."""
NEEDLE_BYTES_MIN: Final = 6
"""Shorter texts would be found by chance."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A text that was found: whose it is (its label), in which form, and where."""

    label: str
    form: str
    place: str


class Scanner:
    """Looks for texts by their labels."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._needles = [(label, form, needle) for label, text in texts.items() for form, needle in forms(text).items()]

    def scan(self, places: Iterable[tuple[str, bytes]]) -> set[Finding]:
        """Every text in every place (its name, its bytes)."""
        return {
            Finding(label, form, place)
            for place, found_there in places
            for label, form, needle in self._needles
            if needle in found_there
        }


def forms(text: str) -> dict[str, bytes]:
    """The ways in which a text may be written down; those that are the same are named once."""
    raw = text.encode()
    assert len(raw) >= NEEDLE_BYTES_MIN, text
    written = {
        "raw": raw,
        "hex": raw.hex().encode(),
        "HEX": raw.hex().upper().encode(),
        "json": json.dumps(text)[1:-1].encode(),
        "json utf-8": json.dumps(text, ensure_ascii=False)[1:-1].encode(),
        "json escaped": "".join(f"\\u{ord(character):04x}" for character in text).encode(),
        "percent": quote(text, safe="").encode(),
        "percent plus": quote_plus(text).encode(),
        "percent escaped": b"".join(b"%%%02X" % byte for byte in raw),
        **{f"base64 {alignment}": _base64_within(raw, alignment) for alignment in ALIGNMENTS},
        **{f"base64url {alignment}": _urlsafe(_base64_within(raw, alignment)) for alignment in ALIGNMENTS},
    }
    named: dict[bytes, str] = {}
    for form, needle in written.items():
        named.setdefault(needle, form)
    return {form: needle for needle, form in named.items()}


def _base64_within(raw: bytes, alignment: int) -> bytes:
    """The characters that stand for ``raw`` and nothing else, after ``alignment`` bytes of something else."""
    encoded = base64.b64encode(bytes(alignment) + raw + bytes(-(alignment + len(raw)) % 3))
    first = -(-alignment * 8 // 6)
    last = (alignment + len(raw)) * 8 // 6
    return encoded[first:last]


def _urlsafe(encoded: bytes) -> bytes:
    return encoded.translate(bytes.maketrans(b"+/", b"-_"))


def marker(number: int, random_text: str) -> str:
    """A text that is nowhere by chance: letters and digits, so that it passes every check on what it is put into."""
    assert set(random_text) <= set(string.ascii_lowercase + string.digits)
    return f"mark{number:02}{random_text}"
