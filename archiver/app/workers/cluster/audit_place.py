"""Checking files on a worker of a cluster. It never writes."""

import hashlib

from archiver.app.workers.answering import outcome_of
from archiver.app.workers.cluster.batches import AuditOpening, CheckedFiles, HandedFiles
from archiver.app.workers.cluster.place import Place
from archiver.check.chain_check import bytes_or_none
from archiver.check.file_check import FileLayers, check_file
from archiver.domain.layout import ARCHIVE_KEY
from archiver.errors import UsageError
from archiver.store.base import Item, Store


class AuditPlace(Place):
    """The archive of a verification."""

    def __init__(self, opening: AuditOpening) -> None:
        super().__init__(opening)
        self._depth = opening.depth
        if document_sha256(self.store) != opening.document:
            raise UsageError(f"At {self.context.archive()} lies another archive than the run's.")

    def outcome_of(self, handed: object) -> object:
        """Check files, one after another; nothing comes of them where the run winds up."""
        if not isinstance(handed, HandedFiles):
            raise TypeError(f"no files: {type(handed).__name__}")
        return outcome_of(lambda: self._checked(handed))

    def _checked(self, handed: HandedFiles) -> CheckedFiles:
        checked: list[FileLayers] = []
        for each in handed.files:
            self.stopping.check()
            checked.append(check_file(self.store, self._depth, each))
        return CheckedFiles(tuple(checked))


def document_sha256(store: Store) -> str | None:
    """Return the SHA-256 of what says which archive this is, ``None`` where it can't be read."""
    text = bytes_or_none(store, Item(ARCHIVE_KEY, 0))
    return None if text is None else hashlib.sha256(text).hexdigest()
