"""The error dictionary: whole, in order, and what the code raises."""

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final, TypeGuard

import pytest

from pushward import error_codes, errors
from pushward.error_codes import BY_CODE, DICTIONARY
from pushward.errors import MAPPINGS, PushwardError, mapping_of
from services.edge.app.params import Params
from services.edge.wiring import described_operations

ROOT: Final = Path(__file__).parents[2]
HTTP_ALONE: Final = {error_codes.METHOD_NOT_ALLOWED}
"""No error in the tree stands for them."""
GIVEN: Final = {"pushward/errors.py", "pushward/rpc/errors.py", "services/edge/app/params.py"}
"""Where an error's code is a value that comes from elsewhere: from the other side of a wire, from a model."""


def _raising_modules() -> Iterator[tuple[str, list[ast.Call]]]:
    """Each module that makes errors with a code of their own, and where."""
    for top in ("pushward", "services"):
        for path in sorted((ROOT / top).rglob("*.py")):
            calls = [
                node
                for node in ast.walk(ast.parse(path.read_text("utf-8")))
                if isinstance(node, ast.Call)
                and ast.unparse(node.func).endswith("Error")
                and any(keyword.arg == "code" for keyword in node.keywords)
            ]
            name = path.relative_to(ROOT).as_posix()
            if calls and name not in GIVEN:
                yield name, calls


def _kinds() -> Iterator[type[PushwardError]]:
    """The whole tree."""
    waiting = [PushwardError]
    while waiting:
        kind = waiting.pop()
        yield kind
        waiting += kind.__subclasses__()


def test_the_dictionary_is_in_order_and_has_each_name_once() -> None:
    """Each constant of the module is a code, and each code has a constant."""
    codes = [entry.code for entry in DICTIONARY]
    assert codes == sorted(set(codes))
    assert sorted(value for value in vars(error_codes).values() if isinstance(value, int)) == codes


def test_every_entry_says_something() -> None:
    """Sentences, in one line."""
    for entry in DICTIONARY:
        assert entry.title
        assert not entry.title.endswith(".")
        for text in (entry.when, entry.remedy):
            assert text.endswith("."), entry
            assert "\n" not in text
            assert "|" not in text, "it stands in a table"


def test_every_status_is_one_of_an_error() -> None:
    """Or one that only HTTP knows."""
    statuses = {mapping.http_status for mapping in MAPPINGS}
    assert {entry.code for entry in DICTIONARY if entry.status not in statuses} == HTTP_ALONE


@pytest.mark.parametrize("kind", list(_kinds()), ids=lambda kind: kind.__name__)
def test_the_code_of_an_error_without_one_is_in_the_dictionary(kind: type[PushwardError]) -> None:
    """With the class's status."""
    assert BY_CODE[kind.default_code].status == mapping_of(kind("")).http_status


@pytest.mark.parametrize(
    ("path", "calls"), list(_raising_modules()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_code_that_is_raised_is_in_the_dictionary(path: str, calls: list[ast.Call]) -> None:
    """With the status of the class that it is raised with."""
    module = importlib.import_module(path.removesuffix(".py").replace("/", "."))
    for call in calls:
        place = f"{path}:{call.lineno}"
        code = next(keyword.value for keyword in call.keywords if keyword.arg == "code")
        kind = eval(ast.unparse(call.func), vars(module))  # noqa: S307 - our own code, read from our own tree
        assert issubclass(kind, errors.PushwardError), place
        number = eval(ast.unparse(code), vars(module))  # noqa: S307 - as above
        assert number in BY_CODE, place
        assert BY_CODE[number].status == mapping_of(kind("")).http_status, place


def test_every_code_of_a_parameter_is_a_bad_request() -> None:
    """Of a model as a whole, and of single parameters."""
    models: set[type[Params]] = {operation.params for operation in described_operations()}
    for model in models:
        for code in (model.invalid_code, *model.invalid_codes.values()):
            assert BY_CODE[code].status == 400, model


def test_no_module_has_numbers_of_its_own() -> None:
    """A code is written once, in the table."""
    for top in ("pushward", "services"):
        for path in sorted((ROOT / top).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if name == "pushward/error_codes.py" or name.startswith("pushward/api/"):
                continue
            numbers = {node.value for node in ast.walk(ast.parse(path.read_text("utf-8"))) if _is_number(node)}
            assert not numbers & BY_CODE.keys(), name


def _is_number(node: ast.AST) -> TypeGuard[ast.Constant]:
    return isinstance(node, ast.Constant) and type(node.value) is int
