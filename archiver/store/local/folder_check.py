"""Trying the folder that is to hold an archive; it leaves nothing behind."""

import hashlib
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from archiver.domain.checks import Check
from archiver.domain.layout import Shelf, audio_key
from archiver.errors import ArchiverError, DestinationError, Locked
from archiver.store.local.local_store import LocalStore
from archiver.store.local.preconditions import require_usable_folder
from archiver.store.os_errors import map_os_errors

LITTLE_SPACE = 1_000_000_000
TRIED_BYTES = b"archiver doctor"
TRIED = audio_key(Shelf.RECORDINGS, "0", None, hashlib.sha256(TRIED_BYTES).hexdigest(), "mp3")
FOR_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def check_folder(
    folder: Path, see: Callable[[], object] = bool, elsewhere: Callable[[], str] = str
) -> Check:
    """Try the place of an archive that is a folder, and leave nothing behind.

    ``see`` raises what is wrong with the archive that lies there; ``elsewhere`` tells where the
    catalog has to be kept, and why, if not beside it.

    A file is stored beside it as every recording will be: locked, synced, linked, with its mode.
    """
    try:
        require_usable_folder(folder)
        see()
        with map_os_errors(f"trying to write in {folder}"):
            place = next(each for each in (folder, *folder.parents) if each.exists())
            with TemporaryDirectory(prefix=".archiver-doctor-", dir=place) as tried:
                store = LocalStore(Path(tried, "archive"))
                with _locked(store, place):
                    stored = store.put(TRIED, TRIED_BYTES)
                mode = stat.S_IMODE((store.root / stored.key).stat().st_mode)
                free = shutil.disk_usage(tried).free
        catalog = elsewhere()
    except ArchiverError as error:
        return Check.fail("archive", error)
    found = f"{place} can be written; {free / LITTLE_SPACE:.1f} GB are free."
    if mode & FOR_OTHERS:
        found = f"The file system of {place} keeps no modes: files get {mode:04o}."
        advice = "Others may read the recordings: keep the archive on ext4, XFS, ZFS or NFS."
        return Check.warn("archive", found, advice)
    if catalog:
        advice = "Nothing to do: it is made anew from the archive wherever it is not."
        return Check.warn("archive", f"{found} {catalog}", advice)
    if free < LITTLE_SPACE:
        return Check.warn("archive", found, "Make room: an hour of recordings takes about 15 MB.")
    return Check.ok("archive", found)


@contextmanager
def _locked(store: LocalStore, place: Path) -> Iterator[None]:
    """Hold the lock of a store that nobody else knows: one that somebody has is one refused."""
    with ExitStack() as held:
        try:
            held.enter_context(store.exclusive())
        except Locked as error:
            raise DestinationError(
                f"The file system of {place} refuses locks: it calls a new file locked.",
                advice="Mount it with locks, or keep the archive on ext4, XFS, ZFS or NFS.",
            ) from error
        yield
