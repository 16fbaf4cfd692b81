"""Services: created, read, updated, deleted by their account; a device may read its own."""

import secrets
from collections.abc import Sequence
from dataclasses import fields

from pushward import ids
from pushward.api.registry.v1 import registry_pb2
from pushward.clock import milliseconds
from pushward.database.paging import Page
from pushward.eventlog.commands import Change, CommandRunner, Plan
from pushward.ids import Sid
from pushward.rpc.context import account_of, account_sid_of, command_id_of
from services.registry.app import messages
from services.registry.app.origins import forbidden, origin_of
from services.registry.app.paths import service_not_found, service_sid_of
from services.registry.app.ports import LoadedService, RegistryStore, service_key
from services.registry.app.streams import Streams
from services.registry.domain.decider import service as decider
from services.registry.domain.events import ServiceEvent
from services.registry.domain.service_settings import ServicePatch
from services.registry.domain.state import ServiceState


class Services:
    """The commands and queries on services."""

    def __init__(self, runner: CommandRunner, streams: Streams, store: RegistryStore) -> None:
        self._runner = runner
        self._streams = streams
        self._store = store

    async def create(self, request: registry_pb2.CreateServiceRequest) -> registry_pb2.Service:
        """A new service, on its account's shard. Raises BadRequestError 60200."""
        account_sid = Sid(account_of(request.context).account_sid)
        patch = _patch(request.patch)

        async def plan() -> Plan[registry_pb2.Service]:
            now = await self._store.now()
            shard = ids.account_shard(account_sid)
            sid = ids.new_sid(ids.SERVICE, shard, milliseconds(now), secrets.randbits(ids.RANDOM_BITS))
            state = ServiceState()
            events = decider.decide_create(state, sid, account_sid, patch)
            change = Change(self._streams.services, ids.stream_of_sid(sid), state, events, now)
            return Plan([change], lambda after: messages.service(decider.live(after[0])))

        # Creations make a stream each, so they don't queue for one another.
        return await self._runner.run(command_id_of(request.context), origin_of(request.context), plan)

    async def get(self, request: registry_pb2.GetServiceRequest) -> registry_pb2.Service:
        """A service of the account, or the device's own. Raises NotFoundError 20404, ForbiddenError 20403."""
        sid = await service_sid_of(self._store, request.service_sid)
        match request.context.principal.WhichOneof("kind"):
            case "account":
                pass
            case "device":
                if request.context.principal.device.service_sid != sid:
                    raise service_not_found()
            case _:
                raise forbidden()
        loaded = await self._store.service(account_sid_of(request.context), sid)
        return messages.service(decider.live(loaded.state))

    async def update(self, request: registry_pb2.UpdateServiceRequest) -> registry_pb2.Service:
        """A service with what the patch sets. Raises NotFoundError 20404, BadRequestError 60200."""
        account_sid = account_of(request.context).account_sid
        sid = await service_sid_of(self._store, request.service_sid)
        patch = _patch(request.patch)

        async def plan() -> Plan[registry_pb2.Service]:
            loaded = await self._store.service(account_sid, sid)
            events = decider.decide_update(loaded.state, patch)
            change = self._change(sid, loaded, events)
            return Plan([change], lambda after: messages.service(decider.live(after[0])))

        return await self._runner.run(ids.stream_of_sid(sid), origin_of(request.context), plan)

    async def delete(self, request: registry_pb2.DeleteServiceRequest) -> None:
        """The service is gone; what lies below it follows in the background. Raises NotFoundError 20404."""
        account_sid = account_of(request.context).account_sid
        sid = await service_sid_of(self._store, request.service_sid)

        async def plan() -> Plan[None]:
            loaded = await self._store.service(account_sid, sid)
            return Plan([self._change(sid, loaded, decider.decide_delete(loaded.state))], lambda after: None)

        await self._runner.run(ids.stream_of_sid(sid), origin_of(request.context), plan)

    async def list(self, request: registry_pb2.ListServicesRequest) -> registry_pb2.ListServicesReply:
        """A page of the account's services. Raises BadRequestError 60373, 60374."""
        account_sid = account_of(request.context).account_sid
        page = Page.requested(request.page)
        shown = page.shown(await self._store.services(account_sid, page.scan()), service_key)
        return registry_pb2.ListServicesReply(
            services=[messages.service(service) for service in shown.rows], page=shown.reply
        )

    def _change(self, sid: Sid, loaded: LoadedService, events: Sequence[ServiceEvent]) -> Change[ServiceState]:
        return Change(self._streams.services, ids.stream_of_sid(sid), loaded.state, events, loaded.now)


def _patch(message: registry_pb2.ServicePatch) -> ServicePatch:
    given = {
        setting.name: getattr(message, setting.name)
        for setting in fields(ServicePatch)
        if message.HasField(setting.name)  # type: ignore[arg-type]  # the stub wants each name as a literal
    }
    return ServicePatch(**given)
