"""Entering what is decided by the chain as it is then, whoever has written to it meanwhile."""

from collections.abc import Callable
from typing import TypeVar

from archiver.catalog.catalog import Catalog
from archiver.manifest.journal import Journal
from archiver.manifest.model import Manifest
from archiver.manifest.records.files import Head

T = TypeVar("T")


def enter_decided(
    journal: Journal, catalog: Catalog, decide: Callable[[Head | None], tuple[Manifest, T]]
) -> tuple[Head, T]:
    """Write the manifest that ``decide`` returns for the head; return the new head, and the rest.

    The catalog has followed the chain whenever it is asked, which is once more for each time that
    someone else wrote first, and in the end. What it raises is raised, and nothing is written.
    """
    decided: list[T] = []

    def build(below: Head | None) -> Manifest:
        catalog.follow(journal)
        manifest, what = decide(below)
        decided.append(what)
        return manifest

    head = journal.append(build)
    catalog.follow(journal)
    return head, decided[-1]
