"""What challenge, webhook and notifier ask about services and factors: one query each."""

from pushward import ids
from pushward.api.registry.v1 import registry_pb2
from pushward.eventlog.codec import timestamp_of
from pushward.rpc.context import account_sid_of
from pushward.security.sealing import Sealer
from services.registry.app import messages, sealed_fields
from services.registry.app.origins import forbidden
from services.registry.app.paths import (
    entity_not_found,
    factor_not_found,
    factor_path,
    service_not_found,
    service_sid_of,
)
from services.registry.app.ports import Lookups, RegistryStore
from services.registry.domain.decider.entity import push_credential


class FactorLookups:
    """GetLiveFactor, CheckService, GetPushTarget."""

    def __init__(self, lookups: Lookups, store: RegistryStore, sealer: Sealer) -> None:
        self._lookups = lookups
        self._store = store
        self._sealer = sealer

    async def live_factor(self, request: registry_pb2.GetLiveFactorRequest) -> registry_pb2.LiveFactor:
        """A factor of the account, or the device's own, with the guard and the key that a challenge needs.

        Raises NotFoundError 20404, 60392, 60390; ForbiddenError 20403.
        """
        path, factor_sid = await factor_path(self._store, request.context, request)
        found = await self._lookups.factor(path.account_sid, path.service_sid, path.stream_id, factor_sid)
        if found.now is None:
            raise service_not_found()
        if found.entity_sid is None or found.entity_version is None or found.key_id is None:
            raise entity_not_found()
        if found.factor is None:
            raise factor_not_found()
        return registry_pb2.LiveFactor(
            account_sid=path.account_sid,
            service_sid=path.service_sid,
            entity_sid=found.entity_sid,
            identity=path.identity,
            factor_sid=factor_sid,
            factor_type=messages.FACTOR_TYPES[found.factor.factor_type],
            factor_status=messages.FACTOR_STATUSES[found.factor.status],
            public_key=found.factor.public_key,
            notification_platform=messages.PLATFORMS[found.factor.notification_platform],
            entity_stream=path.stream_id.bytes,
            entity_version=found.entity_version,
            key_id=found.key_id.bytes,
            push_include_date=found.push_include_date,
            now=timestamp_of(found.now),
            totp_code_length=found.factor.totp_code_length,
        )

    async def check_service(self, request: registry_pb2.CheckServiceRequest) -> registry_pb2.CheckServiceReply:
        """The account's data key, if the service lives and is the principal's. Raises NotFoundError 20404."""
        principal = request.context.principal
        sid = await service_sid_of(self._store, request.service_sid)
        match principal.WhichOneof("kind"):
            case "account":
                pass
            case "device":
                if principal.device.service_sid != sid:
                    raise service_not_found()
            case _:
                raise forbidden()
        key_id = await self._lookups.account_key_of_service(account_sid_of(request.context), sid)
        if key_id is None:
            raise service_not_found()
        return registry_pb2.CheckServiceReply(account_key_id=key_id.bytes)

    async def push_target(self, request: registry_pb2.GetPushTargetRequest) -> registry_pb2.PushTarget:
        """Where a factor's pushes go now. Raises NotFoundError 60390 once it, or what it lies below, is deleted."""
        sid = ids.parse_sid(request.factor_sid, ids.FACTOR, await self._store.shard_count())
        addressee = None if sid is None else await self._lookups.push_addressee(sid)
        if addressee is None:
            raise factor_not_found()
        factor, settings = addressee.factor, addressee.service.settings
        token = await self._sealer.unseal_optional(
            factor.notification_token, factor.stream_id, sealed_fields.notification_token(factor.sid)
        )
        return registry_pb2.PushTarget(
            platform=messages.PLATFORMS[factor.notification_platform],
            token=token or "",
            app_id=factor.app_id,
            credential_sid=push_credential(settings, factor.notification_platform) or "",
        )
