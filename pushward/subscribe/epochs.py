"""Taking a new epoch over: by command, when somebody knows what was restored.

After a restore the log hands positions out anew. Where it still holds the event that was applied last, all that was
applied is in it, and the subscriber may go on; where it doesn't, what was applied is not in the log any more, and only
the subscriber's owner can say what becomes of it: mostly the tables are built anew from the beginning.
"""

from pushward.subscribe.port import Batch, Source, Store
from pushward.subscribe.rule import Position


async def take_over(source: Source, store: Store) -> int:
    """Moves every stored position into the source's epoch; returns how many there were to move.

    Raises LogRewrittenError or PositionFromFutureError, and has moved nothing, if the log has lost what was applied.
    """
    moves = []
    for shard, last in (await store.load()).items():
        epoch = (await source.head(shard)).epoch
        if last.epoch != epoch:
            moved = Position(epoch, last.position, last.event_id)
            await source.begin(shard, moved)
            moves.append(Batch(shard, last, moved, ()))
    for batch in moves:
        await store.apply(batch)
    return len(moves)
