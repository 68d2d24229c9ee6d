"""Verify: hold every byte of an archive against its chain of manifests. It never writes.

What is found is told by kind: missing, different, hidden under a delete marker, extra (nobody's),
set aside by a run, unreadable, and what is wrong with the chain itself. A file that could not be
read is never counted as fine, and neither is an archive of which something could not be listed.

Where a place keeps several versions of a name, each is held against what was archived
(:mod:`archiver.check.layers`).
"""

import hashlib
from collections.abc import Callable, Sequence
from contextlib import closing
from itertools import groupby
from operator import attrgetter
from typing import Any

from archiver.check.audit_report import (
    AuditReport,
    CheckedBy,
    Depth,
    FileCheck,
    FileProblem,
    FullRead,
)
from archiver.check.chain_check import ChainCheck, Document, bytes_or_none, words_of
from archiver.check.expected_files import Expectations, ExpectedFile
from archiver.check.file_check import THREADS, Checks, FileLayers, on_threads
from archiver.check.layers import Layers, layers
from archiver.check.meanwhile import NOBODY, OtherRun, not_taken_away, still_unnamed
from archiver.domain.layout import is_of_chain, is_set_aside, sha12_of
from archiver.errors import ArchiverError, DestinationError
from archiver.manifest.records.files import ArchivedFile, Head
from archiver.store.base import Item, Store
from archiver.store.content import hash_of

_COVERED = "it is there, under a delete marker or another version"

Heard = Callable[[int, int], None]
"""Told of the bytes that are checked, read or not, and of all that there are."""


def unheard(_checked: int, _total: int) -> None:
    """Tell nobody."""


ASIDE = "a run or a repair could not use it and kept it apart"
LOST = "a repair could not bring it back where it was damaged, and here it is whole"
Noted = Callable[[ArchivedFile, FileCheck], None]
"""Told of every file that the chain names, and how it fared."""


def unnoted(_file: ArchivedFile, _check: FileCheck) -> None:
    """Tell nobody."""


def audit(  # noqa: PLR0913 - what an audit is made of, each by name
    store: Store,
    *,
    depth: Depth = FullRead(),  # noqa: B008 - frozen and without state
    checks: Checks | None = None,
    head: Head | None = None,
    other_run: OtherRun = NOBODY,
    heard: Heard = unheard,
    noted: Noted = unnoted,
) -> AuditReport:
    """Check the archive in ``store`` against its chain, and the chain against a kept ``head``.

    Files are checked by ``checks``, else by this process, to that ``depth``. What ``other_run`` is
    writing meanwhile is waited for; ``heard`` is told how far this is, and ``noted`` of each file.
    Raises :class:`Missing` when there is no archive, :class:`archiver.errors.UsageError` for one of
    a higher format, and what ``checks`` raise. Whatever else goes wrong stands in the report.
    """
    report = AuditReport()
    with closing(Expectations()) as expected:
        chain = ChainCheck(store, expected, report)
        if chain.read(head):
            unnamed = _list(store, expected, chain, report)
            for item in still_unnamed(unnamed, store, chain, expected, other_run):
                what = expected.taken_away.left_of(item.key) or _unnamed(item, chain)
                report.extra.append(FileProblem(item.key, what, item.version))
        chain.end(head)
        report.reading.total += expected.total()
        checked = report.reading.bytes
        check_all = checks or on_threads(store, depth, THREADS)
        for each, result in check_all(expected):
            _enter(each, result, report)
            noted(each.file, _check_of(result))
            checked += each.file.bytes
            heard(checked, report.reading.total)
        report.missing = not_taken_away(report.missing, chain, expected)
        if expected.taken_away.unfinished:
            chain.read()
        report.unfinished_erasures = expected.taken_away.unfinished
    return report


def _list(
    store: Store, expected: Expectations, chain: ChainCheck, report: AuditReport
) -> list[list[Item]]:
    """Note what is there; return what is there and nobody named, by name in all its versions."""
    unnamed = []
    try:
        for key, group in groupby(store.scan(), key=attrgetter("key")):
            found = [*group]
            if found[0].unreadable is not None:
                _note_unreadable(found[0], report)
                continue
            versions = [each for each in found if not each.is_marker]
            is_ours = expected.see(key, versions) or is_of_chain(key)
            if not versions:
                continue
            if is_ours:
                marks = (each for each in found if each.is_marker and each.is_current)
                what = "a delete marker lies over it"
                report.hidden += [FileProblem(key, what, each.version) for each in marks]
            if key in chain.documents:
                _compare(store, versions, chain.documents[key], report)
            if is_ours:
                continue
            is_erased = expected.taken_away.left_of(key) is not None
            why = LOST if key in expected.lost else ASIDE
            if strange := versions if is_erased else _not_aside(store, versions, why, report):
                unnamed.append(strange)
    except DestinationError as error:
        report.unreadable.append(FileProblem("the archive's folders", error.message))
    return unnamed


def _note_unreadable(item: Item, report: AuditReport) -> None:
    place = report.passed_over if item.is_systems else report.unreadable
    place.append(FileProblem(item.key, item.unreadable or ""))


def _not_aside(store: Store, versions: Sequence[Item], why: str, report: AuditReport) -> list[Item]:
    """Return what was not set aside by a run, and is not :data:`LOST`, after noting what was."""
    strange = []
    for item in versions:
        may_be = why is LOST or is_set_aside(item.key)
        if may_be and _is_as_named(store, item, report):
            report.aside.append(FileProblem(item.key, why))
        else:
            strange.append(item)
    return strange


def _unnamed(item: Item, chain: ChainCheck) -> str:
    named_by = "no manifest that could be read" if chain.has_unread else "no manifest"
    return f"{named_by} names {'it' if item.is_current else f'version {item.version}'}"


def _compare(
    store: Store, versions: Sequence[Item], document: Document, report: AuditReport
) -> None:
    """Note what other versions there are of a document that the chain was read from."""
    if [each.version for each in versions] == [document.version] and versions[0].is_current:
        return

    def check(item: Item) -> tuple[bool, None]:
        text = bytes_or_none(store, item)
        return text is not None and hashlib.sha256(text).hexdigest() == document.sha256, None

    _enter_layers(layers(versions, document.version, check), report)


def _is_as_named(store: Store, item: Item, report: AuditReport) -> bool:
    """Whether something is what its name says: it has no entry that would tell."""
    try:
        sha256 = hash_of(store, item.key, version=item.version)
    except ArchiverError as error:
        report.unreadable.append(FileProblem(item.key, words_of(error)))
        return False
    return sha12_of(item.key) == sha256[:12]


def _enter(each: ExpectedFile, found: FileLayers, report: AuditReport) -> None:
    result, version = found.result, found.item.version
    report.reading.bytes += result.bytes
    report.reading.sized += result.sized
    report.reading.told += result.told
    report.reading.files += result.kind in {"ok", "differ"} and not (result.sized or result.told)
    flawed = FileProblem(each.file.path, result.what, version)
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


def _check_of(found: FileLayers) -> FileCheck:
    """Return how a file fared for whoever opens it: what lies over it counts as well."""
    result = found.result
    by = CheckedBy.SIZE if result.sized else CheckedBy.SERVER if result.told else CheckedBy.READ
    if result.kind == "ok" and found.covered:
        return FileCheck(is_as_archived=False, by=by, what=_COVERED)
    return FileCheck(result.kind == "ok", by, result.what)


def _enter_layers(found: Layers[Any], report: AuditReport) -> None:
    report.doubled += found.doubled
    report.extra += found.foreign
    if found.covered:
        report.covered[found.item.key] = found.item.version
