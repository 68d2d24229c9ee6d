"""Reads the documents that manifests name: what sidecars tell, and the rows of files of calls."""

from collections.abc import Callable, Collection, Iterable
from contextlib import suppress

from msgspec import Struct

from archiver.catalog.entering.unread import CallRows
from archiver.catalog.recording_rows import SearchFields
from archiver.concurrency.threads import Threads
from archiver.errors import DestinationError
from archiver.manifest.documents import Documents
from archiver.manifest.records.files import ArchivedFile
from archiver.manifest.state import RecordingState

Tell = Callable[[ArchivedFile], SearchFields]


class DocumentReader(Struct, frozen=True):
    """Reads the ``documents`` of one archive; ``tell`` reads a sidecar, on these ``threads``."""

    threads: Threads
    tell: Tell
    documents: Documents

    def told(self, sidecars: Collection[ArchivedFile]) -> dict[ArchivedFile, SearchFields]:
        """Return what each of these tells."""
        return dict(zip(sidecars, self.threads.map(self.tell, sidecars), strict=True))

    def rows(self, files: Iterable[ArchivedFile]) -> CallRows:
        """Return the rows of each file of calls."""
        return {file.path: self.documents.calls(file) for file in files}

    def told_now(self, lacking: Iterable[RecordingState]) -> dict[ArchivedFile, SearchFields]:
        """Return what the sidecars of these tell that can be read now, if the place can be."""
        both = (file for each in lacking for file in (each.sidecar, each.refused_sidecar))
        with suppress(DestinationError):
            told = self.told([file for file in both if file])
            return {file: fields for file, fields in told.items() if fields.is_read}
        return {}

    def rows_now(self, files: Iterable[ArchivedFile]) -> CallRows:
        """Return the rows of those files of calls that can be read now, if the place can be."""
        with suppress(DestinationError):
            return {path: rows for path, rows in self.rows(files).items() if rows is not None}
        return {}
