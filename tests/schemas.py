"""The schemas in ``manifests/``, written out of the classes that are the format.

    python -m tests.schemas

What is in the archive is written whole: :mod:`archiver.manifest.codec` reads and writes by the same
classes. What ``--json`` prints is made by hand, and so are its schemas; but where one refers to a
class by its name, that part is written here, so that no enumeration is kept twice.

A class's docstring says what it is; a field is described by the sentences that name it. What no
type tells, such as the form of a hash, is in :data:`FORMS` and :data:`TOLD`.
"""

import inspect
import json
import re
import sys
import types
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from enum import Enum
from pathlib import Path
from typing import Any, Literal, NewType, TypeGuard, Union, get_args, get_origin, get_type_hints

from msgspec import Struct
from msgspec.structs import FieldInfo, fields

from archiver.completeness.certificate import Certificate, NamedCertificate
from archiver.domain.audio_facts import Facts
from archiver.domain.checks import CheckStatus
from archiver.domain.layout import (
    CALLS_NAME,
    CERTIFICATE_NAME,
    EXPORT_NAME,
    EXTENSION,
    HOLD_NAME,
    RECORDING_NAME,
)
from archiver.domain.times.window import Window
from archiver.filters.hold_filter import HoldFilter
from archiver.json_documents import came_later, dumps
from archiver.manifest.archive import ArchiveFile
from archiver.manifest.codec import ANY_JSON, plain
from archiver.manifest.format import FORMAT
from archiver.manifest.model import Entry, Manifest
from archiver.manifest.named_files.handover_filter import HandoverFilter
from archiver.manifest.named_files.sidecar import Sidecar
from archiver.manifest.records.decisions import Export
from archiver.manifest.records.files import (
    SHA256,
    VERSION_NAME,
    ArchivedFile,
    CallFile,
    CertificateFile,
    Head,
)
from archiver.manifest.records.holds import HoldChange
from archiver.manifest.records.listings import AskedWindow, Backlog, WindowProof

Schema = dict[str, Any]
Part = type[Struct] | type[Enum]
FOLDER = Path(__file__).parents[1] / "manifests"
DOCUMENTS: dict[str, type] = {
    "archive": ArchiveFile, "certificate": Certificate, "handover_filter": HandoverFilter,
    "hold_filter": HoldFilter,
    "manifest": Manifest, "sidecar": Sidecar,
}  # fmt: skip
PRINTED = (CheckStatus,)
"""What only ``--json`` prints, and a class of the product's tells."""
_SENTENCES = re.compile(r"(?<=[.]) |; (?=``[a-z])")
_QUOTED = re.compile(r"``([a-z_]+)``")
_ROLE = re.compile(r":\w+:`(?:\w+[.])*(\w+)`")
_REFERENCE = re.compile(r'"#/[$]defs/(\w+)"')
_MOMENT = datetime(2019, 6, 11, 6, 4, 21, tzinfo=UTC)


def _whole(pattern: str) -> Schema:
    """Return what a text must match from end to end, without the names that Python gives parts."""
    return {"pattern": f"^(?:{re.sub('[?]P<[a-z0-9]+>', '', pattern)})$"}


def _as(value: date) -> Schema:
    """Return what a text must look like: as the format writes this one, with any digits."""
    text = str(plain(value))
    return {"pattern": f"^{re.sub('[0-9]+', lambda digits: f'[0-9]{{{len(digits[0])}}}', text)}$"}


_PORTAL_TIME = _as(_MOMENT.replace(tzinfo=None))
_HASH = _whole(SHA256.pattern)
_RECORDING = {"properties": {"path": _whole(RECORDING_NAME.pattern)}}

FORMS: Mapping[str, Schema] = {
    "format": {"minimum": 1, "maximum": FORMAT},
    "sha256": _HASH,
    "identity": _HASH,
    "salt": _HASH,
    "created_at": _PORTAL_TIME,
}
"""What is true of every field of a name."""
TOLD: Mapping[tuple[type, str], Schema] = {
    (ArchivedFile, "version"): _whole(VERSION_NAME.pattern),
    (Backlog, "recordings"): {"minimum": 0},
    (CallFile, "file"): {"properties": {"path": _whole(CALLS_NAME.pattern)}},
    (CallFile, "rows"): {"minimum": 1},
    (CertificateFile, "file"): {"properties": {"path": _whole(CERTIFICATE_NAME.pattern)}},
    (CertificateFile, "supersedes"): _whole(CERTIFICATE_NAME.pattern),
    (NamedCertificate, "path"): _whole(CERTIFICATE_NAME.pattern),
    (Entry, "audio"): _RECORDING,
    (Entry, "sidecar"): _RECORDING,
    (Export, "file"): {"properties": {"path": _whole(EXPORT_NAME.pattern)}},
    (Export, "parts"): {"items": _HASH},
    (Facts, "extension"): _whole(EXTENSION.pattern),
    (Head, "number"): {"minimum": 1},
    (HoldChange, "future"): {"properties": {"path": _whole(HOLD_NAME.pattern)}},
    (HoldChange, "hold"): {"minimum": 1},
    (Manifest, "number"): {"minimum": 1},
    (Window, "first"): _PORTAL_TIME,
    (Window, "last"): _PORTAL_TIME,
    (AskedWindow, "first"): _PORTAL_TIME,
    (AskedWindow, "last"): _PORTAL_TIME,
    (WindowProof, "first"): _PORTAL_TIME,
    (WindowProof, "last"): _PORTAL_TIME,
}
"""What is true of one field of one class."""

_SCALARS: Mapping[object, Schema] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    bool: {"type": "boolean"},
    types.NoneType: {"type": "null"},
    datetime: {"type": "string", **_as(_MOMENT)},
    date: {"type": "string", **_as(_MOMENT.date())},
    ANY_JSON: {},
}


def main() -> None:
    """Write every schema anew."""
    for path in sorted(FOLDER.glob("*.schema.json")):
        path.write_bytes(text_of(path))
        sys.stdout.write(f"{path.name}\n")


def text_of(path: Path) -> bytes:
    """Return what the file of a schema is to hold."""
    kind = DOCUMENTS.get(path.name.partition(".")[0])
    schema = _document(kind) if kind else _with_parts(json.loads(path.read_bytes()))
    return dumps(schema, indent=2)


def _document(kind: type) -> Schema:
    """Return a document's schema; its module tells what is true of the whole of it."""
    title, _, of_all = (inspect.getdoc(sys.modules[kind.__module__]) or "").partition("\n\n")
    schema = _object(kind)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": _words(title),
        **schema,
        "description": f"{schema['description']}. {_words(of_all)}",
        "$defs": _parts_of(_kinds_in(kind)),
    }


def _with_parts(by_hand: Schema) -> Schema:
    """Return a schema with the parts of the format that it refers to, as they are now."""
    kinds = [*PRINTED, *(each for kind in DOCUMENTS.values() for each in _kinds_in(kind))]
    known = {each.__name__: each for each in kinds}
    own = {name: each for name, each in by_hand.get("$defs", {}).items() if name not in known}
    asked = set(_REFERENCE.findall(json.dumps({**by_hand, "$defs": own}))) & known.keys()
    wanted = {known[name] for name in asked}
    parts = own | _parts_of([*wanted, *(each for kind in wanted for each in _kinds_in(kind))])
    return {**by_hand, **({"$defs": parts} if parts else {})}


def _parts_of(kinds: Iterable[Part]) -> Schema:
    made = {each.__name__: _part(each) for each in kinds}
    return dict(sorted(made.items()))


def _part(kind: Part) -> Schema:
    return _object(kind) if issubclass(kind, Struct) else _enumeration(kind)


def _kinds_in(kind: object) -> list[Part]:
    """Return the structs and enumerations that a type is made of, itself left out."""
    if isinstance(kind, type) and issubclass(kind, Struct):
        inner = [*get_type_hints(kind).values()]
    else:
        inner = [*get_args(kind)]
    found = dict.fromkeys(each for each in inner if _is_part(each))
    return [*dict.fromkeys([*found, *(each for one in inner for each in _kinds_in(one))])]


def _is_part(kind: object) -> TypeGuard[Part]:
    return isinstance(kind, type) and issubclass(kind, Struct | Enum)


def _object(kind: type[Struct]) -> Schema:
    hints = get_type_hints(kind)
    every = fields(kind)
    own, told = _described(kind, every)
    return {
        **own,
        "type": "object",
        "additionalProperties": False,
        "required": [each.encode_name for each in every if not came_later(each.type)],
        "properties": {
            each.encode_name: {
                **told.get(each.name, {}),
                **_field(each, hints[each.name]),
                **FORMS.get(each.name, {}),
                **TOLD.get((kind, each.name), {}),
            }
            for each in every
        },
    }


def _field(field: FieldInfo, hint: object) -> Schema:
    """Return what a field may hold: one that is left out while it has its default never has it."""
    if not came_later(field.type):
        return _of(hint)
    match field.default:
        case None:
            return _either([each for each in get_args(hint) if each is not types.NoneType])
        case ():
            return {**_of(hint), "minItems": 1}
        case bool(never):
            return {"const": not never}
        case int(never):
            return {**_of(hint), "minimum": never + 1}
    raise TypeError(f"no schema for what is left out while it is {field.default}")


def _of(kind: Any) -> Schema:  # noqa: ANN401 - a type, of any form
    """Return what a value of a type is; a whole number that is always there is never below 0."""
    if isinstance(kind, NewType):
        return _of(kind.__supertype__)
    if kind is int:
        return {"type": "integer", "minimum": 0}
    if kind in _SCALARS:
        return _SCALARS[kind]
    if _is_part(kind):
        return {"$ref": f"#/$defs/{kind.__name__}"}
    return _generic(get_origin(kind), get_args(kind))


def _generic(origin: object, inner: tuple[Any, ...]) -> Schema:
    if origin is Literal:
        return {"enum": [*inner]}
    if origin in {Union, types.UnionType}:
        return _either(inner)
    if origin is tuple:
        return {"type": "array", "items": _of(inner[0])}
    if origin is Mapping:
        return _mapping(*inner)
    raise TypeError(f"no schema for {origin} of {inner}")


def _either(kinds: Sequence[Any]) -> Schema:
    """Return one of several: a number that others claim, or nobody, may be any."""
    if len(kinds) == 1:
        return _of(kinds[0])
    parts = [_SCALARS.get(each) or _of(each) for each in kinds]
    if not all("type" in each for each in parts):
        return {"anyOf": parts}
    merged = {name: value for each in parts for name, value in each.items()}
    return {**merged, "type": [each["type"] for each in parts]}


def _mapping(names: Any, values: Any) -> Schema:  # noqa: ANN401 - types, of any form
    named = {} if names is str else {"propertyNames": _of(names)}
    return {"type": "object", **named, "additionalProperties": _of(values) or True}


def _enumeration(kind: type[Enum]) -> Schema:
    return {
        "description": _words(inspect.getdoc(kind) or ""),
        "enum": [each.value for each in kind],
    }


def _described(kind: type, every: Iterable[FieldInfo]) -> tuple[Schema, dict[str, Schema]]:
    """Return the descriptions of a class and of its fields, out of the class's docstring."""
    names = {each.name: each.encode_name for each in every}
    of_class: list[str] = []
    of_fields: dict[str, list[str]] = {}
    for sentence in _SENTENCES.split(" ".join((inspect.getdoc(kind) or "").split())):
        about = [name for name in re.findall(r"``(\w+)``", sentence) if name in names]
        said = _words(_QUOTED.sub(lambda found: names.get(found[1], found[1]), sentence))
        for told in [of_fields.setdefault(name, []) for name in about] or [of_class]:
            told.append(said)
    described = {name: {"description": ". ".join(told)} for name, told in of_fields.items()}
    return {"description": ". ".join(of_class)}, described


def _words(text: str) -> str:
    """Return a docstring's text as it stands in a schema."""
    text = _ROLE.sub(r"\1", " ".join(text.split())).replace("``None``", "null")
    return text.replace("``", "").rstrip(".")


if __name__ == "__main__":
    main()
