"""Reading the chain for an audit: every manifest in its order, and what is wrong with any.

After one that is damaged, or cannot be read, the reading goes on with the next.
"""

import os

from archiver.documents import BadDocument
from archiver.errors import ArchiverError, DestinationRefused, Missing
from archiver.keys import ARCHIVE_KEY, manifest_key, manifest_number
from archiver.manifest.archive import Archive
from archiver.manifest.chain import Problem, examine, head_of
from archiver.manifest.entry import MAX_BYTES, Head, Manifest
from archiver.run.audited import AuditReport, Flawed
from archiver.run.expected import Expectations
from archiver.store.base import Store


class ChainCheck:
    """Reads manifests, notes in ``report`` what is wrong, and what they name in ``expected``.

    It may be read on later, when a run has written more of them.
    """

    def __init__(self, store: Store, expected: Expectations, report: AuditReport) -> None:
        self._store = store
        self._expected = expected
        self._report = report
        self._archive = self._identity()
        self._below: Head | None = None
        self._last = 0
        self.has_unread = False

    def read(self, kept: Head | None = None) -> bool:
        """Read the manifests above the last one read, holding each to a ``kept`` head.

        Returns false, and notes it, when they cannot be listed.
        """
        try:
            items = [*self._store.items("manifests/")]
        except DestinationRefused as error:
            self._report.unreadable.append(Flawed("manifests/", error.message))
            return False
        for item in items:
            if (manifest_number(item.key) or 0) > self._last:
                self._take(item.key, kept)
        return True

    def end(self, kept: Head | None) -> None:
        """Note the head, and what a ``kept`` one says of the end of the chain."""
        self._report.head = self._below
        is_whole = all(each.path != ARCHIVE_KEY for each in self._report.chain)
        self._report.ok += self._archive is not None and is_whole
        if kept and kept.number > self._last:
            what = "missing, though its head was kept: the archive was set back"
            self._problem(manifest_key(kept.number), what)

    def _take(self, key: str, kept: Head | None) -> None:
        number = manifest_number(key) or 0
        self._note_gap(number)
        text = self._bytes_of(key)
        follows_unread = self.has_unread and self._below is None
        self._last = number
        if text is None:
            self._below, self.has_unread = None, True
            return
        below = _said_to_be_below(text) if follows_unread else self._below
        manifest, problems = examine(key, text, below, self._archive)
        self._report.chain += [each for each in problems if each not in self._report.chain]
        self._report.ok += all(each.path != key for each in problems)
        if manifest:
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

    def _identity(self) -> Archive | None:
        """Return which archive it is, after noting what is wrong with the file that says it."""
        if next(self._store.items(ARCHIVE_KEY), None) is None:
            if next(self._store.items("manifests/"), None) is None:
                raise Missing("There is no archive here.", advice="Check the archive's address.")
            self._report.missing.append(Flawed(ARCHIVE_KEY, "it says which archive this is"))
            return None
        text = self._bytes_of(ARCHIVE_KEY)
        if text is None:
            return None
        try:
            return Archive.from_json(text)
        except BadDocument as error:
            self._problem(ARCHIVE_KEY, str(error))
            return None

    def _bytes_of(self, key: str) -> bytes | None:
        """Return a document's bytes, ``None`` after noting that they cannot be read."""
        try:
            with self._store.open(key) as file:
                text = file.read(MAX_BYTES + 1)
        except (OSError, ArchiverError) as error:
            self._report.unreadable.append(Flawed(key, words_of(error)))
            return None
        self._report.read += 1
        self._report.bytes_read += len(text)
        self._report.bytes_total += len(text)
        return text

    def _problem(self, path: str, what: str) -> None:
        self._report.chain.append(Problem(path, None, what))


def words_of(error: OSError | ArchiverError) -> str:
    """Return why something could not be read."""
    return error.message if isinstance(error, ArchiverError) else os.strerror(error.errno or 0)


def _said_to_be_below(text: bytes) -> Head | None:
    """Return the head that a manifest follows by its own word: what is there could not be read."""
    try:
        return Manifest.from_json(text).previous
    except BadDocument:
        return None
