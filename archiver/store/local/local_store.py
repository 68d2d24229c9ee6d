"""A folder as the archive: complete files only, under names that are created and never replaced.

Every file is written under a private name, synced, read back and hashed; only then is it linked to
its final name, and the folder synced. ``link`` cannot replace anything, so two writers of one name
cannot harm each other, and a crash leaves a part file at worst.
"""

import errno
import hashlib
import io
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

from archiver.domain.layout import PRIVATE, checked
from archiver.errors import DestinationError
from archiver.store.base import (
    NO_METADATA,
    FreeSpace,
    Item,
    ObjectMetadata,
    ObjectStat,
    OnOneMachine,
    PutResult,
    TempFile,
)
from archiver.store.disk.folders import Folders, sync
from archiver.store.disk.workdir import Workdir
from archiver.store.local.file_names import (
    adopt,
    handling,
    hash_on_disk,
    link,
    open_file,
    sync_file,
)
from archiver.store.local.folder_clearing import FolderClearing
from archiver.store.local.stored_file import StoredFile
from archiver.store.local.tree_walk import Failed, TreeWalk
from archiver.store.os_errors import map_os_errors, reason

_WIDEST_FILE, _WIDEST_FOLDER = 0o640, 0o750
_NO_FOLDER = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP}
"""Of a path on which a folder is missing, or a file or a link lies where it would be."""
_LOST_AND_FOUND = "lost+found"
"""Where ext2 and its like keep what fsck finds: in the top folder of a disk, for root alone."""


class LocalStore(OnOneMachine):
    """The archive in the folder ``root``, which is made at the first write if it isn't there.

    Files and folders get exactly these modes, whatever the umask. A mode beyond 0640 and 0750 is a
    ``ValueError``: recordings are never for the world.
    """

    def __init__(self, root: Path, *, file_mode: int = 0o600, folder_mode: int = 0o700) -> None:
        if file_mode & ~_WIDEST_FILE or folder_mode & ~_WIDEST_FOLDER:
            raise ValueError("files may be at most 0640 and folders at most 0750")
        self.root = root
        self._folders = Folders(root, folder_mode)
        self._workdir = Workdir(self._folders, (PRIVATE,), str(root), file_mode)
        self.clearing = FolderClearing(self._folders)

    def part(self) -> TempFile:
        """Return a part file on the archive's own disk."""
        return self._workdir.part()

    def put(self, key: str, data: bytes, about: ObjectMetadata = NO_METADATA) -> PutResult:
        """Create ``key`` with ``data``."""
        with self.part() as part:
            with map_os_errors(f"writing {checked(key)}"):
                part.file.write(data)
            return self.put_part(key, part, hashlib.sha256(data).hexdigest(), about)

    def put_part(
        self,
        key: str,
        part: TempFile,
        sha256: str,
        about: ObjectMetadata = NO_METADATA,  # noqa: ARG002 - a folder has no place for it
    ) -> PutResult:
        """Create ``key`` from ``part``; after any failure the part must be thrown away."""
        *names, name = checked(key).split("/")
        with map_os_errors(f"writing {key}"):
            part.file.flush()
            sync(part.file.fileno())
            size, found = hash_on_disk(part.folder, part.path.name)
            if found != sha256:
                raise DestinationError(
                    f"Stopped while writing {key}: the disk gave back other bytes than it took.",
                    advice="Check the disk and the memory before writing anything more to it.",
                )
            with self._folders.open(names, create=True) as folder:
                created = link(part.folder, part.path.name, folder, name)
                if not created:
                    adopt(key, folder, name, found)
                sync(folder)
        return PutResult(key, size, sha256, created)

    def claim(self, key: str, data: bytes) -> PutResult:
        """Create ``key``; of several writers one alone can."""
        return self.put(key, data)

    def open(self, key: str, version: str | None = None) -> BinaryIO:  # noqa: ARG002 - there is one
        """Open ``key`` for reading; links, pipes and the like are refused."""
        *names, name = checked(key).split("/")
        with ExitStack() as opened:
            with handling(key, f"reading {key}"), self._folders.open(names) as folder:
                stored = StoredFile(open_file(folder, name), key)
                file = opened.enter_context(io.BufferedReader(stored))
            opened.pop_all()
            return file

    def stat(self, key: str, version: str | None = None) -> ObjectStat:
        """Return the file's size, and which file it is: a disk knows no more."""
        with self.open(key, version) as file, map_os_errors(f"reading {key}"):
            told = os.fstat(file.fileno())
            return ObjectStat(told.st_size, inode=(told.st_dev, told.st_ino))

    def sync(self, key: str) -> None:
        """Sync the file, its name and the folders above it."""
        *names, name = checked(key).split("/")
        with (
            handling(key, f"syncing {key}"),
            self._folders.open(names, create=True) as folder,
        ):
            sync_file(folder, name)
            sync(folder)

    def scan(self) -> Iterator[Item]:
        """Yield what lies in the folder, and what of it cannot be looked at."""
        return self._walked("", self._unreadable)

    def versions(self, prefix: str) -> Iterator[Item]:
        """Yield what lies in the folder: there is one version of each."""
        return self.items(prefix)

    def items(self, prefix: str) -> Iterator[Item]:
        """Yield what lies in the folder; links and special files as themselves."""
        return self._walked(prefix, _refuse)

    def _walked(self, prefix: str, failed: Failed) -> Iterator[Item]:
        with map_os_errors(f"listing {prefix or 'the archive'}"), ExitStack() as opened:
            names = _way_to(prefix)
            try:
                folder = opened.enter_context(self._folders.open(names))
            except OSError as error:
                if error.errno not in _NO_FOLDER:
                    raise
                return
            path = "".join(f"{name}/" for name in names)
            yield from TreeWalk(prefix, failed).below(folder, path, len(names))

    def _unreadable(self, key: str, error: OSError) -> Item:
        """Return the item for what cannot be looked at; without the top folder there is nothing."""
        if not key:
            raise error
        is_systems = key == f"{_LOST_AND_FOUND}/" and _is_file_systems(self.root / _LOST_AND_FOUND)
        return Item(key, 0, unreadable=reason(error), is_systems=is_systems)

    def free(self) -> FreeSpace:
        """Return what the disk has left for an ordinary user."""
        return self._workdir.free()

    def exclusive(self) -> AbstractContextManager[None]:
        """Hold ``.archiver/lock`` and clear what killed runs left."""
        return self._workdir.exclusive()

    @contextmanager
    def shown(self) -> Iterator[str]:
        """Let a part file lie there for as long as a block runs."""
        with self.part() as part:
            yield str(part.path.relative_to(self.root))

    def shows(self, name: str) -> bool:
        """Whether that part file lies in this folder."""
        with map_os_errors(f"looking into {self.root}"):
            return (self.root / name).exists()


def _way_to(prefix: str) -> list[str]:
    """Return the names of the folder in which all lies whose key starts with ``prefix``."""
    *names, _ = prefix.split("/")
    leads_below = PRIVATE not in names[:1] and not {"", ".", ".."}.intersection(names)
    return names if leads_below else []


def _refuse(_key: str, error: OSError) -> Item:
    raise error


def _is_file_systems(path: Path) -> bool:
    """Whether a folder is one that a file system makes in its own top folder, and root's."""
    try:
        return path.parent.absolute().is_mount() and path.lstat().st_uid == 0
    except OSError:
        return False
