"""Registry's events and their protobuf messages, a codec for each aggregate."""

from typing import Final

from pushward.api.events.v1 import registry_pb2, types_pb2
from pushward.eventlog.codec import Binding, Codec
from services.registry.domain import events

ACCOUNT_CODEC: Final = Codec(
    [
        Binding(types_pb2.EVENT_TYPE_ACCOUNT_CREATED, 1, events.AccountCreated, registry_pb2.AccountCreated),
        Binding(
            types_pb2.EVENT_TYPE_SECONDARY_TOKEN_CREATED,
            1,
            events.SecondaryTokenCreated,
            registry_pb2.SecondaryTokenCreated,
        ),
        Binding(
            types_pb2.EVENT_TYPE_SECONDARY_TOKEN_PROMOTED,
            1,
            events.SecondaryTokenPromoted,
            registry_pb2.SecondaryTokenPromoted,
        ),
        Binding(
            types_pb2.EVENT_TYPE_SECONDARY_TOKEN_REMOVED,
            1,
            events.SecondaryTokenRemoved,
            registry_pb2.SecondaryTokenRemoved,
        ),
        Binding(types_pb2.EVENT_TYPE_ACCOUNT_DISABLED, 1, events.AccountDisabled, registry_pb2.AccountDisabled),
        Binding(types_pb2.EVENT_TYPE_ACCOUNT_ENABLED, 1, events.AccountEnabled, registry_pb2.AccountEnabled),
        Binding(types_pb2.EVENT_TYPE_API_KEY_CREATED, 1, events.ApiKeyCreated, registry_pb2.ApiKeyCreated),
        Binding(types_pb2.EVENT_TYPE_API_KEY_REVOKED, 1, events.ApiKeyRevoked, registry_pb2.ApiKeyRevoked),
    ]
)

SERVICE_CODEC: Final = Codec(
    [
        Binding(types_pb2.EVENT_TYPE_SERVICE_CREATED, 1, events.ServiceCreated, registry_pb2.ServiceCreated),
        Binding(types_pb2.EVENT_TYPE_SERVICE_UPDATED, 1, events.ServiceUpdated, registry_pb2.ServiceUpdated),
        Binding(types_pb2.EVENT_TYPE_SERVICE_DELETED, 1, events.ServiceDeleted, registry_pb2.ServiceDeleted),
    ]
)

ENTITY_CODEC: Final = Codec(
    [
        Binding(types_pb2.EVENT_TYPE_ENTITY_CREATED, 1, events.EntityCreated, registry_pb2.EntityCreated),
        Binding(types_pb2.EVENT_TYPE_ENTITY_DELETED, 1, events.EntityDeleted, registry_pb2.EntityDeleted),
        Binding(types_pb2.EVENT_TYPE_ENTITY_FORGOTTEN, 1, events.EntityForgotten, registry_pb2.EntityForgotten),
        Binding(types_pb2.EVENT_TYPE_FACTOR_CREATED, 1, events.FactorCreated, registry_pb2.FactorCreated),
        Binding(types_pb2.EVENT_TYPE_FACTOR_VERIFIED, 1, events.FactorVerified, registry_pb2.FactorVerified),
        Binding(types_pb2.EVENT_TYPE_FACTOR_UPDATED, 1, events.FactorUpdated, registry_pb2.FactorUpdated),
        Binding(types_pb2.EVENT_TYPE_FACTOR_DELETED, 1, events.FactorDeleted, registry_pb2.FactorDeleted),
        Binding(types_pb2.EVENT_TYPE_TOTP_STEP_SPENT, 1, events.TotpStepSpent, registry_pb2.TotpStepSpent),
        Binding(
            types_pb2.EVENT_TYPE_TOTP_VERIFICATION_FAILED,
            1,
            events.TotpVerificationFailed,
            registry_pb2.TotpVerificationFailed,
        ),
    ]
)

ACCESS_TOKEN_CODEC: Final = Codec(
    [
        Binding(types_pb2.EVENT_TYPE_ACCESS_TOKEN_ISSUED, 1, events.AccessTokenIssued, registry_pb2.AccessTokenIssued),
        Binding(types_pb2.EVENT_TYPE_ACCESS_TOKEN_SPENT, 1, events.AccessTokenSpent, registry_pb2.AccessTokenSpent),
    ]
)
