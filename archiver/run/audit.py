"""Verify: hold every byte of an archive against its chain of manifests. It never writes.

What is found is told by kind: missing, different, hidden under a delete marker, extra (nobody's),
set aside by a run, unreadable, and what is wrong with the chain itself. A file that could not be
read is never counted as fine, and neither is an archive of which something could not be listed.

Where a place keeps several versions of a name, each is held against what was archived
(:mod:`archiver.run.layers`).
"""

import hashlib
import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from operator import attrgetter
from typing import Any, Literal

from archiver.documents import BadDocument
from archiver.errors import ArchiverError, DestinationRefused, Missing
from archiver.keys import ARCHIVE_KEY, is_set_aside, manifest_key, manifest_number, sha12_of
from archiver.manifest.callfile import read_calls
from archiver.manifest.chain import Problem, examine, head_of
from archiver.manifest.counting import counting, numbered
from archiver.manifest.entry import MAX_BYTES, Head
from archiver.manifest.journal import Archive
from archiver.manifest.sidecar import MAX_BYTES as SIDECAR_BYTES
from archiver.manifest.sidecar import read_sidecar
from archiver.run.audited import AuditReport, Depth, Flawed, Full, Kept, Sample
from archiver.run.expected import Expectations, Expected
from archiver.run.layers import Layers, layers
from archiver.store.base import CHUNK, Item, Store

Announce = Callable[[int, int], None]
"""Told the bytes done with and the bytes in all, after every file."""


@dataclass(frozen=True, slots=True)
class _Result:
    """How one file fared, how many bytes were read, and if none, what was looked at instead."""

    kind: Literal["ok", "missing", "differ", "unreadable"]
    what: str
    bytes: int = 0
    sized: bool = False
    told: bool = False


@dataclass(frozen=True, slots=True)
class _Document:
    """The version of a manifest, or of ``ARCHIVE.json``, that the chain is made of."""

    version: str | None
    sha256: str


_FINE = _Result("ok", "")
_OTHER_BYTES = "its bytes are not those that were archived"


def audit(
    store: Store,
    *,
    depth: Depth = Full(),  # noqa: B008 - frozen and without state
    head: Head | None = None,
    threads: int = 2,
    announce: Announce | None = None,
) -> AuditReport:
    """Check the archive in ``store`` against its chain, and the chain against a kept ``head``.

    Raises :class:`Missing` when there is no archive, and :class:`archiver.errors.UsageError` for
    one of a higher format. Whatever else goes wrong stands in the report.
    """
    report = AuditReport()
    with closing(Expectations()) as expected:
        documents = _check_chain(store, expected, head, report)
        _list(store, expected, documents, report)
        report.bytes_total += expected.total()
        done = report.bytes_read
        for each, result in _checked(store, expected, depth, threads):
            _enter(each, result, report)
            done += each.file.bytes
            if announce:
                announce(done, report.bytes_total)
    return report


def _check_chain(
    store: Store, expected: Expectations, head: Head | None, report: AuditReport
) -> dict[str, _Document]:
    """Read the manifests in order; after a broken one go on with the next on its bytes.

    Return what the chain was read from.
    """
    documents: dict[str, _Document] = {}
    archive = _identity(store, documents, report)
    below: Head | None = None
    try:
        versions = numbered(store.everything("manifests/"))
    except DestinationRefused as error:
        report.unreadable.append(Flawed("manifests/", error.message))
        return documents
    for each in counting(versions, partial(_bytes_or_none, store)).values():
        _note_gap(each.key, below, report)
        text = _bytes_of(store, each, report)
        if text is None:
            continue
        documents[each.key] = _Document(each.version, hashlib.sha256(text).hexdigest())
        manifest, problems = examine(each.key, text, below, archive)
        report.chain += problems
        report.ok += not problems
        if manifest:
            for path in expected.add(manifest):
                what = f"it contradicts an earlier one on {path}"
                report.chain.append(Problem(each.key, None, what))
        below = head_of(each.key, text)
        if head and head.number == below.number and head != below:
            report.chain.append(Problem(each.key, None, "it is not the one whose head was kept"))
    report.head = below
    if head and head.number > (below.number if below else 0):
        what = "missing, though its head was kept: the archive was set back"
        report.chain.append(Problem(manifest_key(head.number), None, what))
    return documents


def _identity(store: Store, documents: dict[str, _Document], report: AuditReport) -> str | None:
    """Return the archive's id, after noting what is wrong with the file that says it."""
    try:
        every = store.everything(ARCHIVE_KEY)
        versions = [each for each in every if each.key == ARCHIVE_KEY and not each.is_marker]
        is_bare = not versions and next(store.everything("manifests/"), None) is None
    except DestinationRefused as error:
        report.unreadable.append(Flawed(ARCHIVE_KEY, error.message))
        return None
    if is_bare:
        raise Missing("There is no archive here.", advice="Check the archive's address.")
    if not versions:
        report.missing.append(Flawed(ARCHIVE_KEY, "it says which archive this is"))
    damage = None
    for each in versions:
        text = _bytes_of(store, each, report)
        if text is None:
            continue
        try:
            archive = Archive.from_json(text).archive
        except BadDocument as error:
            damage = damage or Problem(ARCHIVE_KEY, None, str(error))
            continue
        documents[each.key] = _Document(each.version, hashlib.sha256(text).hexdigest())
        report.ok += 1
        return archive
    report.chain += [damage] if damage else []
    return None


def _note_gap(key: str, below: Head | None, report: AuditReport) -> None:
    number, after = manifest_number(key) or 0, (below.number if below else 0) + 1
    if number > after:
        lost = manifest_key(after) + (
            f" to {manifest_key(number - 1)}" if number > after + 1 else ""
        )
        report.chain.append(Problem(lost, None, "missing, though there are manifests above it"))


def _bytes_of(store: Store, item: Item, report: AuditReport) -> bytes | None:
    """Return a document's bytes, ``None`` after noting that they cannot be read."""
    try:
        with store.open(item.key, item.version) as file:
            text = file.read(MAX_BYTES + 1)
    except (OSError, ArchiverError) as error:
        report.unreadable.append(Flawed(item.key, _reason(error), item.version))
        return None
    report.read += 1
    report.bytes_read += len(text)
    report.bytes_total += len(text)
    return text


def _bytes_or_none(store: Store, item: Item) -> bytes | None:
    return _bytes_of(store, item, AuditReport())


def _list(
    store: Store,
    expected: Expectations,
    documents: Mapping[str, _Document],
    report: AuditReport,
) -> None:
    """Note what is there, and what is there that nobody named."""
    try:
        for key, group in groupby(store.everything(), key=attrgetter("key")):
            found = [*group]
            versions = [each for each in found if not each.is_marker]
            is_ours = expected.see(key, versions) or _is_document(key)
            if is_ours and versions:
                marks = (each for each in found if each.is_marker and each.is_current)
                what = "a delete marker lies over it"
                report.hidden += [Flawed(key, what, each.version) for each in marks]
            if key in documents:
                _compare(store, versions, documents[key], report)
            if not is_ours:
                _note_unnamed(store, versions, report)
    except DestinationRefused as error:
        report.unreadable.append(Flawed("the archive's folders", error.message))


def _note_unnamed(store: Store, versions: Sequence[Item], report: AuditReport) -> None:
    """Note what no manifest names: set aside by a run, or put there by nobody knows whom."""
    for item in versions:
        if is_set_aside(item.key) and _is_as_named(store, item, report):
            report.aside.append(Flawed(item.key, "a run could not use it and kept it apart"))
        elif item.is_current:
            report.extra.append(Flawed(item.key, "no manifest names it", item.version))
        else:
            what = f"no manifest names version {item.version}"
            report.extra.append(Flawed(item.key, what, item.version))


def _compare(
    store: Store, versions: Sequence[Item], document: _Document, report: AuditReport
) -> None:
    """Note what other versions there are of a document that the chain was read from."""
    if [each.version for each in versions] == [document.version] and versions[0].is_current:
        return

    def check(item: Item) -> tuple[bool, None]:
        text = _bytes_or_none(store, item)
        return text is not None and hashlib.sha256(text).hexdigest() == document.sha256, None

    _enter_layers(layers(versions, document.version, check), report)


def _is_as_named(store: Store, item: Item, report: AuditReport) -> bool:
    """Whether something set aside is what its name says: it has no entry that would tell."""
    digest = hashlib.sha256()
    try:
        with store.open(item.key, item.version) as file:
            while chunk := file.read(CHUNK):
                digest.update(chunk)
    except (OSError, ArchiverError) as error:
        report.unreadable.append(Flawed(item.key, _reason(error)))
    return sha12_of(item.key) == digest.hexdigest()[:12]


def _is_document(key: str) -> bool:
    """Whether it is what the chain's own reading has looked at, or a manifest written since."""
    return key == ARCHIVE_KEY or manifest_number(key) is not None


def _checked(
    store: Store, expected: Expectations, depth: Depth, threads: int
) -> Iterator[tuple[Expected, Layers[_Result]]]:
    """Check every expected file on ``threads`` threads; results come in the files' order."""
    waiting: deque[tuple[Expected, Future[Layers[_Result]]]] = deque()
    with ThreadPoolExecutor(threads, thread_name_prefix="audit") as pool:
        for each in expected:
            waiting.append((each, pool.submit(_check, store, each, depth)))
            while len(waiting) > threads * 4:
                first, future = waiting.popleft()
                yield first, future.result()
        for first, future in waiting:
            yield first, future.result()


def _check(store: Store, each: Expected, depth: Depth) -> Layers[_Result]:
    """Check a file, in every version that there is; several are told apart by their hashes."""
    is_alone = len(each.versions) == 1
    sized = is_alone and not _is_read(each, depth)

    def check(item: Item) -> tuple[bool, _Result]:
        try:
            if sized:
                result = replace(_compare_size(each, item.bytes), sized=True)
            else:
                told = None if isinstance(depth, Full) else _as_told(store, each, item)
                result = told or _read_and_compare(store, each, item)
        except Missing as error:
            result = _Result("missing", error.message)
        except (OSError, ArchiverError) as error:
            result = _Result("unreadable", _reason(error))
        return result.kind == "ok", result

    unlisted = Item(each.file.path, each.file.bytes, each.file.version)
    return layers(each.versions or (unlisted,), each.file.version, check)


def _is_read(each: Expected, depth: Depth) -> bool:
    if isinstance(depth, Sample):
        share = int(hashlib.sha256(each.file.path.encode()).hexdigest()[:12], 16)
        return share % depth.one_in == depth.today.toordinal() % depth.one_in
    return isinstance(depth, Full | Kept)


def _as_told(store: Store, each: Expected, item: Item) -> _Result | None:
    """Compare what the store tells of a file, ``None`` where it keeps no SHA-256."""
    kept = store.kept(item.key, item.version)
    if kept.sha256 is None:
        return None
    if kept.bytes != each.file.bytes:
        return _compare_size(each, kept.bytes)
    is_same = kept.sha256 == each.file.sha256
    return _Result("ok" if is_same else "differ", "" if is_same else _OTHER_BYTES, told=True)


def _compare_size(each: Expected, size: int) -> _Result:
    if size == each.file.bytes:
        return _FINE
    return _Result("differ", f"it has {size} bytes, not {each.file.bytes}")


def _read_and_compare(store: Store, each: Expected, item: Item) -> _Result:
    digest, size, kept = hashlib.sha256(), 0, bytearray()
    most = SIDECAR_BYTES if each.is_sidecar else MAX_BYTES if each.rows else 0
    with store.open(item.key, item.version) as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            size += len(chunk)
            if size <= most:
                kept += chunk
    if size != each.file.bytes:
        return replace(_compare_size(each, size), bytes=size)
    if digest.hexdigest() != each.file.sha256:
        return _Result("differ", _OTHER_BYTES, size)
    what = _contradiction(each, bytes(kept)) if most else None
    return _Result("differ", what, size) if what else _Result("ok", "", size)


def _contradiction(each: Expected, text: bytes) -> str | None:
    """Say how a document and the entry that names it disagree, ``None`` when they don't."""
    is_sidecar = each.rows is None
    try:
        wrong = _wrong_in_sidecar(each, text) if is_sidecar else _wrong_in_calls(each, text)
    except BadDocument as error:
        return f"it is no {'sidecar' if is_sidecar else 'file of calls'}: {error}"
    return f"its {' and '.join(wrong)} is not what the manifest says" if wrong else None


def _wrong_in_sidecar(each: Expected, text: bytes) -> list[str]:
    sidecar = read_sidecar(text)
    duration = sidecar.facts.duration_ms if sidecar.facts else None
    pairs = {
        "id": (sidecar.id, each.id),
        "created_at": (sidecar.created_at, each.at),
        "reported_ms": (sidecar.reported_ms, each.reported_ms),
        "duration_ms": (duration, each.duration_ms),
    }
    return [name for name, (here, there) in pairs.items() if here != there]


def _wrong_in_calls(each: Expected, text: bytes) -> list[str]:
    return [] if len(read_calls(text)) == each.rows else ["number of rows"]


def _enter(each: Expected, found: Layers[_Result], report: AuditReport) -> None:
    result, version = found.result, found.item.version
    report.bytes_read += result.bytes
    report.sized += result.sized
    report.told += result.told
    report.read += result.kind in {"ok", "differ"} and not (result.sized or result.told)
    flawed = Flawed(each.file.path, result.what, version)
    match result.kind:
        case "ok":
            report.ok += 1
            report.elsewhere += None not in {version, each.file.version} and (
                version != each.file.version
            )
        case "missing":
            report.missing.append(flawed)
        case "differ":
            report.differ.append(flawed)
        case "unreadable":
            report.unreadable.append(flawed)
    _enter_layers(found, report)


def _enter_layers(found: Layers[Any], report: AuditReport) -> None:
    report.doubled += found.doubled
    report.extra += found.foreign
    if found.covered:
        report.covered[found.item.key] = found.item.version


def _reason(error: OSError | ArchiverError) -> str:
    return error.message if isinstance(error, ArchiverError) else os.strerror(error.errno or 0)
