"""Pages for people: whole in one response, without a script and without anything from elsewhere.

The policy that goes with each lets a browser use nothing but the page's own style sheet.
"""

import base64
import hashlib
import re
from collections.abc import Iterable
from html import escape
from typing import Final

_STYLE: Final = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h2 { margin-top: 3rem; border-bottom: 1px solid #8886; }
h3 { margin-top: 2.5rem; }
code, pre { font-family: ui-monospace, monospace; font-size: 0.9em; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; margin: 0.75rem 0; }
th, td { text-align: left; vertical-align: top; padding: 0.3rem 0.75rem 0.3rem 0; border-bottom: 1px solid #8884; }
nav li { display: inline-block; margin-right: 1rem; }
nav ul { padding: 0; }
""".strip()
_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode("ascii")
_CODE: Final = re.compile(r"`([^`]+)`")

POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Content-Security-Policy of every page."""


def page(title: str, *parts: str) -> str:
    """A whole page; `title` is text, `parts` are markup."""
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{escape(title)}</title>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<style>{_STYLE}</style>\n</head>\n<body>\n<h1>{escape(title)}</h1>\n"
        + "\n".join(parts)
        + "\n</body>\n</html>\n"
    )


def prose(text: str) -> str:
    """Text as markup, with `code` in it."""
    return _CODE.sub(r"<code>\1</code>", escape(text))


def paragraph(text: str) -> str:
    """A paragraph of prose; nothing if there is none."""
    return f"<p>{prose(text)}</p>" if text else ""


def code(text: str) -> str:
    """Text as code."""
    return f"<code>{escape(text)}</code>"


def link(address: str, text: str) -> str:
    """A link whose text is text."""
    return f'<a href="{escape(address)}">{escape(text)}</a>'


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table: `head` is text, cells are markup; nothing without rows."""
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    if not body:
        return ""
    headings = "".join(f"<th>{escape(name)}</th>" for name in head)
    return f"<table><thead><tr>{headings}</tr></thead><tbody>{body}</tbody></table>"
