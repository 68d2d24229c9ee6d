"""The seal of a catalog: which file counts, and what all of it hashes to."""

import re
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from archiver.json_documents import BadDocument, dumps, loads
from archiver.manifest.codec import plain, read
from archiver.manifest.records.files import checked_sha256

VERSION = 43
"""Of the catalog's tables; it is in the names of its files."""
_DATABASE = re.compile(r"catalog-[0-9]{1,9}-[0-9a-f]{16}\.sqlite")
_ANY = re.compile(r"catalog(?:-(?P<version>[0-9]{1,9}))?[-.].*")
_MOST_BYTES = 4_096


class Seal(Struct, frozen=True):
    """The file that counts, by its name, and the SHA-256 of the whole of it."""

    database: str
    sha256: str

    def __post_init__(self) -> None:
        checked_sha256(self.sha256)
        if not _DATABASE.fullmatch(self.database):
            raise ValueError("not the name of a catalog")

    def to_json(self) -> bytes:
        """Return what its file says."""
        return dumps(plain(self))


def prefix() -> str:
    """Return how the names of this version's files begin."""
    return f"catalog-{VERSION}"


def is_older(name: str) -> bool:
    """Whether a file is of a catalog of an older version."""
    match = _ANY.fullmatch(name)
    return match is not None and int(match["version"] or 0) < VERSION


def path_of(folder: Path, ending: str) -> Path:
    """Return one of the files that this version's catalog has in a folder, beside the tables."""
    return folder / f"{prefix()}.{ending}"


def read_seal(folder: Path) -> Seal | None:
    """Return the seal of this version's catalog in a folder, ``None`` where none can be read."""
    with suppress(OSError, BadDocument):
        text = path_of(folder, "seal").read_bytes()
        seal = read(Seal, loads(text, max_bytes=_MOST_BYTES))
        return seal if seal.database.startswith(f"{prefix()}-") else None
    return None
