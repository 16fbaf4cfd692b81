"""How the demo fails."""


class DemoError(Exception):
    """Something did not hold; the message says what."""


def hold(condition: bool, what: str) -> None:
    """Raises DemoError unless ``what`` holds."""
    if not condition:
        raise DemoError(f"This did not hold: {what}")
