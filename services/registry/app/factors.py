"""Factors that exist: read, updated, verified, deleted by their account or by their own device.

A device sees one factor, its own; every other is not there for it. The bearer of an access token may answer the
verification of the factor that it has enrolled, and nothing else.
"""

from dataclasses import dataclass
from typing import Final, TypeVar

from pushward.api.common.v1 import common_pb2
from pushward.api.registry.v1 import registry_pb2
from pushward.database.paging import Page
from pushward.eventlog.commands import Change, CommandRunner, Plan
from pushward.ids import Sid
from pushward.rpc.context import account_of
from pushward.security.sealing import Sealer
from services.registry.app import messages, sealed_fields
from services.registry.app.origins import forbidden, origin_of
from services.registry.app.paths import EntityPath, entity_path, factor_path, factor_sid_of, found_service
from services.registry.app.ports import RegistryStore, factor_key
from services.registry.app.streams import Streams
from services.registry.domain import rules
from services.registry.domain.commands import UpdateFactor
from services.registry.domain.decider import entity as decider
from services.registry.domain.rules import PushConfigPatch
from services.registry.domain.state import EntityState, FactorRecord

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Patch:
    """What an update gives, in plain text, valid; None is left as it is."""

    proof: bytes | None
    friendly_name: str | None
    config: PushConfigPatch

    @property
    def only_proves(self) -> bool:
        """Whether it answers the verification and changes nothing."""
        return self.proof is not None and (self.friendly_name, self.config) == (None, _NO_CONFIG)


_NO_CONFIG: Final = PushConfigPatch(None, None, None, None)


class Factors:
    """The commands and queries on factors that exist."""

    def __init__(self, runner: CommandRunner, streams: Streams, store: RegistryStore, sealer: Sealer) -> None:
        self._runner = runner
        self._streams = streams
        self._store = store
        self._sealer = sealer

    async def get(self, request: registry_pb2.GetFactorRequest) -> registry_pb2.Factor:
        """A factor. Raises NotFoundError 20404, 60392, 60390, ForbiddenError 20403."""
        path, factor_sid = await factor_path(self._store, request.context, request)
        loaded = await self._store.entity(path.account_sid, path.service_sid, path.stream_id)
        found_service(loaded)
        return await messages.factor(decider.live_factor(loaded.state, factor_sid), self._sealer)

    async def list(self, request: registry_pb2.ListFactorsRequest) -> registry_pb2.ListFactorsReply:
        """A page of an entity's factors. Raises NotFoundError 20404, 60392, BadRequestError 60373, 60374."""
        account_sid = account_of(request.context).account_sid
        path = await entity_path(self._store, account_sid, request.service_sid, request.identity)
        page = Page.requested(request.page)
        loaded = await self._store.entity(path.account_sid, path.service_sid, path.stream_id)
        found_service(loaded)
        decider.live_entity(loaded.state)
        # The stream was loaded whole: an entity has few factors, by rule.
        shown = page.shown(page.scan().over(loaded.state.live_factors, factor_key), factor_key)
        factors = [await messages.factor(factor, self._sealer) for factor in shown.rows]
        return registry_pb2.ListFactorsReply(factors=factors, page=shown.reply)

    async def delete(self, request: registry_pb2.DeleteFactorRequest) -> None:
        """The factor is gone. Raises NotFoundError 20404, 60392, 60390, ForbiddenError 20403."""
        path, factor_sid = await factor_path(self._store, request.context, request)

        async def plan() -> Plan[None]:
            loaded = await self._store.entity(path.account_sid, path.service_sid, path.stream_id)
            found_service(loaded)
            events = decider.decide_delete_factor(loaded.state, factor_sid)
            change = Change(self._streams.entities, path.stream_id, loaded.state, events, loaded.now)
            return Plan([change], lambda after: None)

        await self._runner.run(path.stream_id, origin_of(request.context), plan)

    async def update(self, request: registry_pb2.UpdateFactorRequest) -> registry_pb2.Factor:
        """The factor, verified, changed, or both.

        Raises NotFoundError 20404, 60392, 60390; ForbiddenError 20403, 60311; BadRequestError 60306, 60370, 52004.
        """
        patch = _patch(request)
        bearer = _bearer(request.context)
        if bearer is None:
            path, factor_sid = await factor_path(self._store, request.context, request)
        else:
            path, factor_sid = await self._place_of_bearer(request, bearer, patch)

        async def plan() -> Plan[FactorRecord]:
            loaded = await self._store.entity(
                path.account_sid,
                path.service_sid,
                path.stream_id,
                access_token_sid=None if bearer is None else bearer.access_token_sid,
            )
            settings = found_service(loaded).settings
            if bearer is not None and (loaded.token.token is None or loaded.token.token.factor_sid != factor_sid):
                raise forbidden()
            command = await self._command(loaded.state, factor_sid, patch)
            events = decider.decide_update_factor(loaded.state, command, settings)
            change = Change(self._streams.entities, path.stream_id, loaded.state, events, loaded.now)
            return Plan([change], lambda after: decider.live_factor(after[0], factor_sid))

        factor = await self._runner.run(path.stream_id, origin_of(request.context), plan)
        return await messages.factor(factor, self._sealer)

    async def _command(self, state: EntityState, factor_sid: Sid, patch: _Patch) -> UpdateFactor:
        """The command, sealed; what the factor says already is left out, so that it records nothing."""
        factor = decider.live_factor(state, factor_sid)
        stream_id, key_id = factor.stream_id, decider.live_entity(state).key_id
        assert key_id is not None
        name, token = patch.friendly_name, patch.config.token
        name_field, token_field = sealed_fields.friendly_name(factor_sid), sealed_fields.notification_token(factor_sid)
        if name is not None and name == await self._sealer.unseal_optional(factor.friendly_name, stream_id, name_field):
            name = None
        if token is not None and token == await self._sealer.unseal_optional(
            factor.notification_token, stream_id, token_field
        ):
            token = None
        return UpdateFactor(
            factor_sid=factor_sid,
            proof=patch.proof,
            friendly_name=await self._sealer.seal_optional(key_id, stream_id, name_field, name),
            app_id=_unless_same(patch.config.app_id, factor.app_id),
            sdk_version=_unless_same(patch.config.sdk_version, factor.sdk_version),
            notification_platform=_unless_same(patch.config.platform, factor.notification_platform),
            notification_token=await self._sealer.seal_optional(key_id, stream_id, token_field, token),
        )

    async def _place_of_bearer(
        self, request: registry_pb2.UpdateFactorRequest, bearer: common_pb2.AccessTokenPrincipal, patch: _Patch
    ) -> tuple[EntityPath, Sid]:
        """The factor whose verification the bearer of an access token answers. Raises ForbiddenError 20403."""
        path = await entity_path(self._store, bearer.account_sid, request.service_sid, request.identity)
        factor_sid = await factor_sid_of(self._store, request.factor_sid)
        if (bearer.service_sid, bearer.identity) != (path.service_sid, path.identity) or not patch.only_proves:
            raise forbidden()
        return path, factor_sid


def _bearer(context: common_pb2.RequestContext) -> common_pb2.AccessTokenPrincipal | None:
    principal = context.principal
    return principal.access_token if principal.WhichOneof("kind") == "access_token" else None


def _patch(request: registry_pb2.UpdateFactorRequest) -> _Patch:
    """An empty parameter counts as not given."""
    return _Patch(
        proof=rules.proof(request.auth_payload) if request.auth_payload else None,
        friendly_name=rules.friendly_name(request.friendly_name) if request.friendly_name else None,
        config=rules.push_config_patch(
            request.app_id, request.sdk_version, request.notification_platform, request.notification_token
        ),
    )


def _unless_same(wanted: T | None, present: T) -> T | None:
    return None if wanted == present else wanted
