"""What an update asks of a factor, by the factor's type: in plain text as it came, then as a sealed command.

Parameters of another type than the factor's are ignored, as unknown ones are; so is a proof for a verified factor.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from pushward.api.registry.v1 import registry_pb2
from pushward.security.sealing import Sealer
from pushward.values import FactorStatus, Sealed
from services.registry.app import messages, sealed_fields
from services.registry.app.totp_checks import CodeReader
from services.registry.domain import rules, totp_rules
from services.registry.domain.commands import TryCode, UpdatePushFactor, UpdateTotpFactor
from services.registry.domain.state import FactorRecord

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class FactorPatch:
    """An update's request; an empty parameter counts as not given. What any type has is valid."""

    request: registry_pb2.UpdateFactorRequest
    auth_payload: str | None
    friendly_name: str | None

    @classmethod
    def of(cls, request: registry_pb2.UpdateFactorRequest) -> "FactorPatch":
        """Raises BadRequestError 60306."""
        return cls(
            request,
            rules.auth_payload(request.auth_payload) if request.auth_payload else None,
            rules.friendly_name(request.friendly_name) if request.friendly_name else None,
        )

    @property
    def only_proves(self) -> bool:
        """Whether it answers a push factor's verification and changes nothing."""
        asked = self.request
        changes = (
            asked.friendly_name,
            asked.app_id,
            asked.sdk_version,
            asked.notification_platform,
            asked.notification_token,
        )
        return self.auth_payload is not None and not any(changes)


class FactorUpdates:
    """Makes the commands. What the factor says already is left out, so that it records nothing."""

    def __init__(self, sealer: Sealer, codes: CodeReader) -> None:
        self._sealer = sealer
        self._codes = codes

    async def push(self, factor: FactorRecord, key_id: UUID, patch: FactorPatch) -> UpdatePushFactor:
        """For a push factor. Raises BadRequestError 60370."""
        asked = patch.request
        config = rules.push_config_patch(
            asked.app_id, asked.sdk_version, asked.notification_platform, asked.notification_token
        )
        token_field = sealed_fields.notification_token(factor.sid)
        return UpdatePushFactor(
            factor_sid=factor.sid,
            proof=None if patch.auth_payload is None else rules.proof(patch.auth_payload),
            friendly_name=await self._name(factor, key_id, patch),
            app_id=_unless_same(config.app_id, factor.app_id),
            sdk_version=_unless_same(config.sdk_version, factor.sdk_version),
            notification_platform=_unless_same(config.platform, factor.notification_platform),
            notification_token=await self._sealed_unless_same(
                factor, key_id, token_field, config.token, factor.notification_token
            ),
        )

    async def totp(
        self, factor: FactorRecord, key_id: UUID, patch: FactorPatch, attempt_id: UUID, now: datetime
    ) -> UpdateTotpFactor:
        """For a TOTP factor, whose code is looked at as the factor is before the change.

        Raises BadRequestError 60306, 60370.
        """
        assert factor.totp_config is not None
        config = totp_rules.config(factor.totp_config, messages.totp_patch(patch.request.totp))
        return UpdateTotpFactor(
            factor_sid=factor.sid,
            tried=await self._tried(factor, patch.auth_payload, attempt_id, now),
            friendly_name=await self._name(factor, key_id, patch),
            config=_unless_same(config, factor.totp_config),
        )

    async def _tried(
        self, factor: FactorRecord, auth_payload: str | None, attempt_id: UUID, now: datetime
    ) -> TryCode | None:
        if auth_payload is None or factor.status is FactorStatus.VERIFIED:
            return None
        return await self._codes.read(factor, totp_rules.code(auth_payload), attempt_id, now)

    async def _name(self, factor: FactorRecord, key_id: UUID, patch: FactorPatch) -> Sealed | None:
        field = sealed_fields.friendly_name(factor.sid)
        return await self._sealed_unless_same(factor, key_id, field, patch.friendly_name, factor.friendly_name)

    async def _sealed_unless_same(
        self, factor: FactorRecord, key_id: UUID, field: str, wanted: str | None, present: Sealed | None
    ) -> Sealed | None:
        if wanted is None or wanted == await self._sealer.unseal_optional(present, factor.stream_id, field):
            return None
        return await self._sealer.seal(key_id, factor.stream_id, field, wanted)


def _unless_same(wanted: T | None, present: T) -> T | None:
    return None if wanted == present else wanted
