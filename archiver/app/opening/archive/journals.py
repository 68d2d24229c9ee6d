"""The chain of the archive that the settings name, and what this machine remembers beside it."""

import os
from contextlib import suppress
from pathlib import Path

from archiver.app.opening.archive.stores import site, workdir
from archiver.app.opening.context import Context
from archiver.errors import Missing, UsageError
from archiver.manifest.chain import archive_gone
from archiver.manifest.journal import Journal
from archiver.manifest.last_seen import NAME, LastSeen
from archiver.store.base import Store
from archiver.store.disk.read_days import FOLDER, ReadDays

_BEGIN = "Check the address; the first archiver pull --since DATE begins one."


def journal_of(context: Context, store: Store) -> Journal:
    """Return the chain in the archive's store, with what this machine remembers of it.

    The days of its read log are entered with whatever is added.
    """
    return Journal(store, memory_of(context), read_days(context))


def no_archive(context: Context, advice: str = _BEGIN) -> UsageError:
    """Return what says that there is none where the settings have it.

    Where there was one, :func:`require_none_gone` raises what says so.
    """
    require_none_gone(context)
    return UsageError(f"There is no archive at {context.archive()}.", advice=advice)


def require_none_gone(context: Context) -> None:
    """Raise what says that an archive was seen where none is: :class:`ChainBroken`, mostly.

    On a disk that is not mounted it is gone for now.
    """
    site(context).require_there()
    if seen := memory_of(context).gone():
        raise archive_gone(seen)


def is_there(journal: Journal) -> bool:
    """Whether there is an archive that the chain is of."""
    try:
        journal.archive()
    except Missing:
        return False
    return True


def memory_of(context: Context) -> LastSeen:
    """Return what this machine remembers of the archive's chain.

    Beside a folder it would be lost with it, so this user's own folder has it as well.
    """
    state = site(context).state
    return LastSeen(workdir(context) / NAME, state and state / NAME)


def read_days(context: Context) -> ReadDays | None:
    """Return this user's read log of the archive, ``None`` where nothing can be kept."""
    folder = lasting_folder(context)
    return ReadDays(folder / FOLDER) if folder else None


def lasting_folder(context: Context) -> Path | None:
    """Return where this user can keep something of an archive: beside it, else in the state."""
    return next((each for each in private_folders(context) if may_write(each)), None)


def private_folders(context: Context) -> tuple[Path, ...]:
    """Return the folders that this machine has for the archive: beside it, and the user's own."""
    lies = site(context)
    return tuple(each for each in (lies.workdir(), lies.state) if each is not None)


def may_write(folder: Path) -> bool:
    """Whether a catalog can be kept in a folder, which may not be there yet: not if it fails."""
    nearest = next(path for path in (folder, *folder.parents) if os.access(path, os.F_OK))
    if not os.access(nearest, os.R_OK | os.W_OK | os.X_OK):
        return False
    with suppress(OSError):
        return all(os.access(path, os.R_OK | os.W_OK) for path in folder.glob("catalog-*"))
    return False
