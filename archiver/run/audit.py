"""Verify: hold every byte of an archive against its chain of manifests. It never writes.

What is found is told by kind: missing, different, hidden under a delete marker, extra (nobody's),
set aside by a run, unreadable, and what is wrong with the chain itself. A file that could not be
read is never counted as fine, and neither is an archive of which something could not be listed.
"""

import hashlib
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Literal

from archiver.documents import BadDocument
from archiver.errors import ArchiverError, DestinationRefused, Missing
from archiver.keys import ARCHIVE_KEY, is_set_aside, manifest_number, sha12_of
from archiver.manifest.callfile import read_calls
from archiver.manifest.entry import MAX_BYTES, Head
from archiver.manifest.sidecar import MAX_BYTES as SIDECAR_BYTES
from archiver.manifest.sidecar import read_sidecar
from archiver.run.audited import AuditReport, Depth, Flawed, Full, Kept, Sample
from archiver.run.chain_check import ChainCheck, words_of
from archiver.run.expected import Expectations, Expected
from archiver.run.meanwhile import NOBODY, OtherRun, still_unnamed
from archiver.store.base import CHUNK, Item, Store


@dataclass(frozen=True, slots=True)
class _Result:
    """How one file fared, how many bytes were read, and if none, what was looked at instead."""

    kind: Literal["ok", "missing", "differ", "unreadable"]
    what: str
    bytes: int = 0
    sized: bool = False
    told: bool = False


_FINE = _Result("ok", "")
_OTHER_BYTES = "its bytes are not those that were archived"


def audit(
    store: Store,
    *,
    depth: Depth = Full(),  # noqa: B008 - frozen and without state
    head: Head | None = None,
    threads: int = 2,
    other_run: OtherRun = NOBODY,
) -> AuditReport:
    """Check the archive in ``store`` against its chain, and the chain against a kept ``head``.

    What ``other_run`` is writing meanwhile is waited for. Raises :class:`Missing` when there is no
    archive, and :class:`archiver.errors.UsageError` for one of a higher format. Whatever else goes
    wrong stands in the report.
    """
    report = AuditReport()
    with closing(Expectations()) as expected:
        chain = ChainCheck(store, expected, report)
        if chain.read(head):
            unnamed = _list(store, expected, report)
            for item in still_unnamed(unnamed, store, chain, expected, other_run):
                report.extra.append(Flawed(item.key, _unnamed(item, chain)))
        chain.end(head)
        report.bytes_total += expected.total()
        for each, result in _checked(store, expected, depth, threads):
            _enter(each, result, report)
    return report


def _list(store: Store, expected: Expectations, report: AuditReport) -> list[Item]:
    """Note what is there; return what is there and nobody named."""
    unnamed = []
    try:
        for item in store.everything():
            if item.unreadable is not None:
                place = report.passed_over if item.is_systems else report.unreadable
                place.append(Flawed(item.key, item.unreadable))
            elif item.is_marker:
                if item.is_current:
                    report.hidden.append(Flawed(item.key, "a delete marker lies over it"))
            elif expected.see(item.key, item.bytes, item.version) or _is_document(item):
                continue
            elif is_set_aside(item.key) and _is_as_named(store, item, report):
                report.aside.append(Flawed(item.key, "a run could not use it and kept it apart"))
            else:
                unnamed.append(item)
    except DestinationRefused as error:
        report.unreadable.append(Flawed("the archive's folders", error.message))
    return unnamed


def _unnamed(item: Item, chain: ChainCheck) -> str:
    named_by = "no manifest that could be read" if chain.has_unread else "no manifest"
    return f"{named_by} names {'it' if item.is_current else f'version {item.version}'}"


def _is_as_named(store: Store, item: Item, report: AuditReport) -> bool:
    """Whether something set aside is what its name says: it has no entry that would tell."""
    digest = hashlib.sha256()
    try:
        with store.open(item.key, item.version) as file:
            while chunk := file.read(CHUNK):
                digest.update(chunk)
    except (OSError, ArchiverError) as error:
        report.unreadable.append(Flawed(item.key, words_of(error)))
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
        return _Result("unreadable", words_of(error))


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
