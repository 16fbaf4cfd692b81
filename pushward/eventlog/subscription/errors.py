"""Why a follower ends. All but the first are an operator's business: they raise the shard's alarm."""


class LeaseLostError(Exception):
    """The shard is another process's now, or might be."""


class LogRewrittenError(Exception):
    """The log holds another event at a position than the one that was applied: it was restored or rewritten."""


class TooManyParkedError(Exception):
    """So many streams are parked that it can't be the events' fault."""
