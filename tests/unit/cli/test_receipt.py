"""`pushward receipt verify`: offline, with nothing but the receipt and the key."""

import base64
import io
import json
import sys
from pathlib import Path
from typing import Final

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from pushward_device.jose import answer_jws, public_key_to_spki_b64
from pushward_device.strict_json import JsonObject

from tests.unit.cli.command import run

SIGNED: JsonObject = {"sid": "YC00", "status": "approved", "details": {"message": "Log in?", "fields": []}}
OTHER_KEY: Final = public_key_to_spki_b64(ec.generate_private_key(ec.SECP256R1()).public_key())


def stdin_with(jws: str, public_key: str) -> io.TextIOWrapper:
    """What the API answers, piped in."""
    return io.TextIOWrapper(io.BytesIO(json.dumps({"jws": jws, "public_key": public_key}).encode()))


@pytest.fixture
def key() -> ec.EllipticCurvePrivateKey:
    """A device's key."""
    return ec.generate_private_key(ec.SECP256R1())


@pytest.fixture
def receipt(key: ec.EllipticCurvePrivateKey) -> str:
    """What that device signed."""
    return answer_jws(SIGNED, lambda message: key.sign(message, ec.ECDSA(hashes.SHA256())))


def test_a_receipt_of_this_key_is_shown(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, key: ec.EllipticCurvePrivateKey, receipt: str
) -> None:
    """The signed members are printed, exit code 0."""
    file = tmp_path / "receipt.jws"
    file.write_text(receipt + "\n")
    ran = run(
        capsys, "receipt", "verify", str(file), "--public-key", public_key_to_spki_b64(key.public_key()), "--json"
    )
    assert (ran.exit_code, json.loads(ran.out)) == (0, SIGNED)


def test_the_answer_of_the_api_can_be_piped_in(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    key: ec.EllipticCurvePrivateKey,
    receipt: str,
) -> None:
    """JSON with `jws` and `public_key` on stdin; the key that counts is the caller's."""
    public_key = public_key_to_spki_b64(key.public_key())
    monkeypatch.setattr(sys, "stdin", stdin_with(receipt, public_key))
    ran = run(capsys, "receipt", "verify", "--public-key", public_key)
    assert (ran.exit_code, ran.err) == (0, "")
    assert "Log in?" in ran.out


@pytest.mark.parametrize(("named", "exit_code"), [((), 2), (("--public-key", ""), 1), (("--public-key", OTHER_KEY), 1)])
def test_a_key_that_came_with_the_receipt_proves_nothing(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    key: ec.EllipticCurvePrivateKey,
    receipt: str,
    named: tuple[str, ...],
    exit_code: int,
) -> None:
    """Whoever forges a receipt can put a key beside it: neither no key nor a wrong one falls back to that."""
    monkeypatch.setattr(sys, "stdin", stdin_with(receipt, public_key_to_spki_b64(key.public_key())))
    ran = run(capsys, "receipt", "verify", *named)
    assert (ran.exit_code, ran.out) == (exit_code, "")


def test_a_key_that_came_with_the_receipt_can_be_trusted_aloud(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    key: ec.EllipticCurvePrivateKey,
    receipt: str,
) -> None:
    """With an option of its own, and a warning beside the result."""
    monkeypatch.setattr(sys, "stdin", stdin_with(receipt, public_key_to_spki_b64(key.public_key())))
    ran = run(capsys, "receipt", "verify", "--trust-embedded-key", "--json")
    assert (ran.exit_code, json.loads(ran.out)) == (0, SIGNED)
    assert ran.err.startswith("WARNING: ")


def test_an_embedded_key_is_never_a_file(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    key: ec.EllipticCurvePrivateKey,
    receipt: str,
) -> None:
    """What came with a receipt names nothing on this machine."""
    file = tmp_path / "key"
    file.write_text(public_key_to_spki_b64(key.public_key()))
    monkeypatch.setattr(sys, "stdin", stdin_with(receipt, str(file)))
    assert run(capsys, "receipt", "verify", "--trust-embedded-key").exit_code == 2


def test_two_keys_are_one_too_many(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2, before anything is read."""
    ran = run(capsys, "receipt", "verify", "nowhere.jws", "--trust-embedded-key", "--public-key", OTHER_KEY)
    assert ran.exit_code == 2
    assert "not both" in ran.err


def test_trusting_an_embedded_key_needs_one(capsys: pytest.CaptureFixture[str], tmp_path: Path, receipt: str) -> None:
    """A bare JWS has none."""
    file = tmp_path / "receipt.jws"
    file.write_text(receipt)
    ran = run(capsys, "receipt", "verify", str(file), "--trust-embedded-key")
    assert ran.exit_code == 2
    assert "--public-key" in ran.err


def test_a_key_in_pem_is_taken_from_its_file(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, key: ec.EllipticCurvePrivateKey, receipt: str
) -> None:
    """A file with BEGIN PUBLIC KEY lines is a key, too."""
    body = public_key_to_spki_b64(key.public_key())
    pem = tmp_path / "key.pem"
    pem.write_text(f"-----BEGIN PUBLIC KEY-----\n{body[:64]}\n{body[64:]}\n-----END PUBLIC KEY-----\n")
    file = tmp_path / "receipt.jws"
    file.write_text(receipt)
    assert run(capsys, "receipt", "verify", str(file), "--public-key", str(pem)).exit_code == 0


def test_a_changed_receipt_fails_with_the_reason(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, key: ec.EllipticCurvePrivateKey, receipt: str
) -> None:
    """Exit code 1, one line, nothing of the payload."""
    header, _, signature = receipt.split(".")
    forged = base64.urlsafe_b64encode(json.dumps(SIGNED | {"status": "denied"}).encode()).decode().rstrip("=")
    file = tmp_path / "receipt.jws"
    file.write_text(f"{header}.{forged}.{signature}")
    ran = run(capsys, "receipt", "verify", str(file), "--public-key", public_key_to_spki_b64(key.public_key()))
    assert (ran.exit_code, ran.out) == (1, "")
    assert "proves nothing" in ran.err


@pytest.mark.parametrize("text", ["", "{}", "not a receipt", '{"jws": 1}'])
def test_what_is_no_receipt_fails_in_one_line(capsys: pytest.CaptureFixture[str], tmp_path: Path, text: str) -> None:
    """No traceback for any input."""
    file = tmp_path / "receipt.jws"
    file.write_text(text)
    key = public_key_to_spki_b64(ec.generate_private_key(ec.SECP256R1()).public_key())
    ran = run(capsys, "receipt", "verify", str(file), "--public-key", key)
    assert ran.exit_code == 1
    assert ran.err.startswith("pushward: ")


def test_without_a_key_it_is_misused(capsys: pytest.CaptureFixture[str], tmp_path: Path, receipt: str) -> None:
    """Exit code 2, and what to give."""
    file = tmp_path / "receipt.jws"
    file.write_text(receipt)
    ran = run(capsys, "receipt", "verify", str(file))
    assert ran.exit_code == 2
    assert "--public-key" in ran.err


def test_a_file_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 1, the file's name in the line."""
    ran = run(capsys, "receipt", "verify", "nowhere.jws", "--public-key", OTHER_KEY)
    assert ran.exit_code == 1
    assert "nowhere.jws" in ran.err
