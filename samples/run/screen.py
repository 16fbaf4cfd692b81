"""One screen that says where to look."""

from rich.panel import Panel
from rich.text import Text


def screen(url: str) -> Panel:
    """The samples' addresses."""
    lines = Text.assemble(
        ("Web app  ", "dim"),
        (f"{url}/", "bold green"),
        ("          Example Bank, a tenant of Pushward's\n", "dim"),
        ("Device   ", "dim"),
        (f"{url}/device/", "bold green"),
        ("   a phone in a browser: register it, then log in at the web app\n\n", "dim"),
        ("Both show every call as it happens. Another port: ", "dim"),
        ("BACKEND_PORT", ""),
        (".", "dim"),
    )
    return Panel(lines, title="Samples", title_align="left", expand=False, padding=(1, 2))
