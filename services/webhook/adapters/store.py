"""Reads webhooks from ``webhook.webhook``: one indexed read a request."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import asyncpg

from pushward.database.paging import Scan
from pushward.database.pool import Database
from services.webhook.adapters.tables import WEBHOOK
from services.webhook.app.ports import Loaded
from services.webhook.domain.decider import WEBHOOKS_PER_SERVICE_MAX
from services.webhook.domain.state import INITIAL, Webhook, WebhookState

_LOAD: Final = """
    SELECT c.now, 0 AS siblings, w.*
      FROM (SELECT clock_timestamp() AS now) AS c
      LEFT JOIN webhook.webhook AS w ON w.stream_id = $1 AND w.account_sid = $2 AND w.service_sid = $3"""

_LOAD_NEW: Final = """
    SELECT c.now, s.siblings, w.*
      FROM (SELECT clock_timestamp() AS now) AS c
     CROSS JOIN (SELECT count(*)::int AS siblings
                   FROM (SELECT FROM webhook.webhook
                          WHERE account_sid = $2 AND service_sid = $3 AND NOT deleted LIMIT $4) AS live) AS s
      LEFT JOIN webhook.webhook AS w ON w.stream_id = $1"""

_PAGE_UP: Final = """
    SELECT * FROM webhook.webhook
     WHERE account_sid = $1 AND service_sid = $2 AND NOT deleted AND (date_created, webhook_sid) > ($3, $4)
     ORDER BY date_created, webhook_sid LIMIT $5"""

_PAGE_DOWN: Final = """
    SELECT * FROM webhook.webhook
     WHERE account_sid = $1 AND service_sid = $2 AND NOT deleted AND (date_created, webhook_sid) < ($3, $4)
     ORDER BY date_created DESC, webhook_sid DESC LIMIT $5"""


class PostgresWebhookStore:
    """Webhooks in PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self, stream_id: UUID, account_sid: str, service_sid: str) -> Loaded:
        """A stream's state, empty unless it is a webhook of this account and service, and the database's clock."""
        return _loaded(await self._database.fetchrow(_LOAD, stream_id, account_sid, service_sid))

    async def load_new(self, stream_id: UUID, account_sid: str, service_sid: str) -> Loaded:
        """The same with the number of siblings, counted up to the bound."""
        return _loaded(
            await self._database.fetchrow(_LOAD_NEW, stream_id, account_sid, service_sid, WEBHOOKS_PER_SERVICE_MAX)
        )

    async def page(self, account_sid: str, service_sid: str, scan: Scan) -> Sequence[Webhook]:
        """A service's live webhooks, in the order of the scan."""
        query = _PAGE_UP if scan.ascending else _PAGE_DOWN
        return [
            WEBHOOK.load(dict(row))
            for row in await self._database.fetch(query, account_sid, service_sid, *scan.key, scan.limit)
        ]


def _loaded(row: asyncpg.Record | None) -> Loaded:
    assert row is not None
    state = INITIAL if row["stream_id"] is None else WebhookState(WEBHOOK.load(dict(row)))
    return Loaded(state, row["now"], row["siblings"])
