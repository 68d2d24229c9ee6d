"""Reading the chain for an audit: every manifest in its order, and what is wrong with any.

After one that is damaged, or cannot be read, the reading goes on with the next. Where a place keeps
several versions of a name, :mod:`archiver.manifest.counting` says which one is read.
"""

import hashlib
from contextlib import suppress
from functools import partial

from msgspec import Struct

from archiver.check.audit_report import AuditReport, FileProblem
from archiver.check.expected_files import Expectations
from archiver.domain.layout import ARCHIVE_KEY, manifest_key
from archiver.errors import ArchiverError, DestinationError, Missing
from archiver.json_documents import BadDocument
from archiver.manifest.archive import ArchiveFile, oldest_whole
from archiver.manifest.chain import ChainProblem, bare_marker, examine, head_of
from archiver.manifest.counting import counting, deleted, named, numbered
from archiver.manifest.journal import has_manifest
from archiver.manifest.model import MAX_BYTES, Manifest
from archiver.manifest.records.files import Head
from archiver.store.base import Item, Store
from archiver.store.os_errors import reason

_LAGS = "it is there, and not listed: the listing lags behind"


class Document(Struct, frozen=True):
    """The version of a manifest, or of ``ARCHIVE.json``, that the chain is made of."""

    version: str | None
    sha256: str


class ChainCheck:
    """Reads manifests, notes in ``report`` what is wrong, and what they name in ``expected``.

    It may be read on later, when a run has written more of them. ``documents`` are what the chain
    was read from, by their names.
    """

    def __init__(self, store: Store, expected: Expectations, report: AuditReport) -> None:
        self._store = store
        self._expected = expected
        self._report = report
        self.documents: dict[str, Document] = {}
        self._archive = self._identity()
        self._below: Head | None = None
        self._last = 0
        self._lags = False
        self.has_unread = False

    def read(self, kept: Head | None = None) -> bool:
        """Read the manifests above the last one read, holding each to a ``kept`` head.

        Returns false, and notes it, when they cannot be listed. A listing that lags behind is
        noted: one that ends before a manifest which is there, and does so again.
        """
        before = None
        while self._read_listed(kept):
            self._lags = self._is_next_there()
            if not self._lags:
                return True
            if before == self._last:
                self._unreadable(manifest_key(self._last + 1), _LAGS)
                return True
            before = self._last
        return False

    def _is_next_there(self) -> bool:
        try:
            return has_manifest(self._store.stat, self._last + 1)
        except DestinationError as error:
            self._unreadable("manifests/", error.message)
            return False

    def _read_listed(self, kept: Head | None) -> bool:
        try:
            listed = [*self._store.versions("manifests/")]
        except DestinationError as error:
            self._unreadable("manifests/", error.message)
            return False
        chosen = counting(numbered(listed), partial(bytes_or_none, self._store))
        for number, item in chosen.items():
            if number > self._last:
                self._take(number, item, kept)
        for number in deleted(listed):
            if number > self._last:
                self._note(bare_marker(number))
        return True

    def end(self, kept: Head | None) -> None:
        """Note the head, and what a ``kept`` one says of the end of the chain."""
        self._report.head = self._below
        is_whole = all(each.path != ARCHIVE_KEY for each in self._report.chain)
        self._report.ok += self._archive is not None and is_whole
        if kept and kept.number > self._last and not self._lags:
            what = "missing, though its head was kept: the archive was set back"
            self._problem(manifest_key(kept.number), what)

    def _take(self, number: int, item: Item, kept: Head | None) -> None:
        key = item.key
        self._note_gap(number)
        text = self._bytes_of(item)
        follows_unread = self.has_unread and self._below is None
        self._last = number
        if text is None:
            self._below, self.has_unread = None, True
            return
        self.documents[key] = Document(item.version, hashlib.sha256(text).hexdigest())
        below = _said_to_be_below(text) if follows_unread else self._below
        manifest, problems = examine(key, text, below, self._archive)
        for problem in problems:
            self._note(problem)
        self._report.ok += all(each.path != key for each in problems)
        if manifest:
            self._report.named_reads += manifest.reads
            for path in self._expected.add(manifest):
                self._problem(key, f"it contradicts an earlier one on {path}")
        self._below = head_of(key, text)
        if kept and kept.number == number and kept != self._below:
            self._problem(key, "it is not the one whose head was kept")

    def _note_gap(self, number: int) -> None:
        after = self._last + 1
        if number > after:
            lost = manifest_key(after) + (
                f" to {manifest_key(number - 1)}" if number > after + 1 else ""
            )
            self._problem(lost, "missing, though there are manifests above it")

    def _identity(self) -> ArchiveFile | None:
        """Return which archive it is, after noting what is wrong with the file that says it."""
        try:
            versions = named(self._store.versions(ARCHIVE_KEY), ARCHIVE_KEY)
            is_bare = not (versions or [*self._store.versions("manifests/")])
        except DestinationError as error:
            self._report.unreadable.append(FileProblem(ARCHIVE_KEY, error.message))
            return None
        if is_bare:
            raise Missing("There is no archive here.", advice="Check the archive's address.")
        if not versions:
            self._report.missing.append(FileProblem(ARCHIVE_KEY, "it says which archive this is"))
        try:
            found = oldest_whole(versions, self._bytes_of)
        except BadDocument as error:
            self._problem(ARCHIVE_KEY, str(error))
            return None
        if found is None:
            return None
        item, archive = found
        self.documents[ARCHIVE_KEY] = Document(item.version, archive.digest)
        return archive

    def _bytes_of(self, item: Item) -> bytes | None:
        """Return a document's bytes, ``None`` after noting that they cannot be read."""
        try:
            text = _bytes(self._store, item)
        except ArchiverError as error:
            self._report.unreadable.append(FileProblem(item.key, words_of(error), item.version))
            return None
        self._report.reading.files += 1
        self._report.reading.bytes += len(text)
        self._report.reading.total += len(text)
        return text

    def _unreadable(self, path: str, what: str) -> None:
        problem = FileProblem(path, what)
        if problem not in self._report.unreadable:
            self._report.unreadable.append(problem)

    def _problem(self, path: str, what: str) -> None:
        self._note(ChainProblem(path, None, what))

    def _note(self, problem: ChainProblem) -> None:
        if problem not in self._report.chain:
            self._report.chain.append(problem)


def bytes_or_none(store: Store, item: Item) -> bytes | None:
    """Return a document's bytes, ``None`` where they can't be read."""
    with suppress(ArchiverError):
        return _bytes(store, item)
    return None


def _bytes(store: Store, item: Item) -> bytes:
    with store.open(item.key, item.version) as file:
        return file.read(MAX_BYTES + 1)


def words_of(error: ArchiverError) -> str:
    """Return why something could not be read: of a disk or a connection the reason alone."""
    cause = error.__cause__
    return reason(cause) if isinstance(cause, OSError) else error.message


def _said_to_be_below(text: bytes) -> Head | None:
    """Return the head that a manifest follows by its own word: what is there could not be read."""
    try:
        return Manifest.from_json(text).previous
    except BadDocument:
        return None
