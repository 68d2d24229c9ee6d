"""The figures of an archive in a small file beside its catalog, so that they need not be counted.

A catalog of a million recordings has 1.5 GB, and all of it is hashed before one word of it is
believed. The figures were worked out from a catalog that fitted its seal, and the file says from
which, and up to which manifest. It begins with the SHA-256 of all else in it. Figures of another
head or another catalog, and what is damaged, count as none: then the catalog is asked.
"""

import hashlib
import os
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from archiver.json_documents import BadDocument, dumps, loads
from archiver.manifest.codec import plain, read
from archiver.manifest.records.files import Head
from archiver.overview.archive_figures import ArchiveFigures
from archiver.overview.seal import Seal, path_of, read_seal

_MOST_BYTES = 1 << 24
_ENDING = "figures"
_OPEN = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC


class _Kept(Struct, frozen=True):
    """The figures, of which archive they are, and the seal of the catalog that was asked."""

    archive: str
    seal: Seal
    figures: ArchiveFigures


def kept_figures(folder: Path, archive: str, head: Head) -> ArchiveFigures | None:
    """Return the figures that are kept in a folder of an archive up to this head, if any are."""
    with suppress(OSError, BadDocument):
        check, _, text = path_of(folder, _ENDING).read_bytes().partition(b"\n")
        if check != _check_of(text):
            return None
        kept = read(_Kept, loads(text, max_bytes=_MOST_BYTES))
        if (kept.archive, kept.figures.head, kept.seal) == (archive, head, read_seal(folder)):
            return kept.figures
    return None


def keep_figures(folder: Path, archive: str, seal: Seal, figures: ArchiveFigures) -> None:
    """Keep figures that were worked out from the catalog with that seal; they are not synced.

    Raises ``OSError`` where nothing can be written. Who reads it meanwhile sees the former ones.
    """
    text = dumps(plain(_Kept(archive, seal, figures)))
    new = path_of(folder, f"{_ENDING}.new")
    with os.fdopen(os.open(new, _OPEN, 0o600), "wb") as file:
        file.write(_check_of(text) + b"\n" + text)
    new.replace(path_of(folder, _ENDING))


def _check_of(text: bytes) -> bytes:
    return hashlib.sha256(text).hexdigest().encode()
