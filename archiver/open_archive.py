"""An archive that is open: where its objects lie, its chain, and the catalog of that chain."""

from collections.abc import Callable
from typing import TypeVar

from msgspec import Struct

from archiver.catalog import Catalog
from archiver.manifest.documents import Documents
from archiver.manifest.journal import Journal
from archiver.manifest.model import Manifest
from archiver.manifest.records.files import Head
from archiver.store.base import Store

T = TypeVar("T")


class OpenArchive(Struct, frozen=True):
    """One archive; the ``catalog`` has followed the chain of the ``journal`` when it is opened."""

    store: Store
    journal: Journal
    catalog: Catalog

    @property
    def id(self) -> str:
        """The archive's own id."""
        return self.journal.archive().archive

    @property
    def documents(self) -> Documents:
        """What reads the documents that its manifests name."""
        return self.journal.documents

    def follow(self) -> None:
        """Let the catalog follow the chain as it is now."""
        self.catalog.follow(self.journal)

    def enter(self, decide: Callable[[Head | None], tuple[Manifest, T]]) -> tuple[Head, T]:
        """Write the manifest that ``decide`` returns for the head; return the new head, and more.

        It is decided by the chain as it is then, whoever has written to it meanwhile: the catalog
        has followed the chain whenever ``decide`` is asked, which is once more for each time that
        someone else wrote first, and in the end. What it raises is raised, and nothing is written.
        """
        decided: list[T] = []

        def build(below: Head | None) -> Manifest:
            self.follow()
            manifest, what = decide(below)
            decided.append(what)
            return manifest

        head = self.journal.append(build)
        self.follow()
        return head, decided[-1]
