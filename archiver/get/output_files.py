"""Plain files for a person: whole under their name or not there, and nothing is overwritten."""

import errno
import filecmp
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct

from archiver.config.home import absolute
from archiver.domain.layout import ARCHIVE_KEY
from archiver.errors import DestinationError, UsageError
from archiver.handover.csv_lists import RECORDINGS
from archiver.handover.handed_over import HandedOver

AS_USUAL = 0o666
HERE_ALREADY = " (here already)"
"""What is said of a file that was there before, with the same bytes."""
_NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS}
"""How file systems without hard links (FAT, many network shares) refuse one."""


class Draft(Struct, frozen=True):
    """A temporary file beside the result; ``path`` is gone at the end, whatever happened."""

    file: BinaryIO
    path: Path


class Target(Struct, frozen=True):
    """Where files go: the current folder (empty), a folder, or one file.

    What ends in a slash is a folder, and is made if it isn't there.
    """

    out: str = ""

    @property
    def folder(self) -> Path | None:
        """The folder in which files get their plain names, ``None`` when they don't."""
        path = Path(self.out)
        with writing(self.out):
            return path if path.is_dir() or self.out.endswith("/") else None

    def check(self, count: int) -> None:
        """Raise :class:`UsageError` when so many recordings cannot go there, or none may."""
        if count > 1 and self.folder is None:
            raise UsageError(
                f"{count} recordings cannot go into one file.",
                advice="Let --out be a folder: what ends in / is made if it is not there.",
            )
        self.require_usable()

    def require_usable(self) -> None:
        """Raise :class:`UsageError` when no recording may go there, and what keeps from telling."""
        with writing(self.out):
            _refuse_archives(absolute(self.out).resolve())

    def keep_list(self, rows: Iterable[HandedOver]) -> str:
        """Write ``recordings.csv`` beside the files and return where."""
        stem, _, extension = RECORDINGS.name.partition(".")
        with self.draft() as draft:
            with writing(RECORDINGS.name):
                draft.file.write(RECORDINGS.header())
                draft.file.writelines(map(RECORDINGS.line, rows))
            return self.keep(draft, stem, extension)

    @contextmanager
    def draft(self) -> Iterator[Draft]:
        """Open a temporary file, with the permissions that the result will have."""
        folder, mode = self.place_of_drafts()
        path = folder / f".archiver-{secrets.token_hex(8)}.part"
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        with writing(str(folder)):
            if self.folder is not None:
                folder.mkdir(exist_ok=True)
            file = os.fdopen(os.open(path, flags, mode), "w+b")
        try:
            yield Draft(file, path)
        finally:
            with suppress(OSError):  # what is kept is on disk by now, and the rest is of no use
                file.close()
            with writing(str(path)):
                path.unlink(missing_ok=True)

    def keep(self, draft: Draft, stem: str, extension: str) -> str:
        """Put a whole file in its place and return where; an existing one is never overwritten."""
        folder = self.folder
        path = Path(self.out) if folder is None else folder / f"{stem}.{extension}"
        with writing(str(path)):
            draft.file.flush()
            os.fsync(draft.file.fileno())
            is_new = _take_name(draft.path, path)
        if is_new:
            return str(path)
        if _same(draft.path, path):
            return f"{path}{HERE_ALREADY}"
        raise UsageError(
            f"{path} exists already; it was not touched.", advice="Name another with --out."
        )

    def place_of_drafts(self) -> tuple[Path, int]:
        """Return the folder of temporary files and their mode: the user's own, as the result's."""
        folder = self.folder
        return (Path(self.out).parent if folder is None else folder), AS_USUAL


def _refuse_archives(path: Path) -> None:
    """Keep plain files out of archives, where they would be what no manifest names."""
    for folder in (path, *path.parents):
        if (folder / ARCHIVE_KEY).exists():
            raise UsageError(
                f"{folder} is an archive; nothing else is written into it.",
                advice="Name another folder with --out.",
            )


def _take_name(draft: Path, path: Path) -> bool:
    """Give a whole file its name if that is free; return whether it was."""
    try:
        os.link(draft, path)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        return _take_name_without_links(draft, path)
    return True


def _take_name_without_links(draft: Path, path: Path) -> bool:
    """Reserve the name with an empty file, and move the whole one over it."""
    try:
        path.open("xb").close()
    except FileExistsError:
        return False
    draft.replace(path)
    return True


def _same(draft: Path, path: Path) -> bool:
    try:
        return filecmp.cmp(draft, path, shallow=False)
    except OSError:
        return False


@contextmanager
def writing(what: str, advice: str = "Name another place with --out.") -> Iterator[None]:
    """Turn any ``OSError`` of the block into :class:`DestinationError`."""
    try:
        yield
    except OSError as error:
        told = f"{what} cannot be written: {error.strerror}."
        raise DestinationError(told, advice=advice) from error
