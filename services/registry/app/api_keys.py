"""API keys: created, read, revoked by their account's auth token, or by an operator; the secret is shown once.

A key may do all that its account may, but manage keys: one that leaked could otherwise outlive its revocation in
another that it had made.
"""

import secrets
from collections.abc import Sequence
from uuid import uuid4

from pushward import error_codes, ids
from pushward.api.common.v1 import common_pb2
from pushward.api.registry.v1 import registry_pb2
from pushward.clock import milliseconds
from pushward.database.paging import Page
from pushward.errors import ForbiddenError
from pushward.eventlog.commands import Change, CommandRunner, Plan
from pushward.eventlog.event import Origin
from pushward.ids import Sid
from pushward.rpc.context import account_of
from pushward.security import account_credentials
from pushward.security.keys import INSTALLATION_KEY_ID, KeyRing
from pushward.security.sealing import Sealer
from services.registry.app import messages, sealed_fields
from services.registry.app.origins import operators, origin_of
from services.registry.app.ports import RegistryStore, api_key_key
from services.registry.app.streams import Streams
from services.registry.domain import rules
from services.registry.domain.decider import account as account_decider
from services.registry.domain.decider import api_key as decider
from services.registry.domain.events import ApiKeyCreated
from services.registry.domain.state import ApiKeyRecord


class ApiKeys:
    """The commands and queries on API keys; ``asked_to_…`` for the wire, the others for whoever may do so anyway."""

    def __init__(self, runner: CommandRunner, streams: Streams, store: RegistryStore, keys: KeyRing) -> None:
        self._runner = runner
        self._streams = streams
        self._store = store
        self._keys = keys
        self._sealer = Sealer(keys)

    async def asked_to_create(self, request: registry_pb2.CreateApiKeyRequest) -> registry_pb2.ApiKey:
        """A new key. Raises BadRequestError 60300, ConflictError 20409, ForbiddenError 20403."""
        return await self.create(_manager(request.context), request.friendly_name, origin_of(request.context))

    async def asked_to_revoke(self, request: registry_pb2.RevokeApiKeyRequest) -> None:
        """A key is refused, for good. Raises NotFoundError 20404, ForbiddenError 20403."""
        await self.revoke(_manager(request.context), request.api_key_sid, origin_of(request.context))

    async def asked_to_get(self, request: registry_pb2.GetApiKeyRequest) -> registry_pb2.ApiKey:
        """A live key of the account, without its secret. Raises NotFoundError 20404, ForbiddenError 20403."""
        loaded = await self._store.account(_manager(request.context))
        record = decider.live(loaded.state, await self._sid_of(request.api_key_sid))
        return await messages.api_key(record, self._sealer)

    async def asked_to_list(self, request: registry_pb2.ListApiKeysRequest) -> registry_pb2.ListApiKeysReply:
        """A page of the account's live keys. Raises BadRequestError 60373, 60374, ForbiddenError 20403."""
        account_sid = _manager(request.context)
        page = Page.requested(request.page)
        loaded = await self._store.account(account_sid)
        shown = page.shown(page.scan().over(loaded.state.live_api_keys, api_key_key), api_key_key)
        return registry_pb2.ListApiKeysReply(
            api_keys=[await messages.api_key(record, self._sealer) for record in shown.rows], page=shown.reply
        )

    async def create(self, account_sid: Sid, friendly_name: str, origin: Origin) -> registry_pb2.ApiKey:
        """A new key of an account, with the secret.

        Raises BadRequestError 60300, NotFoundError for an unknown account, ConflictError 20409.
        """
        name = rules.api_key_friendly_name(friendly_name)
        secret = account_credentials.new_secret(secrets.token_bytes(account_credentials.RANDOM_BYTES))
        installation_key = await self._keys.get(INSTALLATION_KEY_ID)
        stream_id = ids.stream_of_sid(account_sid)

        async def plan() -> Plan[ApiKeyRecord]:
            loaded = await self._store.account(account_sid)
            key_id = account_decider.known(loaded.state).key_id
            sid = ids.new_sid(
                ids.API_KEY,
                ids.account_shard(account_sid),
                milliseconds(loaded.now),
                secrets.randbits(ids.RANDOM_BITS),
            )
            created = ApiKeyCreated(
                api_key_sid=sid,
                account_sid=account_sid,
                friendly_name=await self._sealer.seal(
                    key_id, stream_id, sealed_fields.api_key_friendly_name(sid), name
                ),
                secret_digest=account_credentials.digest(installation_key, sid, secret),
            )
            events = decider.decide_create(loaded.state, created)
            change = Change(self._streams.accounts, stream_id, loaded.state, events, loaded.now)
            return Plan([change], lambda after: decider.live(after[0], sid))

        record = await self._runner.run(stream_id, origin, plan)
        return await messages.api_key(record, self._sealer, secret=secret.reveal())

    async def revoke(self, account_sid: Sid, api_key_sid: str, origin: Origin) -> None:
        """A key of an account is refused, for good. Raises NotFoundError 20404."""
        sid = await self._sid_of(api_key_sid)
        stream_id = ids.stream_of_sid(account_sid)

        async def plan() -> Plan[None]:
            loaded = await self._store.account(account_sid)
            events = decider.decide_revoke(loaded.state, sid)
            change = Change(self._streams.accounts, stream_id, loaded.state, events, loaded.now)
            return Plan([change], lambda after: None)

        await self._runner.run(stream_id, origin, plan)

    async def all(self, account_sid: Sid) -> Sequence[registry_pb2.ApiKey]:
        """An account's live keys, API_KEYS_MAX at most. Raises NotFoundError for an unknown account."""
        state = (await self._store.account(account_sid)).state
        account_decider.known(state)
        return [await messages.api_key(record, self._sealer) for record in state.live_api_keys]

    async def _sid_of(self, text: str) -> Sid | None:
        return ids.parse_sid(text, ids.API_KEY, await self._store.shard_count())


class OperatedApiKeys:
    """The same for an operator, of one account."""

    def __init__(self, api_keys: ApiKeys, account_sid: Sid) -> None:
        self._api_keys = api_keys
        self._account_sid = account_sid

    async def create(self, friendly_name: str) -> registry_pb2.ApiKey:
        """A new key, with the secret. Raises BadRequestError 60300, NotFoundError, ConflictError 20409."""
        return await self._api_keys.create(self._account_sid, friendly_name, self._origin())

    async def revoke(self, api_key_sid: str) -> None:
        """A key is refused, for good. Raises NotFoundError 20404."""
        await self._api_keys.revoke(self._account_sid, api_key_sid, self._origin())

    async def all(self) -> Sequence[registry_pb2.ApiKey]:
        """The account's live keys. Raises NotFoundError for an unknown account."""
        return await self._api_keys.all(self._account_sid)

    def _origin(self) -> Origin:
        return operators(self._account_sid, uuid4())


def _manager(context: common_pb2.RequestContext) -> Sid:
    """The account whose own auth token was presented. Raises ForbiddenError 20403 for anybody else."""
    account = account_of(context)
    if account.credential_sid != account.account_sid:
        raise ForbiddenError(
            "API keys can't manage API keys: use the account's auth token.", code=error_codes.FORBIDDEN
        )
    return Sid(account.account_sid)
