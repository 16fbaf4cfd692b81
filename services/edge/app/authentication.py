"""Who asks: HTTP Basic, checked by registry, carried by every inner request. Nothing is remembered here.

Credentials come in the Authorization header only; a token in a query string is not looked at.
"""

import base64
import binascii
import secrets
from typing import Final

from starlette.types import Scope

from pushward.api.common.v1.common_pb2 import DevicePrincipal, RequestContext
from pushward.api.registry.v1.registry_pb2 import AuthenticateRequest
from pushward.api.registry.v1.registry_pb2_grpc import RegistryStub
from pushward.errors import UnauthenticatedError
from pushward.rpc.context import device_of
from services.edge.app.headers import header
from services.edge.app.tracing import ID_BYTES, correlation_id

CREDENTIALS_BYTES_MAX: Final = 4096

_SCHEME: Final = b"basic "
_MISSING: Final = "Authenticate with HTTP Basic: an account's SID and auth token, an API key, or a device's token."
_MALFORMED: Final = "The Authorization header isn't HTTP Basic: base64 of `user:password` in UTF-8."


def basic_credentials(scope: Scope) -> tuple[str, str]:
    """User and password of a request (RFC 7617). Raises UnauthenticatedError if they are missing or unreadable."""
    value = header(scope, b"authorization")
    if value is None:
        raise UnauthenticatedError(_MISSING)
    if len(value) > CREDENTIALS_BYTES_MAX or value[: len(_SCHEME)].lower() != _SCHEME:
        raise UnauthenticatedError(_MALFORMED)
    try:
        decoded = base64.b64decode(value[len(_SCHEME) :].strip(), validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise UnauthenticatedError(_MALFORMED) from error
    user, colon, password = decoded.partition(":")
    if not colon or "\0" in decoded:
        raise UnauthenticatedError(_MALFORMED)
    return user, password


class Authentication:
    """Turns a request's credentials into the context of the calls that it causes."""

    def __init__(self, registry: RegistryStub) -> None:
        self._registry = registry

    async def context(self, scope: Scope) -> RequestContext:
        """The caller with a fresh command id, in the trace that it brings or a new one. One call of registry.

        Raises UnauthenticatedError.
        """
        user, password = basic_credentials(scope)
        reply = await self._registry.Authenticate(AuthenticateRequest(username=user, password=password))
        return RequestContext(
            principal=reply.principal,
            command_id=secrets.token_bytes(ID_BYTES),
            correlation_id=correlation_id(scope),
        )

    async def device(self, scope: Scope) -> DevicePrincipal:
        """The live factor whose device asks. Raises UnauthenticatedError, ForbiddenError for anyone else."""
        return device_of(await self.context(scope))
