"""What happened to one identity, as the tests tell it: enrolled, asked, deleted, enrolled anew. Then all is stopped."""

import asyncio
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pushward import ids
from pushward.api.events.v1 import types_pb2
from pushward.cli.event_text import readable
from pushward.eventlog.event import StoredEvent
from pushward.eventlog.postgres import EVENT_COLUMNS
from tests.support import sql
from tests.support.installation import SHARDS, Installation, Stores
from tests.support.phone import Phone, new_identity
from tests.support.tenant import Tenant, entity_path
from tests.support.totp_factor import TotpFactor
from tests.support.waiting import until

MESSAGE: Final = "Pay 1,000 € to Example Shop?"
HIDDEN: Final = "order-4711"


@dataclass(frozen=True, slots=True)
class Happened:
    """An event of the log, in words."""

    position: int
    recorded_at: datetime
    type: str
    fields: dict[str, Any]  # Any: fields of every type


@dataclass(frozen=True, slots=True)
class History:
    """One identity's; ``events`` are those of its shard."""

    stores: Stores
    account_sid: str
    service: str
    other_service: str
    identity: str
    first_factor: str
    first_public_key: str
    second_factor: str
    code_user: str
    approved: str
    denied: str
    left: str
    after: str
    shard: int
    events: list[Happened]

    def event(self, type_name: str, **fields: str) -> Happened:
        """The one event of a type with these fields."""
        (found,) = [one for one in self.events if one.type == type_name and fields.items() <= one.fields.items()]
        return found

    @property
    def own_events(self) -> list[Happened]:
        """Those of this identity in this service, as far as they name it."""
        named = {"service_sid": self.service, "identity": self.identity}
        return [one for one in self.events if named.items() <= one.fields.items()]


def told(base_url: str, installation: Installation, stores: Stores) -> History:
    """Makes the history on a running system."""
    return asyncio.run(_told(base_url, installation, stores))


async def _told(base_url: str, installation: Installation, stores: Stores) -> History:
    async with Tenant(base_url, installation.account) as tenant:
        service, foreign = await tenant.new_service(), await tenant.new_service("Prod")
        identity = new_identity()
        code_user = await _by_code(tenant, service)
        async with (
            Phone.enrolled(tenant, foreign, identity) as same_identity,
            Phone.enrolled(tenant, service, _neighbour_of(service, identity)) as neighbour,
        ):
            await _asked(tenant, same_identity)
            await _asked(tenant, neighbour, "approved")
        await tenant.delete(f"/v2/Services/{foreign}")
        async with Phone.enrolled(tenant, service, identity) as first:
            approved = await _asked(tenant, first, "approved")
            denied = await _asked(tenant, first, "denied")
            left = await _asked(tenant, first)
            public_key = first.device.factors.public_key_spki_b64(first.sid)
            entity = entity_path(service, identity)
            await tenant.delete(entity)
            await until(lambda: tenant.gone(f"{entity}/Challenges/{left}"))
        async with Phone.enrolled(tenant, service, identity) as second:
            after = await _asked(tenant, second)
            await second.device.approve_silently(second.sid, expect_challenge_sid=after)
        await until(lambda: _is_deleted(stores, foreign, identity))
    shard, events = await _events(stores, approved)
    return History(
        stores,
        installation.account.sid,
        service,
        foreign,
        identity,
        first.sid,
        public_key,
        second.sid,
        code_user,
        approved,
        denied,
        left,
        after,
        shard,
        events,
    )


async def _by_code(tenant: Tenant, service: str) -> str:
    """Somebody who logs in with a code, at the second try."""
    identity = new_identity()
    totp = await TotpFactor.agreed(tenant, service, identity)
    await totp.verify()
    challenge = await totp.challenge(totp.app.wrong_code())
    await tenant.update(challenge["url"], {"AuthPayload": totp.app.code()})
    return identity


def _neighbour_of(service: str, identity: str) -> str:
    """Somebody else in the same shard."""
    shard = ids.shard_of_stream(ids.entity_stream(service, identity, SHARDS))
    while True:
        neighbour = new_identity()
        if ids.shard_of_stream(ids.entity_stream(service, neighbour, SHARDS)) == shard:
            return neighbour


async def _asked(tenant: Tenant, phone: Phone, answer: Any = None) -> str:  # Any: approved, denied or nothing
    fields = {"Details.Fields": [json.dumps({"label": "City", "value": "Lisbon"})]}
    hidden = {"HiddenDetails": json.dumps({"order": HIDDEN})}
    sid = str((await tenant.challenge(phone.entity, phone.sid, MESSAGE, **fields, **hidden))["sid"])
    if answer is not None:
        await phone.decide(sid, answer)
    return sid


async def _is_deleted(stores: Stores, service: str, identity: str) -> bool:
    """Whether the reaper has been there."""
    query = "SELECT type FROM log.event WHERE shard = $1 AND stream_id = $2 ORDER BY version DESC LIMIT 1"
    stream_id = ids.entity_stream(service, identity, SHARDS)
    rows = await sql.rows(stores.database_url, query, ids.shard_of_stream(stream_id), stream_id)
    return rows == [(types_pb2.EVENT_TYPE_ENTITY_DELETED,)]


async def _events(stores: Stores, sid: str) -> tuple[int, list[Happened]]:
    shard = int(sid[2:6], 16)
    query = f"SELECT {EVENT_COLUMNS} FROM log.event WHERE shard = $1 ORDER BY position"
    rows: list[Any] = list(await sql.rows(stores.database_url, query, shard))  # Any: columns
    events = [StoredEvent(*row) for row in rows]
    words = [readable(event) for event in events]
    return shard, [
        Happened(event.position, event.recorded_at, word.type, word.fields)
        for event, word in zip(events, words, strict=True)
    ]
