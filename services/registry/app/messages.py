"""Records as messages; sealed fields are opened here, for whoever may see them."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final

from pushward import ids
from pushward.api.common.v1 import common_pb2
from pushward.api.events.v1 import registry_pb2 as events_pb2
from pushward.api.registry.v1 import registry_pb2
from pushward.eventlog.codec import timestamp_of
from pushward.security.keys import KeyDestroyedError
from pushward.security.sealing import Sealer
from pushward.values import FactorStatus, FactorType, NotificationPlatform, TotpAlgorithm, TotpConfig
from services.registry.app import sealed_fields
from services.registry.domain.service_settings import ServiceSettings
from services.registry.domain.state import (
    AccessTokenRecord,
    ApiKeyRecord,
    EntityRecord,
    FactorRecord,
    ServiceRecord,
)
from services.registry.domain.totp_rules import TotpConfigPatch

FACTOR_TYPES: Final[Mapping[FactorType, common_pb2.FactorType.ValueType]] = {
    FactorType.PUSH: common_pb2.FACTOR_TYPE_PUSH,
    FactorType.TOTP: common_pb2.FACTOR_TYPE_TOTP,
}
FACTOR_STATUSES: Final[Mapping[FactorStatus, common_pb2.FactorStatus.ValueType]] = {
    FactorStatus.UNVERIFIED: common_pb2.FACTOR_STATUS_UNVERIFIED,
    FactorStatus.VERIFIED: common_pb2.FACTOR_STATUS_VERIFIED,
}
PLATFORMS: Final[Mapping[NotificationPlatform, common_pb2.NotificationPlatform.ValueType]] = {
    NotificationPlatform.NONE: common_pb2.NOTIFICATION_PLATFORM_NONE,
    NotificationPlatform.FCM: common_pb2.NOTIFICATION_PLATFORM_FCM,
    NotificationPlatform.APN: common_pb2.NOTIFICATION_PLATFORM_APN,
}
TOTP_ALGORITHMS: Final[Mapping[TotpAlgorithm, common_pb2.TotpAlgorithm.ValueType]] = {
    TotpAlgorithm.SHA1: common_pb2.TOTP_ALGORITHM_SHA1,
    TotpAlgorithm.SHA256: common_pb2.TOTP_ALGORITHM_SHA256,
    TotpAlgorithm.SHA512: common_pb2.TOTP_ALGORITHM_SHA512,
}


async def api_key(record: ApiKeyRecord, sealer: Sealer, *, secret: str | None = None) -> registry_pb2.ApiKey:
    """A live API key, opened; its ``secret`` only in answer to its creation."""
    assert record.friendly_name is not None
    return registry_pb2.ApiKey(
        sid=record.sid,
        account_sid=record.account_sid,
        friendly_name=await sealer.unseal(
            record.friendly_name, record.stream_id, sealed_fields.api_key_friendly_name(record.sid)
        ),
        secret=secret,
        date_created=timestamp_of(record.date_created),
        date_updated=timestamp_of(record.date_updated),
    )


def service(record: ServiceRecord) -> registry_pb2.Service:
    """A service."""
    return registry_pb2.Service(
        sid=record.sid,
        account_sid=record.account_sid,
        friendly_name=record.friendly_name,
        settings=_settings(record.settings),
        date_created=timestamp_of(record.date_created),
        date_updated=timestamp_of(record.date_updated),
    )


def entity(record: EntityRecord) -> registry_pb2.Entity:
    """A live entity. Nothing of it can be updated, so both dates are that of its creation."""
    assert record.sid is not None
    assert record.date_created is not None
    created = timestamp_of(record.date_created)
    return registry_pb2.Entity(
        sid=record.sid,
        account_sid=record.account_sid,
        service_sid=record.service_sid,
        identity=record.identity,
        date_created=created,
        date_updated=created,
    )


async def factor(record: FactorRecord, sealer: Sealer) -> registry_pb2.Factor:
    """A live factor, opened; but for a TOTP factor's secret, which is told once, in answer to its creation."""
    stream_id, sid = record.stream_id, record.sid
    assert record.friendly_name is not None
    return registry_pb2.Factor(
        sid=sid,
        account_sid=record.account_sid,
        service_sid=record.service_sid,
        entity_sid=record.entity_sid,
        identity=record.identity,
        friendly_name=await sealer.unseal(record.friendly_name, stream_id, sealed_fields.friendly_name(sid)),
        status=FACTOR_STATUSES[record.status],
        factor_type=FACTOR_TYPES[record.factor_type],
        push=await _push_config(record, sealer) if record.factor_type is FactorType.PUSH else None,
        totp=None if record.totp_config is None else _totp_config(record.totp_config),
        public_key=record.public_key,
        metadata_json=await sealer.unseal_optional(record.metadata, stream_id, sealed_fields.metadata(sid)),
        date_created=timestamp_of(record.date_created),
        date_updated=timestamp_of(record.date_updated),
    )


async def _push_config(record: FactorRecord, sealer: Sealer) -> registry_pb2.PushConfig:
    return registry_pb2.PushConfig(
        sdk_version=record.sdk_version,
        app_id=record.app_id,
        notification_platform=PLATFORMS[record.notification_platform],
        notification_token=await sealer.unseal_optional(
            record.notification_token, record.stream_id, sealed_fields.notification_token(record.sid)
        ),
        credential_sid=ids.credential_sid(record.sid),
    )


def _totp_config(config: TotpConfig) -> common_pb2.TotpConfig:
    return common_pb2.TotpConfig(
        alg=TOTP_ALGORITHMS[config.alg],
        skew=config.skew,
        code_length=config.code_length,
        time_step=config.time_step,
    )


def totp_patch(patch: registry_pb2.TotpPatch) -> TotpConfigPatch:
    """What a request gives of a TOTP configuration. An empty algorithm counts as not given."""
    return TotpConfigPatch(
        alg=patch.alg or None,
        skew=patch.skew if patch.HasField("skew") else None,
        code_length=patch.code_length if patch.HasField("code_length") else None,
        time_step=patch.time_step if patch.HasField("time_step") else None,
    )


async def access_token(
    record: AccessTokenRecord, sealer: Sealer, *, token: str | None = None
) -> registry_pb2.AccessToken:
    """An access token; ``token`` itself only in answer to its creation. A name that was forgotten is none."""
    return registry_pb2.AccessToken(
        sid=record.sid,
        account_sid=record.account_sid,
        service_sid=record.service_sid,
        entity_identity=record.identity,
        factor_type=FACTOR_TYPES[record.factor_type],
        factor_friendly_name=await _name_in_token(record, sealer),
        token=token,
        ttl=record.ttl_seconds,
        date_created=timestamp_of(record.date_created),
    )


async def _name_in_token(record: AccessTokenRecord, sealer: Sealer) -> str | None:
    field = sealed_fields.factor_friendly_name(record.sid)
    try:
        return await sealer.unseal_optional(record.factor_friendly_name, record.stream_id, field)
    except KeyDestroyedError:
        return None


def _settings(settings: ServiceSettings) -> events_pb2.ServiceSettings:
    members: dict[str, Any] = {  # Any: whatever each setting's type is
        setting.name: value for setting in fields(settings) if (value := getattr(settings, setting.name)) is not None
    }
    return events_pb2.ServiceSettings(**members)
