"""What could not be read so far of the documents that count: sidecars and files of calls."""

from collections.abc import Iterator

from archiver.catalog.questions.asker import Questions
from archiver.catalog.questions.recording_states import file_of
from archiver.catalog.recording_rows import COLUMNS, known_of
from archiver.catalog.sql import select
from archiver.manifest.records.files import ArchivedFile
from archiver.manifest.state import RecordingState

_AT_ONCE = 500
"""So many of a kind are tried again: in an archive that has lost a folder it may be all of them."""
_LACKING = select(
    ", ".join(f"recordings.{name}" for name in COLUMNS),
    "unread JOIN recordings ON id = recording WHERE path IN (sidecar, refusal)"
    f" ORDER BY random() LIMIT {_AT_ONCE}",
)
"""Picks any of them: what stays unread is not always in the way of the others."""
_CALL_FILES = "SELECT path, bytes, sha256, version FROM call_files JOIN unread USING (path)"


class UnreadDocuments(Questions):
    """Questions about documents that could not be read."""

    def recordings(self) -> Iterator[RecordingState]:
        """Yield recordings with a sidecar that could not be read, some of them where many have."""
        yield from self._asker.each(known_of, _LACKING)

    def call_files(self) -> Iterator[ArchivedFile]:
        """Yield the files of calls whose rows could not be read."""
        yield from self._asker.each(file_of, f"{_CALL_FILES} ORDER BY path")

    def is_unread(self, path: str) -> bool:
        """Whether a document could not be read."""
        return any(self._asker.rows("SELECT 1 FROM unread WHERE path = ?", path))
