"""Rows of calls that go with a recording: their files are written anew without them.

A file of calls holds many people under one hash. What stays of it is the very bytes of its other
lines, under the name that these have.
"""

from collections.abc import Collection, Iterable
from contextlib import suppress
from functools import partial

from msgspec import Struct

from archiver.catalog import Catalog
from archiver.domain.layout import calls_key
from archiver.domain.recordings import RecordingId, Report
from archiver.domain.row.identity import identity
from archiver.domain.times.window import beside
from archiver.errors import UsageError
from archiver.json_documents import BadDocument, loads
from archiver.manifest.documents import Documents
from archiver.manifest.named_files.call_files import MAX_ROW_BYTES
from archiver.manifest.records.files import ArchivedFile, CallFile
from archiver.manifest.state import RecordingState
from archiver.removal.making_way import store_document
from archiver.store.base import Store


class CallFilesWithout(Struct, frozen=True):
    """Files of calls that are to go, how many rows go with them, and the texts that stay.

    A file of which nothing stays has no text.
    """

    gone: tuple[CallFile, ...]
    texts: tuple[bytes, ...]
    rows: int

    def store(self, store: Store) -> tuple[CallFile, ...]:
        """Store what stays, under new names; return the files that take the place of the old."""
        both = zip(self.gone, self.texts, strict=True)
        return tuple(_stored(store, old, text) for old, text in both if text)


def require_read(
    catalog: Catalog, files: Iterable[CallFile], recordings: Iterable[RecordingState]
) -> None:
    """Raise :class:`UsageError` where a file of calls near these could not be read so far.

    Then nothing tells which calls are theirs. A call of one that has no time, or near midnight, may
    be in a file of another day.
    """
    unread = {file.path for file in catalog.calls.unread()}
    days = {each.day for each in recordings}
    near = {None, *days, *(other for day in days if day for other in beside(day))}
    for each in files:
        if each.day in near and each.file.path in unread:
            raise _unreadable(each.file)


def without_rows(
    documents: Documents, files: Iterable[CallFile], calls: Collection[RecordingId]
) -> CallFilesWithout:
    """Return the files that have rows of these calls, and what they are without them.

    Raises :class:`UsageError` for a file that can't be read: nothing tells whose rows it has.
    """
    gone, texts, rows = [], [], 0
    for each in files if calls else ():
        lines = _lines(documents, each.file)
        stays = [line for line in lines if _call_of(line) not in calls]
        if len(stays) < len(lines):
            gone.append(each)
            texts.append(b"".join(stays))
            rows += len(lines) - len(stays)
    return CallFilesWithout(tuple(gone), tuple(texts), rows)


def calls_in(documents: Documents, file: CallFile) -> frozenset[RecordingId]:
    """Return the calls that a file has rows of. Raises as :func:`without_rows` does."""
    ids = map(_call_of, _lines(documents, file.file))
    return frozenset(id_ for id_ in ids if id_ is not None)


def has_rows(text: bytes, calls: Collection[RecordingId]) -> bool:
    """Whether a text has a row of these calls, be it a file that no manifest names."""
    for line in text.splitlines():
        with suppress(BadDocument):
            if _call_of(line) in calls:
                return True
    return False


def rest_of(text: bytes, calls: Collection[RecordingId]) -> bytes:
    """Return the lines of a text that are no rows of these calls."""
    lines = text.splitlines(keepends=True)
    return b"".join(line for line in lines if not has_rows(line, calls))


def _lines(documents: Documents, file: ArchivedFile) -> list[bytes]:
    text = documents.as_entered(file)
    if text is None:
        raise _unreadable(file)
    return text.splitlines(keepends=True)


def _unreadable(file: ArchivedFile) -> UsageError:
    return UsageError(
        f"{file.path} is missing or damaged, and may have rows of what is to be erased.",
        advice="Nothing was erased. Run `archiver repair`, then erase again.",
    )


def _call_of(line: bytes) -> RecordingId | None:
    row = loads(line, max_bytes=MAX_ROW_BYTES)
    return identity(row, Report.CALLS) if isinstance(row, dict) else None


def _stored(store: Store, old: CallFile, text: bytes) -> CallFile:
    file = store_document(store, partial(calls_key, old.day), text)
    return CallFile(old.day, text.count(b"\n"), file, supersedes=old.file.path)
