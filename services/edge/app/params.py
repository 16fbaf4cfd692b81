"""Parameters as typed models: each operation's form or query is a msgspec Struct, and is read into it here.

Names, types, requiredness and enumerations stand in the Struct alone (an OpenAPI document can be generated from it).
What a value *means* is decided by whoever owns it, behind gRPC. Unknown parameters are ignored; of a repeated
single-valued one the last counts; an empty value of anything but text counts as not given (contract sections 8, 10).
"""

import re
from collections.abc import Mapping
from typing import Annotated, ClassVar, Final, Generic, TypeVar

import msgspec
from msgspec import Meta
from msgspec import inspect as models

from pushward import error_codes
from pushward.errors import BadRequestError
from services.edge.app.form import Pairs
from services.edge.app.models.shapes import enumeration

PAGE_SIZE_DEFAULT: Final = 50
PAGE_SIZE_MAX: Final = 1000

Int32 = Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)]
"""What fits into the messages between services; the bounds that mean something are their owner's."""

_ALIASES: Final = {"pageToken": "PageToken"}  # the iOS SDK's spelling, contract section 3.8
_MISSING: Final = re.compile(r"missing required field `(?P<name>[^`]+)`")
_PLACE: Final = re.compile(r"(?P<fault>.*) - at `\$\.(?P<name>[^`\[]+)", re.DOTALL)


class Params(msgspec.Struct, kw_only=True, frozen=True, rename="pascal"):
    """The root of all parameter models: `friendly_name` is `FriendlyName` unless the field says otherwise."""

    invalid_code: ClassVar[int] = error_codes.INVALID_REQUEST
    invalid_codes: ClassVar[Mapping[str, int]] = {}  # by parameter, where one has a code of its own


class NoParams(Params, frozen=True, kw_only=True):
    """For operations that take none."""


class PageParams(Params, frozen=True, kw_only=True):
    """Which page of a list (contract section 0, Paging)."""

    invalid_codes: ClassVar[Mapping[str, int]] = {
        "PageSize": error_codes.INVALID_PAGE_SIZE,
        "PageToken": error_codes.INVALID_PAGE_TOKEN,
    }

    page_size: Annotated[int, Meta(ge=1, le=PAGE_SIZE_MAX)] = PAGE_SIZE_DEFAULT
    page: Annotated[int, Meta(ge=0, le=2**31 - 1)] = 0
    page_token: str = ""

    def filters(self) -> Pairs:
        """The parameters beside those of the page, which the links to other pages repeat."""
        return ()


P = TypeVar("P", bound=Params)


class ParamsReader(Generic[P]):
    """Reads pairs into one model."""

    def __init__(self, model: type[P]) -> None:
        self._model = model
        self._lists = frozenset[str]()
        self._texts = frozenset[str]()
        structure = models.type_info(model)
        assert isinstance(structure, models.StructType)
        for entry in structure.fields:
            if isinstance(_bare(entry.type), models.VarTupleType):
                self._lists |= {entry.encode_name}
            elif _admits_text(entry.type):
                self._texts |= {entry.encode_name}
        self._names = {entry.encode_name: entry.encode_name for entry in structure.fields}
        self._names |= {alias: name for alias, name in _ALIASES.items() if name in self._names}

    def read(self, pairs: Pairs) -> P:
        """The model that `pairs` give. Raises BadRequestError, naming the parameter that is wrong or missing."""
        given: dict[str, str | list[str]] = {}
        for spelled, value in pairs:
            name = self._names.get(spelled)
            if name is None:
                continue
            if name in self._lists:
                values = given.setdefault(name, [])
                assert isinstance(values, list)
                values.append(value)
            elif name in self._texts:
                given[name] = value
            elif value.lower() == "null":  # which msgspec would take for "not given"
                raise self._refused(name, f"{name} is invalid: null is no value.")
            elif value:
                given[name] = value
        try:
            return msgspec.convert(given, self._model, strict=False)
        except msgspec.ValidationError as error:
            raise self._refusal(str(error)) from error

    def _refusal(self, fault: str) -> BadRequestError:
        missing = _MISSING.search(fault)
        if missing is not None:
            name, message = missing["name"], f"{missing['name']} is required."
        else:
            place = _PLACE.fullmatch(fault.rstrip("`"))
            assert place is not None, fault
            name, message = place["name"], f"{place['name']} is invalid: {place['fault'].replace('`', '')}."
        return self._refused(name, message)

    def _refused(self, name: str, message: str) -> BadRequestError:
        return BadRequestError(message, code=self._model.invalid_codes.get(name, self._model.invalid_code))


def _admits_text(kind: models.Type) -> bool:
    """Whether an empty value is a value: of text, and of an enumeration that names it."""
    if isinstance(kind, models.UnionType):
        return any(_admits_text(member) for member in kind.types)
    choices = enumeration(kind)
    return isinstance(_bare(kind), models.StrType) and (choices is None or "" in choices)


def _bare(kind: models.Type) -> models.Type:
    return _bare(kind.type) if isinstance(kind, models.Metadata) else kind
