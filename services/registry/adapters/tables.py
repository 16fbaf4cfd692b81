"""The state tables of registry, in the order in which ``registry.append`` takes them."""

from typing import Final

from pushward.eventlog.table import Table
from services.registry.domain.state import (
    AccessTokenRecord,
    AccountRecord,
    ApiKeyRecord,
    EntityRecord,
    FactorRecord,
    ServiceRecord,
)

ACCOUNT: Final = Table("registry.account", AccountRecord, ("sid",))
API_KEY: Final = Table("registry.api_key", ApiKeyRecord, ("sid",))
SERVICE: Final = Table("registry.service", ServiceRecord, ("sid",))
ENTITY: Final = Table("registry.entity", EntityRecord, ("stream_id",))
FACTOR: Final = Table("registry.factor", FactorRecord, ("sid",))
ACCESS_TOKEN: Final = Table("registry.access_token", AccessTokenRecord, ("sid",))

TABLES: Final = (ACCOUNT, API_KEY, SERVICE, ENTITY, FACTOR, ACCESS_TOKEN)
