"""Verify: hold every byte of an archive against its chain of manifests. It never writes.

What is found is told by kind: missing, different, hidden under a delete marker, extra (nobody's),
set aside by a run, unreadable, and what is wrong with the chain itself. A file that could not be
read is never counted as fine, and neither is an archive of which something could not be listed.
"""

import hashlib
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Literal

from archiver.documents import BadDocument
from archiver.errors import ArchiverError, DestinationRefused, Missing
from archiver.keys import ARCHIVE_KEY, is_set_aside, manifest_key, manifest_number, sha12_of
from archiver.manifest.archive import Archive
from archiver.manifest.callfile import read_calls
from archiver.manifest.chain import Problem, examine, head_of
from archiver.manifest.entry import MAX_BYTES, Head
from archiver.manifest.journal import Memory
from archiver.manifest.sidecar import MAX_BYTES as SIDECAR_BYTES
from archiver.manifest.sidecar import read_sidecar
from archiver.run.audited import AuditReport, Depth, Flawed, Full, Kept, Sample
from archiver.run.expected import Expectations, Expected
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
class _KnownHead:
    """A head that the chain must have, and how to speak of it where it hasn't."""

    head: Head
    which: str
    though: str


_FINE = _Result("ok", "")
_OTHER_BYTES = "its bytes are not those that were archived"


def audit(
    store: Store,
    *,
    depth: Depth = Full(),  # noqa: B008 - frozen and without state
    head: Head | None = None,
    memory: Memory | None = None,
    threads: int = 2,
    announce: Announce | None = None,
) -> AuditReport:
    """Check the archive in ``store`` against its chain, and the chain against a kept ``head``.

    It is held against what this machine remembers of it in ``memory``, too.

    Raises :class:`Missing` when there is no archive, and :class:`archiver.errors.UsageError` for
    one of a higher format. Whatever else goes wrong stands in the report.
    """
    report = AuditReport()
    with closing(Expectations()) as expected:
        archive = _identity(store, report)
        _check_chain(store, expected, archive, _heads(head, memory, archive), report)
        report.ok += archive is not None and all(each.path != ARCHIVE_KEY for each in report.chain)
        _list(store, expected, report)
        report.bytes_total += expected.total()
        done = report.bytes_read
        for each, result in _checked(store, expected, depth, threads):
            _enter(each, result, report)
            done += each.file.bytes
            if announce:
                announce(done, report.bytes_total)
    return report


def _heads(head: Head | None, memory: Memory | None, archive: Archive | None) -> list[_KnownHead]:
    """Return the heads that the chain must have. Ask before it is read: a run may add to it."""
    heads = []
    if head is not None:
        heads.append(_KnownHead(head, "whose head was kept", "its head was kept"))
    seen = memory.head(archive.archive) if memory and archive else None
    if memory and seen and seen != head:
        though = f"this machine has seen it ({memory.place})"
        heads.append(_KnownHead(seen, "that this machine has seen", though))
    return heads


def _check_chain(
    store: Store,
    expected: Expectations,
    archive: Archive | None,
    heads: Sequence[_KnownHead],
    report: AuditReport,
) -> None:
    """Read the manifests in order; after a broken one go on with the next on its bytes."""
    below: Head | None = None
    try:
        keys = [i.key for i in store.items("manifests/") if manifest_number(i.key) is not None]
    except DestinationRefused as error:
        report.unreadable.append(Flawed("manifests/", error.message))
        return
    for key in keys:
        _note_gap(key, below, report)
        text = _bytes_of(store, key, report)
        if text is None:
            continue
        manifest, problems = examine(key, text, below, archive)
        report.chain += [each for each in problems if each not in report.chain]
        report.ok += not any(each.path == key for each in problems)
        if manifest:
            for path in expected.add(manifest):
                report.chain.append(Problem(key, None, f"it contradicts an earlier one on {path}"))
        below = head_of(key, text)
        for each in heads:
            if each.head.number == below.number and each.head != below:
                report.chain.append(Problem(key, None, f"it is not the one {each.which}"))
    report.head = below
    for each in heads:
        if each.head.number > (below.number if below else 0):
            what = f"missing, though {each.though}: the archive was set back"
            report.chain.append(Problem(manifest_key(each.head.number), None, what))


def _identity(store: Store, report: AuditReport) -> Archive | None:
    """Return which archive it is, after noting what is wrong with the file that says it."""
    if next(store.items(ARCHIVE_KEY), None) is None:
        if next(store.items("manifests/"), None) is None:
            raise Missing("There is no archive here.", advice="Check the archive's address.")
        report.missing.append(Flawed(ARCHIVE_KEY, "it says which archive this is"))
        return None
    text = _bytes_of(store, ARCHIVE_KEY, report)
    if text is None:
        return None
    try:
        archive = Archive.from_json(text)
    except BadDocument as error:
        report.chain.append(Problem(ARCHIVE_KEY, None, str(error)))
        return None
    return archive


def _note_gap(key: str, below: Head | None, report: AuditReport) -> None:
    number, after = manifest_number(key) or 0, (below.number if below else 0) + 1
    if number > after:
        lost = manifest_key(after) + (
            f" to {manifest_key(number - 1)}" if number > after + 1 else ""
        )
        report.chain.append(Problem(lost, None, "missing, though there are manifests above it"))


def _bytes_of(store: Store, key: str, report: AuditReport) -> bytes | None:
    """Return a document's bytes, ``None`` after noting that they cannot be read."""
    try:
        with store.open(key) as file:
            text = file.read(MAX_BYTES + 1)
    except (OSError, ArchiverError) as error:
        report.unreadable.append(Flawed(key, _reason(error)))
        return None
    report.read += 1
    report.bytes_read += len(text)
    report.bytes_total += len(text)
    return text


def _list(store: Store, expected: Expectations, report: AuditReport) -> None:
    """Note what is there, and what is there that nobody named."""
    try:
        for item in store.everything():
            if item.is_marker:
                if item.is_current:
                    report.hidden.append(Flawed(item.key, "a delete marker lies over it"))
                continue
            if expected.see(item.key, item.bytes, item.version) or _is_document(item):
                continue
            if is_set_aside(item.key) and _is_as_named(store, item, report):
                report.aside.append(Flawed(item.key, "a run could not use it and kept it apart"))
            elif item.is_current:
                report.extra.append(Flawed(item.key, "no manifest names it"))
            else:
                report.extra.append(Flawed(item.key, f"no manifest names version {item.version}"))
    except DestinationRefused as error:
        report.unreadable.append(Flawed("the archive's folders", error.message))


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


def _is_document(item: Item) -> bool:
    """Whether it is what the chain's own reading has looked at."""
    is_ours = item.key == ARCHIVE_KEY or manifest_number(item.key) is not None
    return is_ours and item.is_current


def _checked(
    store: Store, expected: Expectations, depth: Depth, threads: int
) -> Iterator[tuple[Expected, _Result]]:
    """Check every expected file on ``threads`` threads; results come in the files' order."""
    waiting: deque[tuple[Expected, Future[_Result]]] = deque()
    with ThreadPoolExecutor(threads, thread_name_prefix="audit") as pool:
        for each in expected:
            waiting.append((each, pool.submit(_check, store, each, depth)))
            while len(waiting) > threads * 4:
                first, future = waiting.popleft()
                yield first, future.result()
        for first, future in waiting:
            yield first, future.result()


def _check(store: Store, each: Expected, depth: Depth) -> _Result:
    try:
        if each.seen is not None and not _is_read(each, depth):
            return replace(_compare_size(each, each.seen), sized=True)
        told = _as_told(store, each) if isinstance(depth, Kept) else None
        return told or _read_and_compare(store, each)
    except Missing as error:
        return _Result("missing", error.message)
    except (OSError, ArchiverError) as error:
        return _Result("unreadable", _reason(error))


def _is_read(each: Expected, depth: Depth) -> bool:
    if isinstance(depth, Sample):
        share = int(hashlib.sha256(each.file.path.encode()).hexdigest()[:12], 16)
        return share % depth.one_in == depth.today.toordinal() % depth.one_in
    return isinstance(depth, Full | Kept)


def _as_told(store: Store, each: Expected) -> _Result | None:
    """Compare what the store tells of a file, ``None`` where it keeps no SHA-256."""
    kept = store.kept(each.file.path, each.file.version)
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


def _read_and_compare(store: Store, each: Expected) -> _Result:
    digest, size, kept = hashlib.sha256(), 0, bytearray()
    most = SIDECAR_BYTES if each.is_sidecar else MAX_BYTES if each.rows else 0
    with store.open(each.file.path, each.file.version) as file:
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


def _enter(each: Expected, result: _Result, report: AuditReport) -> None:
    report.bytes_read += result.bytes
    report.sized += result.sized
    report.told += result.told
    report.read += result.kind in {"ok", "differ"} and not (result.sized or result.told)
    flawed = Flawed(each.file.path, result.what)
    match result.kind:
        case "ok":
            report.ok += 1
        case "missing":
            report.missing.append(flawed)
        case "differ":
            report.differ.append(flawed)
        case "unreadable":
            report.unreadable.append(flawed)


def _reason(error: OSError | ArchiverError) -> str:
    return error.message if isinstance(error, ArchiverError) else os.strerror(error.errno or 0)
