"""What callers may write into a TOTP factor (contract section 1a): its secret, its configuration, its codes.

Pure functions as in ``rules``: each raises BadRequestError with the contract's code and names the parameter.
"""

import re
from dataclasses import dataclass
from typing import Final

from pushward import error_codes
from pushward.errors import BadRequestError
from pushward.security import totp
from pushward.values import TotpAlgorithm, TotpConfig

SECRET_BYTES_MIN: Final = 10
"""Less than RFC 4226 asks for, since many an authenticator has been set up with 80 bits, and shall move over."""
SECRET_BYTES_MAX: Final = 128
SECRET_CHARACTERS_MAX: Final = 256
TIME_STEP_SECONDS_MIN: Final = 20
TIME_STEP_SECONDS_MAX: Final = 60
SKEW_MIN: Final = 0
SKEW_MAX: Final = 2
CODE_LENGTH_MIN: Final = 3
CODE_LENGTH_MAX: Final = 8

_CODE: Final = re.compile(rf"[0-9]{{{CODE_LENGTH_MIN},{CODE_LENGTH_MAX}}}")


@dataclass(frozen=True, slots=True)
class TotpConfigPatch:
    """What a caller gives of a configuration, as it came; None is left as it is."""

    alg: str | None = None
    skew: int | None = None
    code_length: int | None = None
    time_step: int | None = None


def secret(text: str) -> bytes:
    """The secret of ``Binding.Secret``. Raises BadRequestError 60314."""
    if len(text) > SECRET_CHARACTERS_MAX:
        raise BadRequestError("Binding.Secret is too long.", code=error_codes.INVALID_BINDING)
    try:
        given = totp.secret_of(text)
    except ValueError as error:
        raise BadRequestError("Binding.Secret must be base32.", code=error_codes.INVALID_BINDING) from error
    if not SECRET_BYTES_MIN <= len(given) <= SECRET_BYTES_MAX:
        raise BadRequestError(
            f"Binding.Secret must stand for {SECRET_BYTES_MIN} to {SECRET_BYTES_MAX} bytes.",
            code=error_codes.INVALID_BINDING,
        )
    return given


def config(present: TotpConfig, patch: TotpConfigPatch) -> TotpConfig:
    """``present`` with what the patch sets. Raises BadRequestError 60370."""
    return TotpConfig(
        alg=_algorithm(patch.alg) if patch.alg else present.alg,
        skew=_within("Config.Skew", patch.skew, present.skew, range(SKEW_MIN, SKEW_MAX + 1)),
        code_length=_within(
            "Config.CodeLength", patch.code_length, present.code_length, range(CODE_LENGTH_MIN, CODE_LENGTH_MAX + 1)
        ),
        time_step=_within(
            "Config.TimeStep",
            patch.time_step,
            present.time_step,
            range(TIME_STEP_SECONDS_MIN, TIME_STEP_SECONDS_MAX + 1),
        ),
    )


def code(text: str) -> str:
    """A code that may be right; one of another length than the factor's is wrong. Raises BadRequestError 60306."""
    if _CODE.fullmatch(text) is None:
        raise BadRequestError(
            f"AuthPayload must be a code of {CODE_LENGTH_MIN} to {CODE_LENGTH_MAX} digits.",
            code=error_codes.INVALID_REQUEST,
        )
    return text


def _algorithm(text: str) -> TotpAlgorithm:
    try:
        return TotpAlgorithm(text)
    except ValueError as error:
        raise BadRequestError("Config.Alg must be sha1, sha256 or sha512.", code=error_codes.INVALID_CONFIG) from error


def _within(parameter: str, wanted: int | None, present: int, bounds: range) -> int:
    if wanted is None:
        return present
    if wanted not in bounds:
        raise BadRequestError(f"{parameter} must be {bounds[0]} to {bounds[-1]}.", code=error_codes.INVALID_CONFIG)
    return wanted
