"""What must hold of the folder of an archive before a run writes there; ``doctor`` asks the same.

Nothing is written. Whatever does not hold is raised as the error that a run would end with, before
it has made anything.
"""

import errno
import os
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

from archiver.domain.layout import ARCHIVE_KEY, PRIVATE, Shelf
from archiver.errors import DestinationError, UsageError
from archiver.store.os_errors import advice_on_rights, map_os_errors

FOLDERS = (*Shelf, "calls", "certificates", "exports", "manifests", PRIVATE)
"""What an archive has in its top folder, beside :data:`ARCHIVE_KEY`."""
SYSTEMS_OWN = (
    PRIVATE, "lost+found", ".DS_Store", ".Spotlight-V100", ".fseventsd", ".Trash*", ".nfs*",
    ".snapshot", ".zfs", ".stfolder", "@eaDir", "#recycle", "#snapshot", "Thumbs.db", "desktop.ini",
    "System Volume Information", "$RECYCLE.BIN", "aquota.*",
)  # fmt: skip
"""Names that file systems, file servers and desktops put into folders of their own accord."""


def require_usable_folder(folder: Path, *, among_others: bool = False) -> None:
    """Raise what keeps a run from writing to an archive in ``folder``, or from beginning one.

    With ``among_others`` it may hold files that are no archive's.
    """
    with map_os_errors(f"looking at {folder}"):
        _see_no_link_leads_nowhere(folder)
        _see_no_file_is_there(folder)
        names = [*_names(folder)]
        for name in FOLDERS:
            if name in names:
                _see_usable(folder, name)
        if ARCHIVE_KEY not in names:
            _see_in_no_archive(folder)
            if not among_others:
                _see_no_others(folder, names)


def _see_no_file_is_there(folder: Path) -> None:
    for path in (folder, *folder.parents):
        if path.exists() and not path.is_dir():
            raise UsageError(f"{path} is no folder.", advice="Name a folder for the archive.")


def _see_no_link_leads_nowhere(folder: Path) -> None:
    for path in (folder, *folder.parents):
        if path.is_symlink() and not path.exists():
            raise DestinationError(
                f"{path} is a link to {path.readlink()}, which is not there.",
                advice="Mount or make what it leads to, or name another folder.",
            )


def _names(folder: Path) -> Iterator[str]:
    """Yield what lies in a folder; a folder that is still to be made holds nothing."""
    try:
        with os.scandir(folder) as entries:
            yield from (entry.name for entry in entries)
    except FileNotFoundError:
        return


def _see_in_no_archive(folder: Path) -> None:
    """Refuse to begin an archive within another one, to which all of it would be strange."""
    for above in Path(os.path.realpath(folder)).parents:
        if (above / ARCHIVE_KEY).exists():
            raise UsageError(
                f"{folder} lies within another archive, {above}.",
                advice="Name a folder outside of it.",
            )


def _see_no_others(folder: Path, names: list[str]) -> None:
    """Refuse to begin an archive among files of others, or among those of one that lost its own."""
    others = sorted(name for name in names if not _is_a_systems(name))
    if "manifests" in others:
        raise DestinationError(
            f"{folder} holds manifests/ and no {ARCHIVE_KEY}, which says which archive it is.",
            advice=f"Restore {ARCHIVE_KEY} from a copy, or name another folder.",
        )
    if others:
        raise UsageError(
            f"{folder} is no archive, and not empty: it holds {others[0]!r}.",
            advice="Name an empty or a new folder. Only archiver pull may begin an archive there "
            "anyway: --among-others.",
        )


def _is_a_systems(name: str) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in SYSTEMS_OWN)


def _see_usable(folder: Path, name: str) -> None:
    """See that a folder of the archive is one, on the archive's own disk, and can be written."""
    path = folder / name
    if path.is_symlink() or not path.is_dir():
        raise DestinationError(
            f"{path} is no folder, or a link to one.",
            advice="archiver follows no links inside an archive. Find out who put it there.",
        )
    if path.stat().st_dev != folder.stat().st_dev:
        raise DestinationError(
            f"{path} is on another file system than {folder}.",
            advice="Keep the whole archive on one: files get their names by hard links.",
        )
    if os.statvfs(path).f_flag & os.ST_RDONLY:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))
    if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        raise DestinationError(
            f"Cannot write to {path} as user {os.geteuid()}: permission denied.",
            advice=advice_on_rights(path),
        )
