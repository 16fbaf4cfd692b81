"""The files and their text. ASCII, so that no editor shows anything but what is there."""

import json

from clients.vectors.make import answers, errors, keys, payloads, requests, silent, streams, tokens

CONTENTS = {
    "answers.json": answers.content,
    "errors.json": errors.content,
    "keys.json": keys.content,
    "payloads.json": payloads.content,
    "requests.json": requests.content,
    "silent.json": silent.content,
    "streams.json": streams.content,
    "tokens.json": tokens.content,
}


def texts() -> dict[str, str]:
    """The text of each file."""
    return {name: json.dumps(content(), indent=1) + "\n" for name, content in CONTENTS.items()}
