"""What a device authenticates with: everything but the right token is a 401 with a Date (contract sections 3.4, 10)."""

import time
from email.utils import parsedate_to_datetime
from typing import Any, Final

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pushward_device import SystemClock

from tests.e2e.conftest import Enrol
from tests.support import jws, plain_http
from tests.support.phone import Phone
from tests.support.tenant import Tenant, answered, refused

HOUR: Final = 3600
CLOCK_SECONDS_OFF_MAX: Final = 60.0


def assert_dated(answer: httpx.Response) -> None:
    """The answer says what time it is here."""
    said = parsedate_to_datetime(answer.headers["Date"]).timestamp()
    assert abs(said - time.time()) < CLOCK_SECONDS_OFF_MAX


async def test_the_right_token_is_accepted(phone: Phone) -> None:
    """What the other tests change is right to begin with."""
    assert answered(await phone.get(phone.path), 200)["sid"] == phone.sid


@pytest.mark.provokes(20003)
async def test_another_key_is_refused(phone: Phone) -> None:
    """A signature by a key that isn't the factor's."""
    answer = await phone.get(phone.path, phone.token(key=ec.generate_private_key(ec.SECP256R1())))
    assert refused(answer) == (401, 20003)
    assert_dated(answer)


@pytest.mark.parametrize(
    "header",
    [
        {"typ": "JWS"},
        {"typ": None},
        {"cty": "twilio-pba;v=2"},
        {"cty": None},
        {"alg": "ES384"},
        {"alg": None},
        {"kid": None},
        {"kid": "CR" + "0" * 32},
        {"kid": "nonsense"},
        {"crit": ["exp"]},
    ],
    ids=str,
)
async def test_a_wrong_header_is_refused(phone: Phone, header: dict[str, Any]) -> None:
    """Rightly signed, but not the token that is asked for. Any: whatever an attacker writes."""
    answer = await phone.get(phone.path, phone.token(header=header))
    assert refused(answer) == (401, 20003)
    assert_dated(answer)


@pytest.mark.parametrize(
    ("nbf", "exp", "code"),
    [
        (-HOUR - 600, -HOUR, 20104),  # expired
        (HOUR, HOUR + 600, 20104),  # not yet valid
        (0, HOUR, 20003),  # too long
        (0, None, 20003),
        (None, 600, 20003),
    ],
)
async def test_a_token_out_of_its_time_is_refused(phone: Phone, nbf: int | None, exp: int | None, code: int) -> None:
    """Expired, not yet valid, or living too long; always with a Date, by which a device corrects its clock."""
    now = int(time.time())
    claims = {"nbf": None if nbf is None else now + nbf, "exp": None if exp is None else now + exp}
    answer = await phone.get(phone.path, phone.token(claims=claims))
    assert refused(answer) == (401, code)
    assert_dated(answer)


@pytest.mark.parametrize("claims", [{"sub": "AC" + "0" * 32}, {"sub": None}, {"exp": "soon"}, {"exp": 1e12}], ids=str)
async def test_wrong_claims_are_refused(phone: Phone, claims: dict[str, Any]) -> None:
    """Another account's, nobody's, no integers. Any: whatever an attacker writes."""
    assert refused(await phone.get(phone.path, phone.token(claims=claims))) == (401, 20003)


async def test_alg_none_is_refused(phone: Phone) -> None:
    """An unsigned token."""
    header, claims = phone.token_parts()
    assert refused(await phone.get(phone.path, jws.unsigned(claims, header))) == (401, 20003)


@pytest.mark.parametrize(
    ("encoding", "form"),
    [
        (Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        (Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        (Encoding.X962, PublicFormat.UncompressedPoint),
    ],
    ids=["der", "pem", "point"],
)
async def test_hs256_with_the_public_key_is_refused(phone: Phone, encoding: Encoding, form: PublicFormat) -> None:
    """The public key is no shared secret, in whatever form it is written."""
    header, claims = phone.token_parts()
    secret = phone.key.public_key().public_bytes(encoding, form)
    assert refused(await phone.get(phone.path, jws.hs256(secret, claims, header))) == (401, 20003)


@pytest.mark.parametrize("password", ["", "x", "a.b.c", "ä.ö.ü", "." * 100, "A" * 5000])
async def test_nonsense_is_refused(phone: Phone, password: str) -> None:
    """401 with the envelope, never a 500."""
    answer = await phone.client.get(phone.path, auth=("token", password))
    assert refused(answer)[0] == 401
    assert_dated(answer)


async def test_a_token_changed_after_signing_is_refused(phone: Phone) -> None:
    """Each part matters."""
    parts = phone.token().split(".")
    for place in range(3):
        other = phone.token(claims={"nbf": int(time.time()) - 7}).split(".")
        mixed = [other[place] if index == place else part for index, part in enumerate(parts)]
        if mixed != parts:
            assert refused(await phone.get(phone.path, ".".join(mixed))) == (401, 20003)


async def test_a_wrong_backend_is_refused(tenant: Tenant) -> None:
    """No credentials, a wrong auth token, an unknown account: 401 20003."""
    account = tenant.account
    wrong = [("", ""), (account.sid, "wrong"), ("AC" + "0" * 32, account.auth_token), ("SK" + "0" * 32, "x")]
    async with plain_http.client(tenant.base_url) as client:
        assert refused(await client.get("/v2/Services")) == (401, 20003)
        for credentials in wrong:
            assert refused(await client.get("/v2/Services", auth=credentials)) == (401, 20003), credentials
        for header in ("Bearer x", "Basic", "Basic !!!", "Basic dG9rZW4="):
            answer = await client.get("/v2/Services", headers={"Authorization": header})
            assert refused(answer) == (401, 20003), header


class SkewedClock(SystemClock):
    """A device whose clock is far off."""

    def __init__(self, off_seconds: float) -> None:
        self._off_seconds = off_seconds

    def now(self) -> float:
        """What this device believes."""
        return super().now() + self._off_seconds


@pytest.mark.parametrize("off_seconds", [-86400.0, 86400.0], ids=["slow", "fast"])
@pytest.mark.provokes(20104)
async def test_a_device_with_a_wrong_clock_recovers(
    tenant: Tenant, enrol: Enrol, service: str, off_seconds: float
) -> None:
    """A 401 with a Date tells it the time; it enrols, and answers a challenge."""
    phone = await enrol(service, clock=SkewedClock(off_seconds))
    assert abs(phone.store.clock_correction_seconds + off_seconds) < CLOCK_SECONDS_OFF_MAX
    created = await tenant.challenge(phone.entity, phone.sid)
    assert (await phone.decide(created["sid"], "approved")).status == "approved"
