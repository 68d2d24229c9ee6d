"""The archive's address in the settings, opened as the kind of store that it names."""

import hashlib
import os
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from archiver.app.context import Context
from archiver.config import home
from archiver.config.s3_options import SCHEME
from archiver.domain.layout import PRIVATE
from archiver.errors import DestinationError, Missing, UsageError
from archiver.pull.wait_for_lock import Hold, at_once
from archiver.store.scratch import scratch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archiver.catalog import Catalog
    from archiver.config.s3_options import Options
    from archiver.domain.retention import Retention
    from archiver.manifest.journal import Journal
    from archiver.manifest.last_seen import LastSeen
    from archiver.store.base import Store
    from archiver.store.s3.store import BucketStore

AWS = "https://s3.amazonaws.com"
SPARE_CONNECTIONS = 8
"""For the manifests, and for sidecars that are read while all workers send."""


def is_bucket(context: Context) -> bool:
    """Whether the archive is a bucket. Raises :class:`UsageError` when none is named."""
    return context.archive().startswith(SCHEME)


def workdir(context: Context) -> Path:
    """Return the private folder beside the archive: of a bucket, one of this machine's user."""
    if not is_bucket(context):
        return Path(context.archive(), PRIVATE)
    folder = _state_folder(context, context.settings.s3_endpoint or AWS)
    if folder is None:
        raise UsageError(
            f"User {os.getuid()} has no home folder to keep the state of {context.archive()} in.",
            advice="Set XDG_STATE_HOME or HOME to a lasting folder that this user may write.",
        )
    return folder


def _state_folder(context: Context, where: str) -> Path | None:
    """Return the folder of this machine's user for an archive, by where it is and its address.

    ``None`` where the user has no home.
    """
    state = home.state_folder(context.environ)
    named = hashlib.sha256(f"{where} {context.archive()}".encode()).hexdigest()
    return state / named[:16] if state is not None else None


def open_store(context: Context) -> "Store":
    """Return the archive's store; nothing is written by opening it. Raises :class:`UsageError`."""
    if is_bucket(context):
        return open_bucket(context)
    from archiver.store.local import LocalStore

    if retention(context).locks:
        raise UsageError(
            "A folder can't lock what is stored in it.",
            advice="Archive into a bucket with Object Lock, or take lock and legal_hold away.",
        )
    settings = context.settings
    folder = Path(context.archive())
    return LocalStore(folder, file_mode=settings.file_mode, folder_mode=settings.dir_mode)


def open_bucket(context: Context) -> "BucketStore":
    """Return the store of an archive that is a bucket; nothing is sent yet."""
    from archiver.config.s3_options import place
    from archiver.store.s3.connect import connect
    from archiver.store.s3.store import BucketStore

    chosen, where = options(context), place(context.archive())
    return BucketStore(connect(chosen), where, chosen, workdir(context), retention(context))


def retention(context: Context) -> "Retention":
    """Return what is to be locked. Raises :class:`UsageError` for what makes no sense together."""
    from archiver.domain.retention import Retention

    settings = context.settings
    if (settings.lock is None) != (settings.retain is None):
        raise UsageError(
            "lock and retain belong together: how, and how long.",
            advice="Give both, such as --lock governance --retain 5y, or neither.",
        )
    return Retention(
        settings.lock,
        settings.retain,
        settings.legal_hold,
        settings.lock_after,
        settings.max_retain,
    )


@contextmanager
def open_archive(
    context: Context, hold: Hold = at_once
) -> "Iterator[tuple[Store, Journal, Catalog]]":
    """Open the archive for writing, making it if there is none; ``hold`` its lock meanwhile.

    The catalog has followed the chain when this yields.
    """
    from archiver.catalog.sealed import clear_older

    with locked_store(context, hold) as store:
        journal = journal_of(context, store)
        journal.create_or_open(context.settings.endpoint)
        _remember_mount(context)
        clear_older(workdir(context))
        with followed(context, journal) as catalog:
            yield store, journal, catalog


@contextmanager
def locked_store(context: Context, hold: Hold = at_once) -> "Iterator[Store]":
    """Open the archive's store for writing and hold its lock, whatever state the chain is in."""
    store = open_store(context)
    _see_bucket(context, store)
    with hold(store):
        yield store


def journal_of(context: Context, store: "Store") -> "Journal":
    """Return the chain in the archive's store, with what this machine remembers of it."""
    from archiver.manifest.journal import Journal

    return Journal(store, memory_of(context))


def memory_of(context: Context) -> "LastSeen":
    """Return what this machine remembers of the archive's chain."""
    from archiver.manifest.last_seen import NAME, LastSeen

    return LastSeen(workdir(context) / NAME)


@contextmanager
def followed(
    context: Context, journal: "Journal", folder: Path | None = None
) -> "Iterator[Catalog]":
    """Open the catalog in ``folder`` (or where a run keeps it); it has followed the chain then."""
    from functools import partial

    from archiver.catalog import Catalog

    readers = SPARE_CONNECTIONS if is_bucket(context) else 1
    tell = partial(context.listener.say, event="noticed")
    with closing(Catalog(folder or _catalog_folder(context), readers, tell)) as catalog:
        with context.listener.waiting("reading the archive's manifests"):
            catalog.follow(journal)
        yield catalog


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
    from archiver.catalog.locks import refused
    from archiver.store.os_errors import map_os_errors

    room, state = workdir(context), _state_folder(context, "folder")
    with map_os_errors(f"trying a lock in {room}"):
        reason = refused(room)
    if reason is None:
        return room, ""
    why = _refuses(room, reason)
    with map_os_errors(f"trying a lock in {state}"):
        if state is not None and not is_bucket(context) and refused(state) is None:
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
def _folder_for_reading(context: Context) -> "Iterator[Path]":
    """Yield where the catalog can be kept by whoever may only read the archive.

    Beside the archive, else in the user's own folder, where the next question finds it; else in one
    that is gone afterwards. Raises :class:`DestinationError` where none of them grants locks.
    """
    from archiver.catalog.locks import refused

    for folder in (workdir(context), _state_folder(context, "folder")):
        if folder is not None and _may_write(folder) and refused(folder) is None:
            yield folder
            return
    with scratch() as folder:
        if reason := refused(folder):
            raise _no_place(_refuses(folder, reason))
        yield folder


def _may_write(folder: Path) -> bool:
    """Whether a catalog can be kept in a folder, which may not be there yet."""
    nearest = next(path for path in (folder, *folder.parents) if os.access(path, os.F_OK))
    if not os.access(nearest, os.R_OK | os.W_OK | os.X_OK):
        return False
    return all(os.access(path, os.R_OK | os.W_OK) for path in folder.glob("catalog-*"))


def _see_bucket(context: Context, store: "Store") -> None:
    """Refuse a public bucket, and one that does not lock what is to be locked."""
    if not is_bucket(context):
        return
    from archiver.doctor.bucket import refuse_public
    from archiver.store.s3.store import BucketStore

    if not isinstance(store, BucketStore):
        return
    if not context.settings.s3_public:
        refuse_public(store.facts())
    store.clear()
    if retention(context).locks:
        store.prove_locks()


@contextmanager
def open_for_reading(context: Context) -> "Iterator[tuple[Store, Catalog] | None]":
    """Open the archive that the settings name, to look things up; ``None`` if there is none."""
    if context.settings.archive is None:
        yield None
        return
    store = open_store(context)
    journal = journal_of(context, store)
    if not _is_there(journal):
        yield None
        return
    with (
        _folder_for_reading(context) as folder,
        followed(context, journal, folder) as catalog,
    ):
        yield store, catalog


def see_place(context: Context, *, among_others: bool = False) -> None:
    """Raise what keeps a run from writing to an archive that is a folder; writes nothing."""
    if not is_bucket(context):
        from archiver.store.place import see_folder

        see_mount(context)
        see_folder(Path(context.archive()), among_others=among_others)


def see_mount(context: Context) -> None:
    """Raise :class:`DestinationError` where the disk of an archive is not mounted."""
    if not is_bucket(context) and (memory := _mount_memory(context)):
        from archiver.store.mounts import see_mounted

        see_mounted(Path(context.archive()), memory)


def _remember_mount(context: Context) -> None:
    """Note where the disk of an archive that is a folder is mounted."""
    if not is_bucket(context) and (memory := _mount_memory(context)):
        from archiver.store.mounts import remember

        remember(Path(context.archive()), memory)


def _mount_memory(context: Context) -> Path | None:
    """Return the file for that, which is not on that disk; ``None`` where the user has no home."""
    folder = _state_folder(context, "folder")
    return folder and folder / "mount"


def see_archive(context: Context, store: "Store | None" = None) -> None:
    """Raise what keeps a run from adding to the archive that is there, if one is."""
    from archiver.store import place

    store = store or open_store(context)
    place.see_archive(store, journal_of(context, store), context.settings.endpoint)


def require_archive(context: Context) -> None:
    """Raise :class:`UsageError` where there is no archive to go on with; writes nothing."""
    if not _is_there(journal_of(context, open_store(context))):
        raise UsageError(
            f"There is no archive at {context.archive()} yet, or it is not mounted.",
            advice="To begin one, give --since DATE once, such as --since 2019-06-11; or --day DATE"
            " for one day.",
        )


def _is_there(journal: "Journal") -> bool:
    try:
        journal.archive()
    except Missing:
        return False
    return True


def owner(context: Context) -> str | None:
    """Return whom the bucket must belong to. Raises :class:`UsageError` for a name at AWS."""
    from archiver.config.s3_options import is_account

    named = context.settings.s3_owner
    if named and context.settings.s3_endpoint is None and not is_account(named):
        raise UsageError(
            "s3_owner must be such as 123456789012: AWS's accounts are twelve digits.",
            advice="Of a server that is not AWS, set s3_endpoint as well.",
        )
    return named


def _host_at_aws(context: Context) -> str:
    """Return the address of the archive's own bucket at AWS: proxies may depend on it."""
    from archiver.config.s3_options import place

    bucket, region = place(context.archive()).bucket, context.settings.s3_region
    return f"https://{bucket}.s3.{f'{region}.' if region else ''}amazonaws.com"


def options(context: Context) -> "Options":
    """Return how the bucket is reached."""
    from archiver.config.s3_options import Options
    from archiver.secret import Secret

    settings = context.settings
    proxy = context.proxy(settings.s3_endpoint or _host_at_aws(context))
    return Options(
        region=settings.s3_region,
        endpoint=settings.s3_endpoint,
        style=settings.s3_style,
        profile=settings.s3_profile,
        role=settings.s3_role,
        storage_class=settings.s3_storage_class,
        encryption=settings.s3_encryption,
        tags=settings.s3_tags,
        checksums=settings.s3_checksums,
        owner=owner(context),
        proxy=Secret(proxy) if proxy else None,
        ca_bundle=settings.ca_bundle,
        connections=settings.workers + SPARE_CONNECTIONS,
    )
