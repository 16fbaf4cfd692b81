"""What the SDK tells its app (contract section 1c, the local codes).

SdkError
├── NetworkError             an answer that isn't a success, or none that can be read
├── MapperError              a success whose body the SDK can't read
└── InputError               refused before anything is sent
    ├── WrongFactorError             a challenge of another factor
    ├── ExpiredChallengeError
    ├── AlreadyUpdatedError          answered before
    ├── SignatureFieldsError         nothing to sign
    └── NotUpdatedError              sent, and the challenge is still something else
"""


class SdkError(Exception):
    """The root."""


class NetworkError(SdkError):
    """``status`` is HTTP's, None if the SDK got none; ``code`` is the envelope's, None if it can't be read."""

    def __init__(self, status: int | None, code: int | None, text: str) -> None:
        super().__init__(f"{status} {code}: {text}")
        self.status = status
        self.code = code


class MapperError(SdkError):
    """A success whose body the SDK can't read."""


class InputError(SdkError):
    """Refused on the device."""


class WrongFactorError(InputError):
    """A challenge of another factor."""


class ExpiredChallengeError(InputError):
    """Too late."""


class AlreadyUpdatedError(InputError):
    """Answered before."""


class SignatureFieldsError(InputError):
    """Nothing to sign, or a name that the answer doesn't have."""


class NotUpdatedError(InputError):
    """Sent, and the challenge is still something else."""
