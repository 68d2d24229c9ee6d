"""The archive's address in the settings, opened as the kind of store that it names."""

from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from archiver.cli.configuration import Context

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archiver.catalog import Catalog
    from archiver.manifest.journal import Journal
    from archiver.store.base import Store

CATALOG = Path(".archiver", "catalog.sqlite")


def open_store(context: Context) -> "Store":
    """Return the archive's store; nothing is written by opening it. Raises :class:`UsageError`."""
    from archiver.store.local import LocalStore

    settings = context.settings
    return LocalStore(_folder(context), file_mode=settings.file_mode, folder_mode=settings.dir_mode)


@contextmanager
def open_archive(context: Context) -> "Iterator[tuple[Store, Journal, Catalog]]":
    """Open the archive for writing, making it if there is none; hold its lock meanwhile.

    The catalog has followed the chain when this yields.
    """
    from archiver.manifest.journal import Journal

    store = open_store(context)
    with store.exclusive():
        journal = Journal(store)
        journal.create_or_open(context.settings.endpoint)
        with closing(_catalog(context)) as catalog:
            catalog.follow(journal)
            yield store, journal, catalog


@contextmanager
def open_for_reading(context: Context) -> "Iterator[tuple[Store, Catalog] | None]":
    """Open the archive that the settings name, to look things up; ``None`` if there is none."""
    from archiver.manifest.journal import Journal

    if context.settings.archive is None or not (_folder(context) / "ARCHIVE.json").exists():
        yield None
        return
    store = open_store(context)
    with closing(_catalog(context)) as catalog:
        catalog.follow(Journal(store))
        yield store, catalog


def _folder(context: Context) -> Path:
    return Path(context.archive())


def _catalog(context: Context) -> "Catalog":
    from archiver.catalog import Catalog

    return Catalog(_folder(context) / CATALOG)
