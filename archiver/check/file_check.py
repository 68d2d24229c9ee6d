"""Checking one file that the chain names: what is read of it, and how it fares.

Where that is done is not said here: on threads of this process, or on other machines.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from archiver.check.audit_report import Depth, FullRead, OneIn, ServerHash
from archiver.check.chain_check import words_of
from archiver.check.expected_files import ExpectedFile
from archiver.check.layers import Layers, layers
from archiver.completeness.certificate import Certificate
from archiver.concurrency.threads import in_order
from archiver.errors import ArchiverError, Missing
from archiver.json_documents import BadDocument
from archiver.manifest.model import MAX_BYTES
from archiver.manifest.named_files.call_files import read_calls
from archiver.manifest.named_files.sidecar import MAX_BYTES as SIDECAR_BYTES
from archiver.manifest.named_files.sidecar import read_sidecar
from archiver.store.base import CHUNK, Item, Store


class FileResult(Struct, frozen=True):
    """How one file fared, how many bytes were read, and if none, what was looked at instead."""

    kind: Literal["ok", "missing", "differ", "unreadable"]
    what: str
    bytes: int = 0
    sized: bool = False
    told: bool = False


_FINE = FileResult("ok", "")
_OTHER_BYTES = "its bytes are not those that were archived"

THREADS = 2
"""What reads a disk; a store that is remote is asked by as many as there are workers."""
_MOST_FILES, _MOST_BYTES = 16, 16_000_000
"""So much on a disk a thread is handed at once, so that to hand it over weighs little."""

FileLayers = Layers[FileResult]
"""How a file fared in all its versions."""
Checked = tuple[ExpectedFile, FileLayers]
"""A file, and how it fared."""
Checks = Callable[[Iterable[ExpectedFile]], Iterator[Checked]]
"""Checks files, many at once, and yields them in their order."""


def on_threads(store: Store, depth: Depth, threads: int) -> Checks:
    """Return what checks the files of a ``store`` on so many threads of this process."""
    most_files = 1 if store.capabilities.is_remote else _MOST_FILES
    check = partial(check_file, store, depth)

    def check_some(files: Sequence[ExpectedFile]) -> tuple[FileLayers, ...]:
        return tuple(map(check, files))

    def check_all(files: Iterable[ExpectedFile]) -> Iterator[Checked]:
        some_at_once = shares(files, most_files, _MOST_BYTES)
        for some, results in in_order(some_at_once, check_some, threads, "audit"):
            yield from zip(some, results, strict=True)

    return check_all


def shares(
    files: Iterable[ExpectedFile], most_files: int, most_bytes: int
) -> Iterator[tuple[ExpectedFile, ...]]:
    """Cut files into what is checked at once: so many, or so many bytes once they are exceeded."""
    some: list[ExpectedFile] = []
    size = 0
    for each in files:
        some.append(each)
        size += each.file.bytes
        if len(some) == most_files or size >= most_bytes:
            yield tuple(some)
            some, size = [], 0
    if some:
        yield tuple(some)


def check_file(store: Store, depth: Depth, each: ExpectedFile) -> FileLayers:
    """Check a file, in every version that there is; several are told apart by their hashes."""
    is_to_read = _is_read(each, depth)
    sized = len(each.versions) == 1 and not is_to_read

    def check(item: Item) -> tuple[bool, FileResult]:
        try:
            if sized:
                result = replace(_compare_size(each, item.bytes), sized=True)
            else:
                is_told = isinstance(depth, ServerHash) or not is_to_read
                told = _as_told(store, each, item) if is_told else None
                result = told or _read_and_compare(store, each, item)
        except Missing:
            result = FileResult("missing", "it is not there")
        except ArchiverError as error:
            result = FileResult("unreadable", words_of(error))
        return result.kind == "ok", result

    unlisted = Item(each.file.path, each.file.bytes, each.file.version)
    return layers(each.versions or (unlisted,), each.file.version, check)


def _is_read(each: ExpectedFile, depth: Depth) -> bool:
    if isinstance(depth, OneIn):
        share = int(hashlib.sha256(each.file.path.encode()).hexdigest()[:12], 16)
        return share % depth.one_in == depth.part
    return isinstance(depth, FullRead | ServerHash)


def _as_told(store: Store, each: ExpectedFile, item: Item) -> FileResult | None:
    """Compare what the store tells of a file, ``None`` where it keeps no SHA-256."""
    kept = store.stat(item.key, item.version)
    if kept.sha256 is None:
        return None
    if kept.bytes != each.file.bytes:
        return _compare_size(each, kept.bytes)
    is_same = kept.sha256 == each.file.sha256
    return FileResult("ok" if is_same else "differ", "" if is_same else _OTHER_BYTES, told=True)


def _compare_size(each: ExpectedFile, size: int) -> FileResult:
    if size == each.file.bytes:
        return _FINE
    return FileResult("differ", f"it has {size} bytes, not {each.file.bytes}")


def _read_and_compare(store: Store, each: ExpectedFile, item: Item) -> FileResult:
    digest, size, kept = hashlib.sha256(), 0, bytearray()
    most = SIDECAR_BYTES if each.is_sidecar else MAX_BYTES if each.rows or each.certified else 0
    with store.open(item.key, item.version) as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            size += len(chunk)
            if size <= most:
                kept += chunk
    if size != each.file.bytes:
        return replace(_compare_size(each, size), bytes=size)
    if digest.hexdigest() != each.file.sha256:
        return FileResult("differ", _OTHER_BYTES, size)
    what = _contradiction(each, bytes(kept)) if most else None
    return FileResult("differ", what, size) if what else FileResult("ok", "", size)


def _contradiction(each: ExpectedFile, text: bytes) -> str | None:
    """Say how a document and the entry that names it disagree, ``None`` when they don't."""
    kind, wrong_in = _document_of(each)
    try:
        wrong = wrong_in(each, text)
    except BadDocument as error:
        return f"it is no {kind}: {error}"
    return f"its {' and '.join(wrong)} is not what the manifest says" if wrong else None


def _document_of(each: ExpectedFile) -> tuple[str, Callable[[ExpectedFile, bytes], list[str]]]:
    """Return what a document is, and what finds the fields that its entry tells otherwise."""
    if each.certified is not None:
        return "certificate", _wrong_in_certificate
    if each.rows is not None:
        return "file of calls", _wrong_in_calls
    return "sidecar", _wrong_in_sidecar


def _wrong_in_sidecar(each: ExpectedFile, text: bytes) -> list[str]:
    sidecar = read_sidecar(text)
    duration = sidecar.facts.duration_ms if sidecar.facts else None
    pairs = {
        "id": (sidecar.id, each.id),
        "created_at": (sidecar.created_at, each.at),
        "reported_ms": (sidecar.reported_ms, each.reported_ms),
        "duration_ms": (duration, each.duration_ms),
    }
    return [name for name, (here, there) in pairs.items() if here != there]


def _wrong_in_calls(each: ExpectedFile, text: bytes) -> list[str]:
    return [] if len(read_calls(text)) == each.rows else ["number of rows"]


def _wrong_in_certificate(each: ExpectedFile, text: bytes) -> list[str]:
    return [] if Certificate.from_json(text).day == each.certified else ["day"]
