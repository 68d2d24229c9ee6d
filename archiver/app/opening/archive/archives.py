"""The archive's address in the settings, opened as the kind of store that it names."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from datetime import date
from functools import partial
from pathlib import Path

from archiver.app.opening.archive.figures import refresh_figures
from archiver.app.opening.archive.journals import (
    is_there,
    journal_of,
    may_write,
    no_archive,
    private_folders,
    require_none_gone,
)
from archiver.app.opening.archive.portal_correction import correct_portal
from archiver.app.opening.archive.stores import open_store, site, workdir
from archiver.app.opening.archive.workroom import require_usable_workroom
from archiver.app.opening.context import Context
from archiver.app.opening.user import named_by
from archiver.catalog import ASKED_FOR, Catalog
from archiver.catalog.locks import refused
from archiver.catalog.sealed import clear_older
from archiver.errors import DestinationError, Missing, UsageError
from archiver.manifest.journal import Journal
from archiver.open_archive import OpenArchive
from archiver.store.base import Store
from archiver.store.free_space import require_free_space
from archiver.store.os_errors import map_os_errors
from archiver.store.scratch import scratch

READERS = 8
"""So many sidecars are read at once from a store that is remote."""
Hold = Callable[[Store], AbstractContextManager[None]]
"""Holds the lock of a store while a block runs."""


def at_once(store: Store) -> AbstractContextManager[None]:
    """Hold the store's lock; raises :class:`archiver.errors.Locked` when another run has it."""
    return store.exclusive()


@contextmanager
def open_archive(context: Context, hold: Hold = at_once) -> Iterator[OpenArchive]:
    """Open the archive for writing, making it if there is none; ``hold`` its lock meanwhile.

    The catalog has followed the chain when this yields.
    """
    with locked_store(context, hold) as store:
        journal = journal_of(context, store)
        journal.create_or_open(context.settings.portal.endpoint)
        site(context).remember()
        clear_older_catalogs(context)
        with followed(context, store, journal) as archive:
            _correct_portal(context, archive)
            yield archive


def _correct_portal(context: Context, archive: OpenArchive) -> None:
    """Take the portal of the settings for the archive's, where nothing came from the former one."""
    endpoint = context.settings.portal.endpoint
    by = named_by(None, context.environ)
    if former := correct_portal(archive, endpoint, by):
        context.listener.say(
            f"Nothing has come from {former}: the archive is of {endpoint} from now on.", "noticed"
        )


def clear_older_catalogs(context: Context) -> None:
    """Remove the catalogs of earlier versions, of an archive whose lock is held."""
    with map_os_errors("removing the catalogs of earlier versions"):
        clear_older(workdir(context))


@contextmanager
def locked_store(context: Context, hold: Hold = at_once) -> Iterator[Store]:
    """Open the archive's store for writing and hold its lock, whatever state the chain is in.

    Raises :class:`archiver.errors.NotPermitted` for what another user left of the workroom.
    """
    lies = site(context)
    store = lies.open()
    require_usable_workroom(workdir(context))
    lies.prepare(store)
    with hold(store):
        yield store


@contextmanager
def followed(
    context: Context,
    store: Store,
    journal: Journal,
    folder: Path | None = None,
    *,
    anew: bool = False,
) -> Iterator[OpenArchive]:
    """Open an archive with its catalog in ``folder``, or where a run keeps it.

    What it adds up to in the end is kept beside it, for ``archiver status``. With ``anew``, nothing
    of what it holds is believed.
    """
    readers = READERS if store.capabilities.is_remote else 1
    tell = partial(context.listener.say, event="noticed")
    folder = folder or _catalog_folder(context)
    with closing(Catalog(folder, readers, tell)) as catalog:
        with context.listener.waiting("reading the archive's manifests"):
            if anew:
                catalog.begin_anew(journal, ASKED_FOR)
            else:
                catalog.follow(journal)
        archive = OpenArchive(store, journal, catalog)
        yield archive
        refresh_figures(archive, folder)


def _catalog_folder(context: Context) -> Path:
    """Return where a run keeps the catalog: in the workroom, or where locks are granted."""
    folder, why = catalog_place(context)
    if why:
        context.listener.say(f"{why} The catalog is kept in {folder}.", "noticed")
    return folder


def catalog_place(context: Context) -> tuple[Path, str]:
    """Return the folder for the catalog, and why it is not the workroom, if it isn't.

    Raises :class:`DestinationError` where no place grants the locks that it takes.
    """
    lies = site(context)
    room, state = lies.workdir(), lies.state
    with map_os_errors(f"trying a lock in {room}"):
        reason = refused(room)
    if reason is None:
        return room, ""
    why = _refuses(room, reason)
    with map_os_errors(f"trying a lock in {state}"):
        if state is not None and refused(state) is None:
            return state, why
    raise _no_place(why)


def _refuses(folder: Path, reason: str) -> str:
    return f"The file system of {folder} refuses the locks that SQLite takes ({reason})."


def _no_place(why: str) -> DestinationError:
    return DestinationError(
        f"{why} No place is left for the catalog.",
        advice="Name a folder on a local disk for it, in the variable XDG_STATE_HOME.",
    )


@contextmanager
def _folder_for_reading(context: Context) -> Iterator[Path]:
    """Yield where the catalog can be kept by whoever may only read the archive.

    Beside the archive, else in the user's own folder, where the next question finds it; else in one
    that is gone afterwards. Raises :class:`DestinationError` where none of them grants locks.
    """
    for folder in private_folders(context):
        if _can_be_written(folder):
            yield folder
            return
    with scratch() as folder:
        with map_os_errors(f"trying a lock in {folder}"):
            reason = refused(folder)
        if reason is not None:
            raise _no_place(_refuses(folder, reason))
        yield folder


def _can_be_written(folder: Path) -> bool:
    """Whether a catalog can be kept in a folder: not where the disk is full, or fails."""
    with suppress(OSError):
        return may_write(folder) and refused(folder) is None
    return False


@contextmanager
def open_for_reading(context: Context, *, anew: bool = False) -> Iterator[OpenArchive | None]:
    """Open the archive that the settings name, to look things up; ``None`` if there is none.

    With ``anew``, its catalog is made anew from the archive first.
    """
    if context.settings.archive is None:
        yield None
        return
    store = open_store(context)
    journal = journal_of(context, store)
    if not is_there(journal):
        yield None
        return
    with (
        _folder_for_reading(context) as folder,
        followed(context, store, journal, folder, anew=anew) as archive,
    ):
        yield archive


@contextmanager
def open_existing(context: Context, *, anew: bool = False) -> Iterator[OpenArchive]:
    """Open the same; raises :class:`UsageError` where there is no archive."""
    with open_for_reading(context, anew=anew) as archive:
        if archive is None:
            raise no_archive(context)
        yield archive


def see_archive(context: Context) -> None:
    """Raise what keeps a run from adding to the archive that is there, if one is."""
    store = open_store(context)
    require_free_space(store)
    require_usable_workroom(workdir(context))
    journal = journal_of(context, store)
    try:
        journal.matching(context.settings.portal.endpoint)
    except Missing:
        require_none_gone(context)
        return
    journal.head()


def start_day(context: Context) -> date | None:
    """Return the first day that the archive which is there answers for, ``None`` if none is stored.

    The chain is read up to the manifest that says so, most often the first; no catalog is.
    """
    chain = Journal(open_store(context)).manifests()
    return next((each.since for _, each in chain if each.since), None)


def require_archive(context: Context) -> None:
    """Raise :class:`UsageError` where there is no archive to go on with; writes nothing.

    Raises :class:`ChainBroken` where there was one.
    """
    if is_there(journal_of(context, open_store(context))):
        return
    require_none_gone(context)
    raise UsageError(
        f"There is no archive at {context.archive()} yet, or it is not mounted.",
        advice="To begin one, give --since DATE once, such as --since 2019-06-11; or --day DATE"
        " for one day.",
    )
