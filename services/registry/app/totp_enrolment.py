"""Agrees on secrets for codes: creates TOTP factors, for an account (contract section 5).

The secret is told once, in answer to the creation; from then on it is sealed, and never leaves registry.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pushward import ids
from pushward.api.common.v1 import common_pb2
from pushward.api.registry.v1 import registry_pb2
from pushward.clock import milliseconds
from pushward.eventlog.commands import Change, CommandRunner, Plan
from pushward.rpc.context import account_sid_of
from pushward.security import totp
from pushward.security.sealing import Sealer
from pushward.values import TotpAlgorithm, TotpConfig
from services.registry.app import messages, sealed_fields
from services.registry.app.new_entities import NewEntities
from services.registry.app.origins import forbidden, origin_of
from services.registry.app.paths import EntityPath, found_service, new_entity_path
from services.registry.app.ports import RegistryStore
from services.registry.app.streams import Streams
from services.registry.domain import rules, totp_rules
from services.registry.domain.commands import CreateTotpFactor
from services.registry.domain.decider import access_token as token_decider
from services.registry.domain.decider import totp as decider
from services.registry.domain.decider.entity import live_factor
from services.registry.domain.service_settings import ServiceSettings
from services.registry.domain.state import FactorRecord, ServiceRecord
from services.registry.domain.totp_rules import TotpConfigPatch


@dataclass(frozen=True, slots=True)
class _Wanted:
    """The factor that the caller wants, in plain text, valid but for what the service's defaults decide."""

    friendly_name: str
    secret: bytes
    config: TotpConfigPatch
    metadata: str | None


@dataclass(frozen=True, slots=True)
class _Enrolled:
    """The new factor, and the service that it is named for."""

    factor: FactorRecord
    service: ServiceRecord


class TotpEnrolment:
    """The command CreateFactor for TOTP factors."""

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
        """The new factor with its secret.

        Raises ForbiddenError 20403, 60313; BadRequestError 60306, 60314, 60315, 60367, 60370; NotFoundError 20404;
        ConflictError 60317; TooManyRequestsError 60326, 60328.
        """
        _require_account(request.context)
        path = await new_entity_path(
            self._store, account_sid_of(request.context), request.service_sid, request.identity
        )
        wanted = _wanted(request)

        async def plan() -> Plan[_Enrolled]:
            loaded = await self._store.entity(path.account_sid, path.service_sid, path.stream_id)
            service = found_service(loaded)
            config = totp_rules.config(_defaults(service.settings), wanted.config)
            decider.refuse_totp_factor(loaded.state, loaded.now)  # before a key is made for nothing
            entity = await self._new_entities.new_or_living(path, loaded)
            command = await self._command(path, wanted, config, entity.key_id, loaded.now)
            events = decider.decide_create_totp_factor(loaded.state, entity, command, loaded.now)
            change = Change(self._streams.entities, path.stream_id, loaded.state, events, loaded.now)
            return Plan([change], lambda after: _Enrolled(live_factor(after[0], command.factor_sid), service))

        enrolled = await self._runner.run(path.stream_id, origin_of(request.context), plan)
        factor = await messages.factor(enrolled.factor, self._sealer)
        factor.totp_binding.CopyFrom(_binding(enrolled, wanted))
        return factor

    async def _command(
        self, path: EntityPath, wanted: _Wanted, config: TotpConfig, key_id: UUID, now: datetime
    ) -> CreateTotpFactor:
        sid = ids.new_sid(ids.FACTOR, path.shard, milliseconds(now), secrets.randbits(ids.RANDOM_BITS))
        seal, seal_optional, stream_id = self._sealer.seal, self._sealer.seal_optional, path.stream_id
        return CreateTotpFactor(
            factor_sid=sid,
            friendly_name=await seal(key_id, stream_id, sealed_fields.friendly_name(sid), wanted.friendly_name),
            secret=await seal(key_id, stream_id, sealed_fields.totp_secret(sid), totp.secret_text(wanted.secret)),
            secret_digest=await self._sealer.digest(key_id, stream_id, totp.unpadded(wanted.secret)),
            config=config,
            metadata=await seal_optional(key_id, stream_id, sealed_fields.metadata(sid), wanted.metadata),
        )


def _require_account(context: common_pb2.RequestContext) -> None:
    """Raises ForbiddenError: 60313 for the bearer of an access token, which is for another type; 20403 for a device."""
    match context.principal.WhichOneof("kind"):
        case "account":
            return
        case "access_token":
            raise token_decider.unauthorized()
        case _:
            raise forbidden()


def _wanted(request: registry_pb2.CreateFactorRequest) -> _Wanted:
    return _Wanted(
        friendly_name=rules.friendly_name(request.friendly_name),
        secret=(
            totp_rules.secret(request.binding_secret)
            if request.binding_secret
            else secrets.token_bytes(totp.SECRET_BYTES)
        ),
        config=messages.totp_patch(request.totp),
        metadata=rules.metadata(request.metadata_json if request.HasField("metadata_json") else None),
    )


def _defaults(settings: ServiceSettings) -> TotpConfig:
    return TotpConfig(TotpAlgorithm.SHA1, settings.totp_skew, settings.totp_code_length, settings.totp_time_step)


def _binding(enrolled: _Enrolled, wanted: _Wanted) -> registry_pb2.TotpBinding:
    service, config = enrolled.service, enrolled.factor.totp_config
    assert config is not None
    issuer = service.settings.totp_issuer or service.friendly_name
    return registry_pb2.TotpBinding(
        secret=totp.secret_text(wanted.secret),
        uri=totp.otpauth_uri(wanted.secret, issuer, wanted.friendly_name, config),
    )
