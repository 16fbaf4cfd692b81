"""Enrols devices: creates push factors, for an account or for the bearer of an access token (contract section 3.2).

The factor, its entity where there is none, and the access token's end are one append. A device that lost the answer
asks again with the same token and the same key, and gets the same factor.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pushward import ids
from pushward.api.common.v1 import common_pb2
from pushward.api.registry.v1 import registry_pb2
from pushward.clock import milliseconds
from pushward.eventlog.commands import Change, CommandRunner, Plan
from pushward.ids import Sid
from pushward.rpc.context import account_sid_of
from pushward.security.sealing import Sealer
from pushward.values import FactorType
from services.registry.app import messages, sealed_fields
from services.registry.app.new_entities import NewEntities
from services.registry.app.origins import forbidden, origin_of
from services.registry.app.paths import EntityPath, found_service, new_entity_path
from services.registry.app.ports import LoadedEntity, RegistryStore
from services.registry.app.streams import Streams
from services.registry.domain import rules
from services.registry.domain.commands import CreatePushFactor
from services.registry.domain.decider import access_token as token_decider
from services.registry.domain.decider import entity as decider
from services.registry.domain.rules import PushConfig
from services.registry.domain.state import AccessTokenRecord, FactorRecord


@dataclass(frozen=True, slots=True)
class _Wanted:
    """The factor that the caller wants, in plain text, valid."""

    friendly_name: str
    public_key: bytes
    config: PushConfig
    metadata: str | None


class Enrolment:
    """The command CreateFactor, for every type but TOTP."""

    def __init__(
        self,
        runner: CommandRunner,
        streams: Streams,
        store: RegistryStore,
        new_entities: NewEntities,
        sealer: Sealer,
    ) -> None:
        self._runner = runner
        self._streams = streams
        self._store = store
        self._new_entities = new_entities
        self._sealer = sealer

    async def create(self, request: registry_pb2.CreateFactorRequest) -> registry_pb2.Factor:
        """The new factor, or the one that this access token has enrolled already with the same key.

        Raises ForbiddenError 20403, 60313; BadRequestError 60306, 60314, 60315, 60367, 60369, 60370, 52004;
        NotFoundError 20404; ConflictError 60317; TooManyRequestsError 60326, 60328; UnauthenticatedError 20104.
        """
        bearer = _bearer(request.context)
        path = await new_entity_path(
            self._store, account_sid_of(request.context), request.service_sid, request.identity
        )
        if bearer is not None and (bearer.service_sid, bearer.identity) != (path.service_sid, path.identity):
            raise token_decider.unauthorized()
        wanted = _wanted(request)

        async def plan() -> Plan[FactorRecord]:
            loaded = await self._store.entity(
                path.account_sid,
                path.service_sid,
                path.stream_id,
                access_token_sid=None if bearer is None else bearer.access_token_sid,
            )
            found_service(loaded)
            if bearer is None:
                return await self._plan(path, wanted, loaded, None)
            token = loaded.token.token
            assert token is not None, "it was authenticated, and tokens are never removed"
            if token.factor_sid is not None:
                enrolled = _enrolled_before(loaded, token, wanted)
                return Plan([], lambda after: enrolled)
            return await self._plan(
                path, wanted, loaded, token_decider.spendable(loaded.token, loaded.state, loaded.now)
            )

        record = await self._runner.run(path.stream_id, origin_of(request.context), plan)
        return await messages.factor(record, self._sealer)

    async def _plan(
        self,
        path: EntityPath,
        wanted: _Wanted,
        loaded: LoadedEntity,
        token: AccessTokenRecord | None,
    ) -> Plan[FactorRecord]:
        settings = found_service(loaded).settings
        decider.refuse_push_factor(
            loaded.state, wanted.public_key, wanted.config.platform, settings, loaded.now
        )  # before a key is made for nothing
        entity = await self._new_entities.new_or_living(path, loaded)
        command = await self._command(path, wanted, entity.key_id, loaded.now)
        events = decider.decide_create_push_factor(
            loaded.state,
            entity,
            command,
            settings,
            loaded.now,
            access_token_sid=None if token is None else token.sid,
        )
        changes: list[Change[Any]] = [  # Any: streams of two kinds
            Change(self._streams.entities, path.stream_id, loaded.state, events, loaded.now)
        ]
        if token is not None:
            spent = token_decider.decide_spend(loaded.token, loaded.state, command.factor_sid, loaded.now)
            changes.append(Change(self._streams.access_tokens, token.stream_id, loaded.token, spent, loaded.now))
        return Plan(
            changes,
            lambda after: decider.live_factor(after[0], command.factor_sid),
            not_after=None if token is None else token.expires_at,
        )

    async def _command(self, path: EntityPath, wanted: _Wanted, key_id: UUID, now: datetime) -> CreatePushFactor:
        sid = ids.new_sid(ids.FACTOR, path.shard, milliseconds(now), secrets.randbits(ids.RANDOM_BITS))
        seal, seal_optional, stream_id = self._sealer.seal, self._sealer.seal_optional, path.stream_id
        return CreatePushFactor(
            factor_sid=Sid(sid),
            friendly_name=await seal(key_id, stream_id, sealed_fields.friendly_name(sid), wanted.friendly_name),
            public_key=wanted.public_key,
            app_id=wanted.config.app_id,
            sdk_version=wanted.config.sdk_version,
            notification_platform=wanted.config.platform,
            notification_token=await seal_optional(
                key_id, stream_id, sealed_fields.notification_token(sid), wanted.config.token
            ),
            metadata=await seal_optional(key_id, stream_id, sealed_fields.metadata(sid), wanted.metadata),
        )


def _bearer(context: common_pb2.RequestContext) -> common_pb2.AccessTokenPrincipal | None:
    """Whose access token it is; None for an account. Raises ForbiddenError 20403 for a device."""
    match context.principal.WhichOneof("kind"):
        case "account":
            return None
        case "access_token":
            return context.principal.access_token
        case _:
            raise forbidden()


def _wanted(request: registry_pb2.CreateFactorRequest) -> _Wanted:
    assert rules.factor_type(request.factor_type) is FactorType.PUSH, "TOTP factors have an enrolment of their own"
    return _Wanted(
        friendly_name=rules.friendly_name(request.friendly_name),
        public_key=rules.public_key(request.binding_alg, request.binding_public_key),
        config=rules.push_config(
            request.app_id,
            request.sdk_version,
            request.notification_platform,
            request.notification_token if request.HasField("notification_token") else None,
        ),
        metadata=rules.metadata(request.metadata_json if request.HasField("metadata_json") else None),
    )


def _enrolled_before(loaded: LoadedEntity, token: AccessTokenRecord, wanted: _Wanted) -> FactorRecord:
    """The factor of a spent token, for who has its key. Raises ForbiddenError 60313, also once it was deleted."""
    factor = loaded.state.live_factor(token.factor_sid)
    if factor is None or factor.public_key != wanted.public_key:
        raise token_decider.unauthorized()
    return factor
