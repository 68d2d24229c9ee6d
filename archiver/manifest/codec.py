"""Structs of msgspec to JSON and back, strictly: the classes are the format.

A field is named in JSON as in the class unless it says ``field(name="from")``. One that is
:data:`archiver.json_documents.Later` is left out while it has its default, and what was written
before it came has none. Text, whole numbers, booleans, enumerations, moments, days, tuples,
``X | None``, mappings and structs are known; :data:`archiver.json_documents.Json` passes through as
it is. An unknown, missing or mistyped field raises :class:`BadDocument` that names it:
``recordings[3].audio.bytes is not a number``.
"""

import types
from collections.abc import Callable, Hashable, Iterator, Mapping
from datetime import UTC, date, datetime
from enum import Enum
from functools import cache
from typing import Any, Literal, NewType, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from msgspec import Struct
from msgspec.structs import astuple, fields

from archiver.json_documents import BadDocument, Json, came_later

T = TypeVar("T")
Reader = Callable[[Json], object]
Writer = Callable[[Any], Json]
_AS_THEY_ARE = frozenset({bool, int, float, str, types.NoneType})
_NOTHING = object()


class _Misfit(Exception):
    """A value does not fit: where, below the one being read, and why."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(where, why)
        self.where = where
        self.why = why

    def below(self, where: str) -> "_Misfit":
        """Return the same of what holds the value, there."""
        return _Misfit(where + self.where, self.why)


def read(kind: type[T], document: Json) -> T:
    """Make a ``kind`` of a parsed document; raises :class:`BadDocument`."""
    try:
        return cast("T", _reader(cast("Hashable", kind))(document))
    except _Misfit as misfit:
        raise BadDocument(f"{misfit.where.lstrip('.') or 'the document'} {misfit.why}") from misfit


def plain(value: object) -> Json:
    """Return what ``value`` is in JSON, fields in the order of their class."""
    return _writer(cast("Hashable", type(value)))(value)


@cache
def _writer(kind: type[Any]) -> Writer:
    if kind in _AS_THEY_ARE:
        return lambda value: value
    if issubclass(kind, date | Enum):
        return _text
    if issubclass(kind, Mapping):
        return lambda value: {_text(name): plain(inner) for name, inner in value.items()}
    if issubclass(kind, list | tuple):
        return lambda value: [plain(inner) for inner in value]
    if issubclass(kind, Struct):
        return lambda value: {name: plain(inner) for name, inner in present(value)}
    raise TypeError(f"no JSON for {kind.__name__}")


def present(document: Struct) -> Iterator[tuple[str, object]]:
    """Yield the fields of a struct that are written, by their names in JSON, in their order."""
    written = _written(cast("Hashable", type(document)))
    for (name, left_out), value in zip(written, astuple(document), strict=True):
        if left_out is _NOTHING or value != left_out:
            yield name, value


@cache
def _written(kind: Hashable) -> tuple[tuple[str, object], ...]:
    """Return a class's fields: the name in JSON, and the value that is not written."""
    return tuple(
        (each.encode_name, each.default if came_later(each.type) else _NOTHING)
        for each in fields(cast("Any", kind))
    )


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return _moment_text(value)
    if isinstance(value, date):
        return value.isoformat()
    return str(value.value if isinstance(value, Enum) else value)


def _moment_text(moment: datetime) -> str:
    if moment.tzinfo is None:
        return moment.isoformat(timespec="seconds")
    return moment.astimezone(UTC).isoformat(timespec="seconds").removesuffix("+00:00") + "Z"


def _moment(value: Json) -> datetime:
    if isinstance(value, str) and (moment := _moment_in(value)):
        return moment
    raise _Misfit("", "is not a time such as 2019-06-11T06:04:21 (portal) or …21Z (UTC)")


def _moment_in(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
        return moment if _moment_text(moment) == text else None
    except (ValueError, OverflowError):  # the latter where UTC has no such year
        return None


def _day(value: Json) -> date:
    try:
        day = date.fromisoformat(value if isinstance(value, str) else "")
    except ValueError as error:
        raise _Misfit("", "is not a day such as 2019-06-11") from error
    if day.isoformat() != value:
        raise _Misfit("", "is not a day such as 2019-06-11")
    return day


def _exactly(kind: type, called: str) -> Reader:
    def reader(value: Json) -> object:
        if type(value) is not kind:
            raise _Misfit("", f"is not {called}")
        return value

    return reader


_SCALARS: dict[object, Reader] = {
    str: _exactly(str, "text"),
    int: _exactly(int, "a whole number"),
    bool: _exactly(bool, "true or false"),
    datetime: _moment,
    date: _day,
    types.NoneType: _exactly(types.NoneType, "null"),
}


# Json names itself, so what a class's hints resolve it to is only equal to another resolved one.
ANY_JSON = get_type_hints(plain)["return"]


@cache
def _reader(kind: Hashable) -> Reader:
    if kind == ANY_JSON:
        return lambda value: value
    if isinstance(kind, NewType):
        return _reader(kind.__supertype__)
    if kind in _SCALARS:
        return _SCALARS[kind]
    if isinstance(kind, type) and issubclass(kind, Struct):
        return _document(kind)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _one_of({str(member.value): member for member in kind})
    return _generic(get_origin(kind), get_args(kind))


def _generic(origin: object, inner: tuple[Hashable, ...]) -> Reader:
    if origin is Literal:
        return _one_of({str(text): text for text in inner})
    if origin in {Union, types.UnionType}:
        return _either(inner)
    if origin is tuple:
        return _sequence(_reader(inner[0]))
    if origin is Mapping:
        return _mapping(_reader(inner[0]), _reader(inner[1]))
    raise TypeError(f"no reader for {origin} of {inner}")


def _one_of(values: Mapping[str, object]) -> Reader:
    def reader(value: Json) -> object:
        if isinstance(value, str) and value in values:
            return values[value]
        raise _Misfit("", f"is none of {', '.join(values)}")

    return reader


def _either(kinds: tuple[Hashable, ...]) -> Reader:
    readers = [_reader(each) for each in kinds]
    may_be_none = _SCALARS[types.NoneType] in readers

    def reader(value: Json) -> object:
        if value is None and may_be_none:
            return None
        first: _Misfit | None = None
        for one in readers:
            try:
                return one(value)
            except _Misfit as misfit:
                first = first or misfit
        raise first or _Misfit("", "cannot be read")

    return reader


def _sequence(inner: Reader) -> Reader:
    def reader(value: Json) -> tuple[object, ...]:
        if not isinstance(value, list):
            raise _Misfit("", "is not a list")
        made: list[object] = []
        try:
            made.extend(map(inner, value))
        except _Misfit as misfit:
            raise misfit.below(f"[{len(made)}]") from misfit
        return tuple(made)

    return reader


def _mapping(names: Reader, values: Reader) -> Reader:
    def reader(value: Json) -> dict[object, object]:
        if not isinstance(value, dict):
            raise _Misfit("", "is not an object")
        made, at = {}, ""
        try:
            for at, one in value.items():
                made[names(at)] = values(one)
        except _Misfit as misfit:
            raise misfit.below(f".{at}") from misfit
        return made

    return reader


def _document(kind: type[Struct]) -> Reader:
    hints = get_type_hints(kind)
    every = fields(kind)
    plan = {field.encode_name: (field.name, _reader(hints[field.name])) for field in every}
    optional = {field.encode_name for field in every if came_later(field.type)}

    def reader(value: Json) -> object:
        if not isinstance(value, dict):
            raise _Misfit("", "is not an object")
        for name in (value.keys() ^ plan.keys()) - (optional - value.keys()):
            why = "is missing" if name in plan else "is unknown to this format"
            raise _Misfit(f".{name}", why)
        made, at = {}, ""
        try:
            for at, one in value.items():
                field, inner = plan[at]
                made[field] = inner(one)
        except _Misfit as misfit:
            raise misfit.below(f".{at}") from misfit
        try:
            return kind(**made)
        except ValueError as error:
            raise _Misfit("", f"does not hold together: {error}") from error

    return reader
