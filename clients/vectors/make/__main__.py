"""Writes every file of `clients/vectors`: `python -m clients.vectors.make`, from the repository's root."""

from pathlib import Path

from clients.vectors.make.files import texts

if __name__ == "__main__":
    for name, text in texts().items():
        (Path(__file__).parents[1] / name).write_text(text, encoding="ascii")
