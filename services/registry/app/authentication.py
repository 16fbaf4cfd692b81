"""Authenticate: the one place where a credential is checked (DESIGN section 6).

    AC… + auth token            an account, by its token or, while it rotates, by its secondary one
    SK… + secret                the same account, by one of its API keys
    token + <digits>.<random>   the bearer of an access token, spent or not
    token + a JWT               a device, whose factor, entity, service and account all live now

Nobody of a disabled account is known. Whatever is wrong is UnauthenticatedError with one text for all: 20003, or 20101
for an access token that is unknown.
Only who holds the secret or the key learns that it has expired: 20104.
"""

from typing import Final

import structlog

from pushward import error_codes, ids
from pushward.api.common.v1 import common_pb2
from pushward.errors import UnauthenticatedError
from pushward.security import access_token, account_credentials, device_token
from pushward.security.keys import INSTALLATION_KEY_ID, KeyRing
from pushward.security.secret import Secret
from services.registry.app.credential_cache import CredentialCache, PublicKeyCache
from services.registry.app.messages import FACTOR_STATUSES
from services.registry.app.ports import LiveDevice, Lookups, RegistryStore
from services.registry.domain.decider.access_token import is_expired

TOKEN_USERNAME: Final = "token"  # noqa: S105 - the user name that devices send

_log = structlog.get_logger(__name__)


class Authentication:
    """Turns what a caller presents into a principal."""

    def __init__(
        self,
        lookups: Lookups,
        store: RegistryStore,
        keys: KeyRing,
        credentials: CredentialCache,
        public_keys: PublicKeyCache,
    ) -> None:
        self._lookups = lookups
        self._store = store
        self._keys = keys
        self._credentials = credentials
        self._public_keys = public_keys

    async def authenticate(self, username: str, password: Secret) -> common_pb2.Principal:
        """Who it is. Raises UnauthenticatedError 20003, 20101, 20104."""
        if username == TOKEN_USERNAME:
            shard_count = await self._store.shard_count()
            token_sid = access_token.sid_of(password, shard_count)
            if token_sid is not None:
                return await self._bearer(token_sid, password)
            return await self._device(password, shard_count)
        return await self._backend(username, password)

    async def _backend(self, username: str, secret: Secret) -> common_pb2.Principal:
        kind = ids.API_KEY if username.startswith(ids.API_KEY) else ids.ACCOUNT
        sid = ids.parse_sid(username, kind, await self._store.shard_count())
        credential = None if sid is None else await self._credentials.get(sid)
        if credential is None or not credential.usable:
            raise _bad()
        installation_key = await self._keys.get(INSTALLATION_KEY_ID)
        if not account_credentials.matches(installation_key, credential.sid, secret, credential.digests):
            raise _bad()
        return common_pb2.Principal(
            account=common_pb2.AccountPrincipal(account_sid=credential.account_sid, credential_sid=credential.sid)
        )

    async def _bearer(self, token_sid: str, token: Secret) -> common_pb2.Principal:
        bearer = await self._lookups.bearer(token_sid)
        if bearer is None or not access_token.matches(token, bearer.token.token_digest):
            raise UnauthenticatedError(
                "The access token is not valid. Ask for a new one.", code=error_codes.UNKNOWN_ACCESS_TOKEN
            )
        record = bearer.token
        if is_expired(record, bearer.now):
            raise UnauthenticatedError(
                "The access token has expired. Ask for a new one.", code=error_codes.EXPIRED_TOKEN
            )
        return common_pb2.Principal(
            access_token=common_pb2.AccessTokenPrincipal(
                account_sid=record.account_sid,
                service_sid=record.service_sid,
                access_token_sid=record.sid,
                identity=record.identity,
            )
        )

    async def _device(self, text: Secret, shard_count: int) -> common_pb2.Principal:
        try:
            token = device_token.parse(text.reveal(), shard_count)
            device = await self._lookups.device(token.factor_sid)
            if device is None:
                raise _bad()
            key = self._public_keys.get(token.credential_sid, device.public_key)
            device_token.check(token, key=key, account_sid=device.account_sid, now=device.now)
        except device_token.DeviceTokenTimeError as error:
            _log.debug("device_token_refused", reason=str(error))
            raise UnauthenticatedError(
                "The token has expired or isn't valid yet. Check the clock.", code=error_codes.EXPIRED_TOKEN
            ) from error
        except device_token.DeviceTokenError as error:
            _log.debug("device_token_refused", reason=str(error))
            raise _bad() from error
        return _device_principal(device, token.expires_at_seconds)


def _device_principal(device: LiveDevice, expires_at_seconds: int) -> common_pb2.Principal:
    return common_pb2.Principal(
        device=common_pb2.DevicePrincipal(
            account_sid=device.account_sid,
            service_sid=device.service_sid,
            entity_sid=device.entity_sid,
            identity=device.identity,
            factor_sid=device.factor_sid,
            factor_status=FACTOR_STATUSES[device.status],
            public_key=device.public_key,
            entity_stream=device.entity_stream.bytes,
            entity_version=device.entity_version,
            key_id=device.key_id.bytes,
            expires_at_seconds=expires_at_seconds,
        )
    )


def _bad() -> UnauthenticatedError:
    return UnauthenticatedError("The credentials are not valid.", code=error_codes.BAD_CREDENTIALS)
