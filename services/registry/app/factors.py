"""Factors that exist: read, updated, verified, deleted by their account or by their own device.

A device sees one factor, its own; every other is not there for it. The bearer of an access token may answer the
verification of the factor that it has enrolled, and nothing else.
"""

from collections.abc import Sequence

from pushward.api.common.v1 import common_pb2
from pushward.api.registry.v1 import registry_pb2
from pushward.database.paging import Page
from pushward.eventlog.commands import Change, CommandRunner, Plan
from pushward.ids import Sid
from pushward.rpc.context import account_of, command_id_of
from pushward.security.sealing import Sealer
from pushward.values import FactorType
from services.registry.app import messages
from services.registry.app.factor_updates import FactorPatch, FactorUpdates
from services.registry.app.origins import forbidden, origin_of
from services.registry.app.paths import EntityPath, entity_path, factor_path, factor_sid_of, found_service
from services.registry.app.ports import LoadedEntity, RegistryStore, factor_key
from services.registry.app.streams import Streams
from services.registry.domain.decider import entity as decider
from services.registry.domain.decider import totp as totp_decider
from services.registry.domain.events import EntityEvent
from services.registry.domain.state import FactorRecord


class Factors:
    """The commands and queries on factors that exist."""

    def __init__(
        self, runner: CommandRunner, streams: Streams, store: RegistryStore, sealer: Sealer, updates: FactorUpdates
    ) -> None:
        self._runner = runner
        self._streams = streams
        self._store = store
        self._sealer = sealer
        self._updates = updates

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
        """The factor, verified, changed, or both. A wrong code leaves it unverified, and is counted.

        Raises NotFoundError 20404, 60392, 60390; ForbiddenError 20403, 60311; BadRequestError 60306, 60370, 52004;
        TooManyRequestsError 60310.
        """
        patch = FactorPatch.of(request)
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
            found_service(loaded)
            if bearer is not None and (loaded.token.token is None or loaded.token.token.factor_sid != factor_sid):
                raise forbidden()
            events = await self._decide_update(loaded, factor_sid, patch)
            change = Change(self._streams.entities, path.stream_id, loaded.state, events, loaded.now)
            return Plan([change], lambda after: decider.live_factor(after[0], factor_sid))

        factor = await self._runner.run(path.stream_id, origin_of(request.context), plan)
        return await messages.factor(factor, self._sealer)

    async def _decide_update(self, loaded: LoadedEntity, factor_sid: Sid, patch: FactorPatch) -> Sequence[EntityEvent]:
        factor, key_id = decider.live_factor(loaded.state, factor_sid), decider.live_entity(loaded.state).key_id
        assert key_id is not None
        match factor.factor_type:
            case FactorType.PUSH:
                push = await self._updates.push(factor, key_id, patch)
                return decider.decide_update_push_factor(loaded.state, push, found_service(loaded).settings)
            case FactorType.TOTP:
                attempt_id = command_id_of(patch.request.context)
                totp = await self._updates.totp(factor, key_id, patch, attempt_id, loaded.now)
                return totp_decider.decide_update_totp_factor(loaded.state, totp)

    async def _place_of_bearer(
        self, request: registry_pb2.UpdateFactorRequest, bearer: common_pb2.AccessTokenPrincipal, patch: FactorPatch
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
