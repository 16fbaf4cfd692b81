"""When registry can serve: with its database, its state tables, and the key that credentials are digested with."""

from pushward.security.accepted_keks import AcceptedKeks
from pushward.security.kek import KEK_BYTES, FileKeyEncryption
from pushward.security.key_store_postgres import PostgresKeyStore
from pushward.security.keys import KeyEncryption, KeyRing
from pushward.service import Runtime
from services.registry.wiring import build
from tests.integration.registry.conftest import NoPeers, World

RIGHT = FileKeyEncryption(bytes(KEK_BYTES))
WRONG = FileKeyEncryption(b"w" * KEK_BYTES)


async def readiness(world: World, encryption: KeyEncryption) -> str | None:
    """What a process says that holds these key-encryption keys."""
    keys = KeyRing(PostgresKeyStore(world.keys_database), encryption)
    service = build(world.settings, Runtime(NoPeers(), world.heads, keys))
    try:
        return await service.ready()
    finally:
        await service.stop()


async def test_a_process_without_the_key_encryption_key_is_not_ready(world: World) -> None:
    """Nobody could be authenticated: it names the key that is asked for, and the one that it holds."""
    said = await readiness(world, WRONG)
    assert said is not None
    assert RIGHT.kek_id in said
    assert WRONG.kek_id in said
    assert await readiness(world, RIGHT) is None
    assert await readiness(world, AcceptedKeks(WRONG, [RIGHT])) is None
