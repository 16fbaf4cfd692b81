"""`python -m scripts.apidocs DIRECTORY`: writes the generated files of docs/api."""

import json
import sys
from pathlib import Path

from scripts.apidocs.errors import errors_page
from services.edge.app.openapi.document import document
from services.edge.wiring import described_operations


def main() -> None:
    """Writes all of it."""
    directory = Path(sys.argv[1])
    directory.mkdir(parents=True, exist_ok=True)
    files = {
        "errors.md": errors_page(),
        "openapi.json": json.dumps(document(described_operations()), indent=2, ensure_ascii=False) + "\n",
    }
    for name, text in files.items():
        (directory / name).write_text(text, "utf-8")


if __name__ == "__main__":
    main()
