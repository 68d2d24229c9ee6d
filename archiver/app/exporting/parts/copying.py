"""Copying a file of the archive into a draft, and holding it against its hash on the way."""

import hashlib
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct

from archiver.app.exporting.output_errors import writing
from archiver.manifest.records.files import ArchivedFile
from archiver.pull.stored.copies import CopyFlaw, copied_or_flaw
from archiver.store.base import CHUNK, Store


class Earlier(Struct, frozen=True):
    """Where an earlier try may have written a file's bytes: from ``begins`` on in ``path``."""

    path: Path
    begins: int


def copy_whole(
    store: Store, file: ArchivedFile, draft: Path, earlier: Earlier | None
) -> CopyFlaw | None:
    """Copy a file's bytes into a ``draft``; return what is wrong with them, if anything is.

    What an ``earlier`` try wrote is taken as long as its hash is right. Raises
    :class:`archiver.errors.DestinationError` where the copy can't be written, or the archive can't
    be reached.
    """
    with writing(draft), draft.open("w+b") as to:
        if earlier is not None and _is_there_already(earlier, file, to):
            return None
        to.seek(0)
        to.truncate()
        return copied_or_flaw(store, file, to, str(draft.parent))


def _is_there_already(earlier: Earlier, file: ArchivedFile, to: BinaryIO) -> bool:
    """Copy what was written before; return whether it is the file."""
    digest, left = hashlib.sha256(), file.bytes
    with suppress(FileNotFoundError), earlier.path.open("rb") as before:
        before.seek(earlier.begins)
        while chunk := before.read(min(CHUNK, left)):
            digest.update(chunk)
            to.write(chunk)
            left -= len(chunk)
    return digest.hexdigest() == file.sha256
