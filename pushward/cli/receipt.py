"""`pushward receipt verify`: whether a receipt proves what it says, with nothing but it and the factor's public key.

A key that came with the receipt is refused unless the caller asks for it: whoever forges the one can forge the other.
"""

import base64
import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from pushward import strictjson
from pushward.cli.console import JsonOption, print_json, print_pairs, say
from pushward.cli.errors import MISUSED, CommandError
from pushward.security.receipt import ReceiptError, verify_receipt
from pushward.strictjson import JsonObject, JsonValue, StrictJsonError

STDIN: Final = "-"
PEM_BORDER: Final = "-----"
INPUT_BYTES_MAX: Final = 65_536
NO_KEY: Final = (
    "Name the factor's public key, as you kept it at the enrolment: --public-key. "
    "With --trust-embedded-key the key beside the receipt is used, which proves nothing about who signed."
)
ONE_KEY: Final = "Either --public-key or --trust-embedded-key, not both."
EMBEDDED_KEY_WARNING: Final = (
    "WARNING: checked with the key that came with the receipt. Anybody can make such a pair: "
    "this doesn't show whose key it is. Use --public-key for a proof."
)

app = typer.Typer(no_args_is_help=True, help="Receipts: the signed answers of devices.")


@app.callback()
def _about() -> None:
    """Keeps `verify` a word of its own."""


@app.command()
def verify(
    file: Annotated[str, typer.Argument(help="The receipt: a JWS, or the API's JSON. '-' is stdin.")] = STDIN,
    public_key: Annotated[
        str | None, typer.Option(help="The factor's public key: base64 of its SubjectPublicKeyInfo, or a file with it.")
    ] = None,
    trust_embedded_key: Annotated[
        bool,
        typer.Option("--trust-embedded-key", help="Use the key in the API's JSON, which proves nothing by itself."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Check a receipt offline. Exits with 1 and the reason if it proves nothing.

    The key must come from where you kept it at the enrolment. One that came with the receipt proves only that the two
    belong together.
    """
    if trust_embedded_key is (public_key is not None):
        raise CommandError(NO_KEY if public_key is None else ONE_KEY, MISUSED)
    jws, key_beside_it = _receipt(_read(file))
    if public_key is not None:
        key = _named_key(public_key)
    elif key_beside_it is not None:
        key = _key_bytes(key_beside_it)
        say(EMBEDDED_KEY_WARNING)
    else:
        raise CommandError("No key came with this receipt: name the factor's with --public-key.", MISUSED)
    try:
        signed = verify_receipt(jws, key)
    except ReceiptError as error:
        raise CommandError(f"The receipt proves nothing: {error}.") from error
    if as_json:
        print_json(signed)
    else:
        print_pairs({"valid": "the signature is this key's", **_lines("", signed)})


def _read(file: str) -> str:
    """The text of a file or of stdin, bounded."""
    try:
        if file == STDIN:
            content = sys.stdin.buffer.read(INPUT_BYTES_MAX + 1)
        else:
            with Path(file).open("rb") as opened:
                content = opened.read(INPUT_BYTES_MAX + 1)
        if len(content) > INPUT_BYTES_MAX:
            raise CommandError(f"No receipt is longer than {INPUT_BYTES_MAX} bytes.")
        return content.decode("utf-8").strip()
    except UnicodeDecodeError as error:
        raise CommandError("A receipt is text.") from error


def _receipt(text: str) -> tuple[str, str | None]:
    """The JWS, and the key beside it if the API's JSON was given."""
    if not text.startswith("{"):
        return text, None
    try:
        answer = strictjson.parse_object(text.encode())
    except StrictJsonError as error:
        raise CommandError(f"This is neither a JWS nor the API's JSON: {error}.") from error
    jws, key = answer.get("jws"), answer.get("public_key")
    if not isinstance(jws, str):
        raise CommandError("The JSON has no member 'jws'.")
    return jws, key if isinstance(key, str) else None


def _named_key(key: str) -> bytes:
    """The key that the caller gave, or the one in the file that the caller named."""
    return _key_bytes(Path(key).read_text("ascii") if Path(key).is_file() else key)


def _key_bytes(text: str) -> bytes:
    body = "".join(line.strip() for line in text.splitlines() if not line.startswith(PEM_BORDER))
    try:
        return base64.b64decode(body, validate=True)
    except ValueError as error:
        raise CommandError("The public key is not base64.", MISUSED) from error


def _lines(prefix: str, value: JsonObject) -> dict[str, str]:
    """Members of members, each with its path as a name."""
    lines: dict[str, str] = {}
    for name, member in value.items():
        path = f"{prefix}{name}"
        match member:
            case dict():
                lines |= _lines(f"{path}.", member)
            case list():
                lines |= _lines(f"{path}.", {str(number): item for number, item in enumerate(member)})
            case _:
                lines[path] = _text(member)
    return lines


def _text(value: JsonValue) -> str:
    return value if isinstance(value, str) else strictjson.compact(value)
