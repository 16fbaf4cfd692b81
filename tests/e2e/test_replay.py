"""After everything else: the log says what the state tables say, and nothing went wrong unseen. In each shape."""

import json
import subprocess
from dataclasses import dataclass
from typing import Any, Final

import pytest

from tests.support import sql
from tests.support.installation import pushward
from tests.support.system import Shape, System
from tests.support.tenant import Json, Tenant

pytestmark = pytest.mark.last
EVERY_SHAPE = pytest.mark.parametrize("system", list(Shape), indirect=True, ids=str, scope="session")

NAMES: Final = ("registry", "challenge", "webhook")


@dataclass(frozen=True, slots=True)
class Damage:
    """A change that no event explains: one column of one row."""

    table: str
    key: str
    column: str
    value: str


DAMAGES: Final = {
    "registry": Damage("registry.factor", "sid", "app_id", "com.example.forged"),
    "challenge": Damage("challenge.challenge", "sid", "status", "forged"),
    "webhook": Damage("webhook.webhook", "webhook_sid", "body_version", "v0"),
}


def check(system: System, name: str) -> tuple[subprocess.CompletedProcess[str], Json]:
    """`pushward replay NAME --check`, and what it found."""
    done = pushward(system.stores.environment(), "replay", name, "--check", "--json", succeeds=False)
    assert done.stdout, done.stderr
    return done, json.loads(done.stdout)


@EVERY_SHAPE
@pytest.mark.parametrize("name", NAMES)
async def test_the_state_tables_are_what_the_log_says(system: System, name: str) -> None:
    """All that the tests of this shape have done, folded again: no difference."""
    done, report = check(system, name)
    assert report["differences"] == []
    assert done.returncode == 0, done.stderr
    assert report["events"] > 0
    assert report["rows"] > 0


@pytest.mark.parametrize("name", NAMES)
async def test_a_damaged_row_is_found_and_named(system: System, name: str) -> None:
    """Exit 1, the row and the column; once it is mended, exit 0."""
    damage, url = DAMAGES[name], system.stores.database_url
    read = f"SELECT {damage.key}, {damage.column}, stream_id FROM {damage.table} ORDER BY 1 LIMIT 1"
    write = f"UPDATE {damage.table} SET {damage.column} = $2 WHERE {damage.key} = $1"
    ((key, value, stream_id),) = await sql.rows(url, read)
    assert await sql.execute(url, write, key, damage.value) == "UPDATE 1"
    try:
        done, report = check(system, name)
    finally:
        await sql.execute(url, write, key, value)
    assert done.returncode == 1
    (difference,) = report["differences"]
    assert (difference["table"], difference["columns"]) == (damage.table, [damage.column])
    assert {str(key), str(stream_id)} & set(difference["key"])
    assert check(system, name)[0].returncode == 0


@EVERY_SHAPE
async def test_nothing_went_wrong_unseen(system: System, tenant: Tenant) -> None:
    """No process has logged a defect of ours: a traceback, or an error that a tenant was told as a 500."""
    assert (await tenant.client.get("/readyz")).status_code == 200

    def is_defect(entry: dict[str, Any]) -> bool:  # Any: an entry's members
        return "exception" in entry or entry["level"] in ("error", "critical")

    assert [entry for entry in system.log_entries() if is_defect(entry)] == []
