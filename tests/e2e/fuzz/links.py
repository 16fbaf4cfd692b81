"""OpenAPI links for the sequences: which requests an answer that creates something gives parameters to.

By one rule instead of a list, so that new operations are in: what is created at `…/Things` leads to each operation
below that path that takes one parameter more, the thing's own.
"""

import copy
from collections.abc import Iterator
from typing import Any, Final

from tests.support.tenant import Json

CREATED: Final = "201"
METHODS: Final = ("get", "post", "delete")


def linked(document: Json) -> Json:
    """The document with links in each answer that creates something."""
    document = copy.deepcopy(document)
    for path, _, operation in operations(document):
        if CREATED in operation["responses"]:
            links = operation["responses"][CREATED].setdefault("links", {})
            for target_path, method, target in operations(document):
                parameters = _parameters(path, target_path)
                if parameters:
                    links[f"{method} {target_path}"] = {
                        "operationId": target["operationId"],
                        "parameters": {f"path.{name}": source for name, source in parameters.items()},
                    }
    return document


def operations(document: Json) -> Iterator[tuple[str, str, Any]]:  # Any: an operation object
    """Path, method and operation of each."""
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield path, method, item[method]


def _parameters(creating: str, target: str) -> dict[str, str]:
    """Where the target's path parameters come from; none if an answer to ``creating`` can't tell them all."""
    above, wanted = names(creating), names(target)
    own = [name for name in wanted if name not in above]
    if wanted[: len(above)] != above or len(own) != 1 or not target.startswith(creating):
        return {}
    sources = {name: f"$request.path.{name}" for name in above}
    return sources | {name: f"$response.body#/{'identity' if name == 'Identity' else 'sid'}" for name in own}


def names(path: str) -> list[str]:
    """The parameters of a path, in their order."""
    return [part[1:-1] for part in path.split("/") if part.startswith("{")]
