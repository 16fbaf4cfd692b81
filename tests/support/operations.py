"""What the edge serves, as its wiring says: for tests that must not leave an operation out."""

from collections.abc import Sequence

from grpc import aio

from pushward.config.settings import Environment, Settings
from pushward.eventlog.heads import HeadWatch
from pushward.eventlog.memory import MemoryLog
from pushward.rpc.channel import open_inprocess
from pushward.rpc.inprocess import InProcessServer
from pushward.security.kek import KEK_BYTES, FileKeyEncryption
from pushward.security.key_store_memory import MemoryKeyStore
from pushward.security.keys import KeyRing
from pushward.service import Runtime
from services.edge.app.operation import Operation
from services.edge.wiring import build


class _Nobody:
    """Peers that serve nothing."""

    def channel(self, service: str) -> aio.Channel:
        """A channel that leads nowhere."""
        return open_inprocess(InProcessServer())


def every_operation() -> Sequence[Operation]:
    """All operations; none of them can be called."""
    keys = KeyRing(MemoryKeyStore(), FileKeyEncryption(bytes(KEK_BYTES)))
    runtime = Runtime(_Nobody(), HeadWatch(MemoryLog(shard_count=1)), keys)
    return build(Settings(env=Environment.DEVELOPMENT), runtime).operations


def name_of(operation: Operation) -> str:
    """Method and path."""
    return f"{operation.method} {operation.path}"
