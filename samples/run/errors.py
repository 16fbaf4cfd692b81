"""How the launcher fails."""


class RunError(Exception):
    """It can't be run; the message says why, or which program has said so already."""
