"""Access tokens: issued by an account for one identity; shown once."""

import secrets
from datetime import timedelta

from pushward import ids
from pushward.api.registry.v1 import registry_pb2
from pushward.clock import milliseconds
from pushward.errors import NotFoundError
from pushward.eventlog.commands import Change, CommandRunner, Plan
from pushward.eventlog.port import Guard
from pushward.ids import Sid
from pushward.rpc.context import account_of, command_id_of
from pushward.security import access_token
from pushward.security.keys import KeyRing
from pushward.security.sealing import Sealer
from pushward.security.secret import Secret
from pushward.values import Sealed
from services.registry.app import messages, sealed_fields
from services.registry.app.entity_keys import EntityKeys
from services.registry.app.origins import origin_of
from services.registry.app.paths import EntityPath, found_service, new_entity_path, service_sid_of
from services.registry.app.ports import LoadedEntity, RegistryStore
from services.registry.app.streams import Streams
from services.registry.domain import rules
from services.registry.domain.decider import access_token as decider
from services.registry.domain.events import AccessTokenIssued
from services.registry.domain.state import AccessTokenRecord, AccessTokenState


class AccessTokens:
    """The commands and queries on access tokens."""

    def __init__(
        self, runner: CommandRunner, streams: Streams, store: RegistryStore, keys: KeyRing, sealer: Sealer
    ) -> None:
        self._runner = runner
        self._streams = streams
        self._store = store
        self._keys = EntityKeys(keys)
        self._sealer = sealer

    async def create(self, request: registry_pb2.CreateAccessTokenRequest) -> registry_pb2.AccessToken:
        """A new token, for an identity that may not exist yet.

        Raises NotFoundError 20404, BadRequestError 60305, 60367.
        """
        account_sid = account_of(request.context).account_sid
        factor_type = rules.access_token_factor_type(request.factor_type)
        ttl_seconds = rules.ttl_seconds(request.ttl if request.HasField("ttl") else None)
        friendly_name = rules.access_token_friendly_name(request.factor_friendly_name)
        path = await new_entity_path(self._store, account_sid, request.service_sid, request.identity)

        async def plan() -> Plan[tuple[AccessTokenRecord, Secret]]:
            loaded = await self._store.entity(path.account_sid, path.service_sid, path.stream_id)
            found_service(loaded)
            now = loaded.now
            sid = ids.new_sid(ids.ACCESS_TOKEN, path.shard, milliseconds(now), secrets.randbits(ids.RANDOM_BITS))
            token = access_token.new(sid, secrets.token_bytes(access_token.RANDOM_BYTES))
            stream_id = ids.stream_of_sid(sid)
            issued = AccessTokenIssued(
                access_token_sid=sid,
                account_sid=Sid(path.account_sid),
                service_sid=path.service_sid,
                identity=path.identity,
                factor_type=factor_type,
                factor_friendly_name=await self._sealed_name(path, loaded, sid, friendly_name),
                token_digest=access_token.digest(token),
                ttl_seconds=ttl_seconds,
                expires_at=now + timedelta(seconds=ttl_seconds),
                entity_deletions=loaded.state.deletions,
            )
            state = AccessTokenState()
            events = decider.decide_issue(state, issued)
            change = Change(self._streams.access_tokens, stream_id, state, events, now)
            # Whoever is forgotten meanwhile gets no name under a key that is being destroyed.
            guards = () if friendly_name is None else (Guard(path.stream_id, loaded.state.version),)
            return Plan([change], lambda after: (after[0].token, token), guards=guards)

        # Each makes a stream of its own, so they don't queue for one another.
        record, token = await self._runner.run(command_id_of(request.context), origin_of(request.context), plan)
        return await messages.access_token(record, self._sealer, token=token.reveal())

    async def get(self, request: registry_pb2.GetAccessTokenRequest) -> registry_pb2.AccessToken:
        """A token's record, without the token. Raises NotFoundError 20404."""
        account_sid = account_of(request.context).account_sid
        service_sid = await service_sid_of(self._store, request.service_sid)
        sid = ids.parse_sid(request.access_token_sid, ids.ACCESS_TOKEN, await self._store.shard_count())
        record = None if sid is None else await self._store.access_token(account_sid, service_sid, sid)
        if record is None:
            raise NotFoundError("The access token was not found.")
        return await messages.access_token(record, self._sealer)

    async def _sealed_name(
        self, path: EntityPath, loaded: LoadedEntity, sid: Sid, friendly_name: str | None
    ) -> Sealed | None:
        """With the key of whoever has the identity or will have it, so that it is forgotten with them."""
        if friendly_name is None:
            return None
        key_id = await self._keys.of_living_or_next(path, loaded.state)
        field = sealed_fields.factor_friendly_name(sid)
        return await self._sealer.seal(key_id, ids.stream_of_sid(sid), field, friendly_name)
