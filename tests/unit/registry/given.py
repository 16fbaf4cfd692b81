"""Streams for the registry's domain tests: given events, the state they amount to."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from pushward.eventlog.event import Recorded
from pushward.ids import Sid
from pushward.values import FactorType, NotificationPlatform, Sealed
from services.registry.domain.commands import CreatePushFactor
from services.registry.domain.decider import entity_evolution
from services.registry.domain.decider.entity import NewEntity
from services.registry.domain.events import EntityCreated, EntityEvent, FactorCreated
from services.registry.domain.state import EntityState

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
STREAM = UUID(int=7)
KEY_ID = UUID(int=8)
ACCOUNT = Sid("AC" + "a" * 32)
SERVICE = Sid("VA" + "a" * 32)
API_KEY = Sid("SK" + "a" * 32)
IDENTITY = "ff483d1f-f591"
ENTITY = Sid("YE" + "1" * 32)
NEW_ENTITY = NewEntity(ENTITY, ACCOUNT, SERVICE, IDENTITY, KEY_ID)
CREATED = EntityCreated(ENTITY, ACCOUNT, SERVICE, IDENTITY, KEY_ID)


def sealed(text: str) -> Sealed:
    """Something sealed, as opaque to the domain as the real thing."""
    return Sealed(KEY_ID, b"n" * 12, text.encode())


def key(number: int) -> ec.EllipticCurvePrivateKey:
    """A device's key."""
    return ec.derive_private_key(1000 + number, ec.SECP256R1())


def public_key(number: int) -> bytes:
    """Its SubjectPublicKeyInfo."""
    return key(number).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def factor_sid(number: int) -> Sid:
    """The SID of the ``number``-th factor."""
    return Sid(f"YF{number:032x}")


def proof(number: int, text: str | None = None) -> bytes:
    """The ``number``-th device's signature over its factor's SID, or over something else."""
    return key(number).sign((factor_sid(number) if text is None else text).encode(), ec.ECDSA(SHA256()))


def create(number: int, platform: NotificationPlatform = NotificationPlatform.NONE) -> CreatePushFactor:
    """The command that enrols the ``number``-th device."""
    token = None if platform is NotificationPlatform.NONE else sealed("token")
    return CreatePushFactor(
        factor_sid(number), sealed(f"phone {number}"), public_key(number), "app", "1.0", platform, token, None
    )


def created(number: int, platform: NotificationPlatform = NotificationPlatform.NONE) -> FactorCreated:
    """The event that says so."""
    command = create(number, platform)
    return FactorCreated(
        factor_sid=command.factor_sid,
        account_sid=ACCOUNT,
        service_sid=SERVICE,
        entity_sid=ENTITY,
        identity=IDENTITY,
        factor_type=FactorType.PUSH,
        friendly_name=command.friendly_name,
        public_key=command.public_key,
        app_id=command.app_id,
        sdk_version=command.sdk_version,
        notification_platform=platform,
        notification_token=command.notification_token,
        metadata=None,
        access_token_sid=None,
    )


def entity(*events: EntityEvent, at: datetime = NOW) -> EntityState:
    """The state of an entity's stream."""
    return then(EntityState(), events, at=at)


def then(state: EntityState, events: Sequence[EntityEvent], at: datetime = NOW) -> EntityState:
    """The state after more events."""
    for event in events:
        state = entity_evolution.evolve(state, event, Recorded(STREAM, state.version + 1, at))
    return state
