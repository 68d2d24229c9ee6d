"""The schemas in ``manifests/`` and what the tool writes hold each other to the same format."""

import json
from collections.abc import Callable
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator
from msgspec.structs import fields

from archiver.check.audit import audit
from archiver.check.audit_report import FullRead
from archiver.cli.check.verify import document
from archiver.completeness.certificate import Certificate
from archiver.domain.outcomes import Outcome
from archiver.filters.filters import Filters, NumberPattern
from archiver.filters.hold_filter import HoldFilter
from archiver.json_documents import dumps
from archiver.manifest.archive import ArchiveFile
from archiver.manifest.format import FORMAT
from archiver.manifest.journal import Journal
from archiver.manifest.model import Manifest
from archiver.manifest.named_files.handover_filter import HandoverFilter
from archiver.manifest.named_files.sidecar import read_sidecar
from tests.archives import entry, fill, manifest_of
from tests.schemas import FOLDER, TOLD, text_of
from tests.store.memory import MemoryStore

KINDS = ("archive", "sidecar", "manifest", "handover_filter", "hold_filter", "verify")
LATER = frozenset({"identity"})
"""What came into the format later, so documents that were written before have none of it."""


def validator(root: Path, kind: str) -> Draft202012Validator:
    schema = json.loads((root / "manifests" / f"{kind}.schema.json").read_bytes())
    return Draft202012Validator(schema)


def written() -> dict[str, bytes]:
    """Return one document of each kind as the tool writes it."""
    store = MemoryStore()
    fill(store, manifests=1)
    journal = Journal(store)
    gone = entry("3", Outcome.GONE, reasons=("the media server has no such object",), attempts=1)
    journal.append(manifest_of(journal.archive().archive, [gone]))
    asked = HandoverFilter(FORMAT, "run-1", {"day": "2019-06-11"}, 2, "01" * 32, "02" * 32)
    standing = HoldFilter(FORMAT, Filters(numbers=(NumberPattern("0123"),)), "02" * 32)

    def read(key: str) -> bytes:
        with store.open(key) as file:
            return file.read()

    sidecar = next(i.key for i in store.items("recordings/") if i.key.endswith(".json"))
    return {
        "archive": read("ARCHIVE.json"),
        "sidecar": read(sidecar),
        "manifest": read("manifests/00000001.json"),
        "handover_filter": asked.to_json(),
        "hold_filter": standing.to_json(),
        "verify": dumps({**document(audit(store), FullRead()), "exit_code": 0}),
    }


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.schema.json")), ids=attrgetter("name"))
def test_the_schema_is_what_the_classes_say(path: Path) -> None:
    assert path.read_bytes() == text_of(path), "make schemas writes it anew"


def test_what_is_told_beside_the_types_is_of_fields_that_there_are() -> None:
    lost = [
        f"{kind.__name__}.{name}"
        for kind, name in TOLD
        if name not in {each.name for each in fields(kind)}
    ]
    assert lost == []


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_written_fits_its_schema(kind: str, root: Path) -> None:
    assert [*validator(root, kind).iter_errors(json.loads(written()[kind]))] == []


@pytest.mark.parametrize("kind", KINDS)
def test_the_example_fits_its_schema(kind: str, root: Path) -> None:
    example = json.loads((root / "manifests" / f"{kind}.example.json").read_bytes())
    assert [*validator(root, kind).iter_errors(example)] == []


@pytest.mark.parametrize(
    ("kind", "read"),
    [
        ("archive", ArchiveFile.from_json),
        ("certificate", Certificate.from_json),
        ("sidecar", read_sidecar),
        ("manifest", Manifest.from_json),
        ("handover_filter", HandoverFilter.from_json),
        ("hold_filter", HoldFilter.from_json),
    ],
)
def test_the_example_is_read_by_the_tool(
    kind: str, read: Callable[[bytes], object], root: Path
) -> None:
    assert read((root / "manifests" / f"{kind}.example.json").read_bytes())


@pytest.mark.parametrize("kind", KINDS)
def test_the_schema_refuses_what_is_missing_or_unknown(kind: str, root: Path) -> None:
    schema, whole = validator(root, kind), json.loads(written()[kind])
    for name in whole.keys() - LATER:
        part: dict[str, Any] = {key: value for key, value in whole.items() if key != name}
        assert not schema.is_valid(part), name
    assert not schema.is_valid({**whole, "unknown": 1})
