"""Webhook on a real PostgreSQL, with its peers in the same process and a receiver on a real socket."""

import asyncio
import json
import secrets
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from google.protobuf.message import Message

from pushward import ids
from pushward.api.common.v1 import common_pb2
from pushward.api.events.v1 import envelope_pb2
from pushward.api.webhook.v1 import webhook_pb2
from pushward.api.webhook.v1.webhook_pb2_grpc import WebhooksStub
from pushward.database.pool import Database
from pushward.eventlog.event import NewEvent
from pushward.eventlog.groupcommit import GroupCommitLog
from pushward.eventlog.heads import HeadWatch
from pushward.eventlog.module import LOG_MODULE
from pushward.eventlog.port import Append, Appended, StreamWrite
from pushward.eventlog.postgres import PostgresLogReader
from pushward.ids import Sid
from pushward.rpc.context import request_context
from pushward.security.kek import KEK_BYTES
from pushward.security.keys import DATA_KEY_BYTES, KeyRing
from services.webhook.adapters.log import MODULE, ROLE
from tests.integration.webhook.peers import Registry
from tests.integration.webhook.receiver import Receiver
from tests.integration.webhook.running import AUTH_TOKEN, STARTED, key_ring, running
from tests.support.databases import Databases
from tests.support.probe.counter import PROBE_MODULE, open_probe_log
from tests.support.waiting import eventually, until

ACCOUNT = ids.new_sid(ids.ACCOUNT, 1, 1, 1)
SERVICE = ids.new_sid(ids.SERVICE, 1, 1, 2)
CORRELATION_ID = bytes.fromhex("0af7651916cd43dd8448eb211c80319c")
PRINCIPAL = common_pb2.Principal(account=common_pb2.AccountPrincipal(account_sid=ACCOUNT, credential_sid=ACCOUNT))


def asked_by(principal: common_pb2.Principal = PRINCIPAL) -> common_pb2.RequestContext:
    """A new request's context."""
    return request_context(principal, uuid4(), uuid4())


@dataclass
class World:
    """Everything around the webhook service."""

    url: str
    registry: Registry
    receiver: Receiver
    keys: KeyRing
    heads: HeadWatch
    database: Database
    log: GroupCommitLog
    told: dict[str, str]  # what another process needs to open the same keys

    @asynccontextmanager
    async def process(self) -> AsyncIterator[WebhooksStub]:
        """A process of the webhook service: a stub to it."""
        async with running(self.url, self.registry, self.heads, self.keys) as stub:
            yield stub

    @asynccontextmanager
    async def dying_process(self) -> AsyncIterator[None]:
        """A real process of it, which is killed at the end of the block."""
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.integration.webhook.running",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(json.dumps({"url": self.url, **self.told}).encode() + b"\n")
        child.stdin.close()
        try:
            assert await child.stdout.readline() == STARTED
            yield
        finally:
            child.kill()
            await child.wait()

    async def subscribe(
        self,
        stub: WebhooksStub,
        *event_types: str,
        path: str = "/hook",
        **members: Any,  # Any: the request's fields
    ) -> webhook_pb2.Webhook:
        """A webhook that leads to the receiver."""
        request = webhook_pb2.CreateWebhookRequest(
            context=asked_by(),
            service_sid=SERVICE,
            friendly_name="backend",
            event_types=event_types or ("*",),
            webhook_url=members.pop("webhook_url", self.receiver.base + path),
            **members,
        )
        return await stub.CreateWebhook(request)

    async def happen(self, event_type: int, message: Message, *, shard: int = 2) -> Appended:
        """An event of another service, in the log."""
        stream = ids.stream_of_sid(ids.new_sid(ids.ENTITY, shard, 1, secrets.randbits(ids.RANDOM_BITS)))
        row = await self.database.fetchrow("SELECT clock_timestamp() AS now")
        assert row is not None
        envelope = envelope_pb2.Envelope(correlation_id=CORRELATION_ID).SerializeToString()
        event = NewEvent(stream, 1, uuid4(), event_type, 1, row["now"], envelope, message.SerializeToString())
        return await self.log.append(Append(shard, (StreamWrite(stream, 0, (event,)),)))

    async def deliveries(self) -> Sequence[tuple[str, str, int]]:
        """(event type, status, attempts) of every delivery, in order."""
        rows = await self.database.fetch(
            "SELECT event_type, status, attempts FROM webhook.delivery ORDER BY shard, position, webhook_sid"
        )
        return [tuple(row) for row in rows]

    async def counted(self, event_type: str, status: str) -> int:
        """How many deliveries there are of that kind."""
        return sum((kind, state) == (event_type, status) for kind, state, _ in await self.deliveries())

    async def until_counted(self, event_type: str, status: str, count: int) -> None:
        """Waits until there are so many."""
        await eventually(lambda: self.counted(event_type, status), count)

    async def until_called(self, count: int) -> None:
        """Waits until the receiver was called so often."""

        async def calls() -> int:
            return len(self.receiver.calls)

        await eventually(calls, count)

    async def until_result(self, result: str) -> None:
        """Waits until the last attempts came to ``result``."""

        async def agree() -> bool:
            rows = await self.database.fetch("SELECT last_result FROM webhook.delivery")
            return bool(rows) and all(row["last_result"] == result for row in rows)

        await until(agree)

    async def make_everything_due(self) -> None:
        """As if the time had passed that retries and leases wait for."""
        await self.database.execute("UPDATE webhook.delivery SET due_at = clock_timestamp() WHERE status = 'due'")

    async def unsubscribe(self, stub: WebhooksStub, webhook: webhook_pb2.Webhook) -> None:
        """Deletes a webhook."""
        await stub.DeleteWebhook(
            webhook_pb2.DeleteWebhookRequest(context=asked_by(), service_sid=SERVICE, webhook_sid=webhook.sid)
        )

    async def until_delivered(self, expected: Sequence[tuple[str, str, int]]) -> None:
        """Waits until the deliveries are as expected."""
        await eventually(self.deliveries, expected)


@pytest.fixture
async def world(databases: Databases) -> AsyncIterator[World]:
    """A migrated database, peers, a receiver."""
    url = await databases.make([LOG_MODULE, MODULE, PROBE_MODULE])
    kek, key_id, data_key = secrets.token_bytes(KEK_BYTES), uuid4(), secrets.token_bytes(DATA_KEY_BYTES)
    told = {"kek": kek.hex(), "key_id": key_id.hex, "data_key": data_key.hex()}
    keys = await key_ring(kek, key_id, data_key)
    database = Database(url, ROLE, "test", size_max=2)
    heads = HeadWatch(PostgresLogReader(database))
    await heads.start()
    log = open_probe_log(url, on_commit=heads.committed)  # what happens to factors is not webhook's to append
    receiver = Receiver()
    await receiver.start()
    registry = Registry(key_id, AUTH_TOKEN)  # type: ignore[abstract]  # it has what webhook asks for
    yield World(url, registry, receiver, keys, heads, database, log, told)
    await receiver.stop()
    await log.close()
    await heads.stop()
    await database.close()


def sid(kind: str, number: int) -> Sid:
    """A SID on shard 2."""
    return ids.new_sid(kind, 2, 1, number)
