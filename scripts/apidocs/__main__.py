"""`python -m scripts.apidocs DIRECTORY`: writes the generated files of docs/api."""

import json
import sys
from pathlib import Path

from scripts.apidocs.claims import CollectionError
from scripts.apidocs.conformance import ConformanceError, conformance_page
from scripts.apidocs.errors import errors_page
from services.edge.app.openapi.document import document
from services.edge.wiring import described_operations


def main() -> None:
    """Writes all of it."""
    directory = Path(sys.argv[1])
    directory.mkdir(parents=True, exist_ok=True)
    told = document(described_operations())
    files = {
        "openapi.json": json.dumps(told, indent=2, ensure_ascii=False) + "\n",
        "errors.md": errors_page(),
        "conformance.md": conformance_page(told),
    }
    for name, text in files.items():
        (directory / name).write_text(text, "utf-8")


if __name__ == "__main__":
    try:
        main()
    except (CollectionError, ConformanceError) as error:
        sys.exit(f"docs/api/conformance.md: {error}")
