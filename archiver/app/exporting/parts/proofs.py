"""What proves the recordings of a hand-over: the documents of the archive that go with them."""

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from archiver.app.exporting.output_errors import writing
from archiver.app.exporting.parts.wrapper import DraftedFile
from archiver.app.exporting.plan.plan_file import PlanFile
from archiver.app.exporting.plan.planned import PlannedDocument
from archiver.domain.layout import ARCHIVE_KEY
from archiver.errors import ChainBroken, Missing
from archiver.manifest.journal import Journal


class Proofs(Struct, frozen=True):
    """The documents of the ``plan``, read from the archive of ``journal``."""

    journal: Journal
    plan: PlanFile

    def drafted(self, drafts: Path) -> Iterator[DraftedFile]:
        """Yield each document in a draft; the next one takes the place of a draft that is there.

        Raises :class:`ChainBroken` for one that is not what it was when the export was planned.
        """
        draft = drafts / "document"
        for name, text in self._texts():
            with writing(draft):
                draft.write_bytes(text)
            yield DraftedFile(name, draft, len(text), hashlib.sha256(text).hexdigest())

    def _texts(self) -> Iterator[tuple[str, bytes]]:
        """Yield names and bytes; under its own name, ``ARCHIVE.json`` would make an archive."""
        yield f"manifests/{ARCHIVE_KEY}", self.journal.archive().to_json()
        for document in self.plan.documents():
            yield document.path, self._text(document)

    def _text(self, document: PlannedDocument) -> bytes:
        for version in dict.fromkeys((None, document.version)):
            with suppress(Missing):
                text = self.journal.documents.read(document.path, version)
                if hashlib.sha256(text).hexdigest() == document.sha256:
                    return text
        raise ChainBroken(
            f"{document.path} is not what it was when the export began.",
            advice="Run archiver verify.",
        )
