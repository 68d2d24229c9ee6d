"""Plain files for a person: whole under their name or not there, and nothing is overwritten."""

import errno
import filecmp
import os
import secrets
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from archiver.config.home import absolute
from archiver.domain.layout import ARCHIVE_KEY
from archiver.errors import DestinationError, UsageError
from archiver.store.scratch import temporary

STDOUT = "-"
ONLY_MINE, AS_USUAL = 0o600, 0o666
_NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS}
"""How file systems without hard links (FAT, many network shares) refuse one."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A temporary file beside the result; ``path`` is gone at the end, whatever happened."""

    file: BinaryIO
    path: Path


@dataclass(frozen=True, slots=True)
class Target:
    """Where files go: the current folder (``None``), a folder, one file, or stdout for ``-``.

    What ends in a slash is a folder, and is made if it isn't there.
    """

    out: str | None

    @property
    def folder(self) -> Path | None:
        """The folder in which files get their plain names, ``None`` when they don't."""
        if self.out == STDOUT:
            return None
        path = Path(self.out or "")
        return path if path.is_dir() or str(self.out).endswith("/") else None

    def check(self, count: int) -> None:
        """Raise :class:`UsageError` when so many recordings cannot go there, or none may."""
        if count > 1 and self.folder is None:
            raise UsageError(
                f"{count} recordings cannot go into one file.",
                advice="Let --out be a folder: what ends in / is made if it is not there.",
            )

        if self.out == STDOUT:
            _refuse_terminal()
        else:
            _refuse_archives(absolute(self.out or "").resolve())

    @contextmanager
    def draft(self) -> Iterator[Draft]:
        """Open a temporary file: with the user's own permissions, as the result will have them.

        What goes to stdout is drafted in the system's temporary folder, readable by nobody else.
        """
        folder, mode = self._place()
        path = folder / f".archiver-{secrets.token_hex(8)}.part"
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        try:
            if self.folder is not None:
                folder.mkdir(exist_ok=True)
            descriptor = os.open(path, flags, mode)
        except OSError as error:
            raise _unwritable(str(folder), error) from error
        try:
            with os.fdopen(descriptor, "w+b") as file:
                yield Draft(file, path)
        finally:
            path.unlink(missing_ok=True)

    def keep(self, draft: Draft, stem: str, extension: str) -> str:
        """Put a whole file in its place and return where; an existing one is never overwritten."""
        draft.file.flush()
        if self.out == STDOUT:
            return _to_stdout(draft.path)
        folder = self.folder
        path = Path(str(self.out)) if folder is None else folder / f"{stem}.{extension}"
        try:
            is_new = _take_name(draft.path, path)
        except OSError as error:
            raise _unwritable(str(path), error) from error
        if is_new:
            return str(path)
        if _same(draft.path, path):
            return f"{path} (here already)"
        raise UsageError(
            f"{path} exists already; it was not touched.", advice="Name another with --out."
        )

    def _place(self) -> tuple[Path, int]:
        if self.out == STDOUT:
            return temporary(), ONLY_MINE
        folder = self.folder
        return (Path(str(self.out)).parent if folder is None else folder), AS_USUAL


def _refuse_terminal() -> None:
    """Keep audio off a terminal: its bytes would be taken for letters and commands."""
    if sys.stdout.isatty():
        raise UsageError(
            "Audio is not written to a terminal.",
            advice="Send it on: archiver get ID -o - | ffplay -; or name a file with --out.",
        )


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


def _to_stdout(path: Path) -> str:
    with path.open("rb") as file:
        shutil.copyfileobj(file, sys.stdout.buffer)
    sys.stdout.buffer.flush()
    return "stdout"


def _unwritable(what: str, error: OSError) -> DestinationError:
    return DestinationError(
        f"{what} cannot be written: {error.strerror}.", advice="Name another place with --out."
    )
