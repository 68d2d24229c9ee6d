"""The promise every store keeps, whatever it is made of.

A key is created whole or not at all, is on disk when ``put`` returns, and is never overwritten:
putting the same bytes again is harmless and says ``created=False``. One contract test holds every
implementation to this page.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from archiver.errors import DestinationRefused, Exists, Locked, Missing
from archiver.store.parts import Part

__all__ = [
    "CHUNK", "DestinationRefused", "Exists", "Item", "Locked", "Missing", "Part", "Store", "Stored",
]  # fmt: skip

CHUNK = 1 << 20
"""How much is read at once, in bytes."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What a put left in the archive. ``created`` is false when these bytes were already there."""

    key: str
    bytes: int
    sha256: str
    created: bool


@dataclass(frozen=True, slots=True)
class Item:
    """Something that lies in the archive. ``key`` may be any text: it was not written by us."""

    key: str
    bytes: int


class Store(Protocol):
    """Create-only objects under the names of :mod:`archiver.keys`.

    Every method raises :class:`DestinationRefused` when the place fails, and
    :class:`archiver.keys.BadKey` for a name that an archive cannot hold.
    """

    def part(self) -> Part:
        """Return a private temporary file; it is gone when its ``with`` block ends."""
        ...

    def put_part(self, key: str, part: Part, sha256: str) -> Stored:
        """Create ``key`` from a part whose bytes must hash to ``sha256``.

        Raises :class:`Exists` when other content has that name. What was written is checked
        against ``sha256`` before the name exists.
        """
        ...

    def put(self, key: str, data: bytes) -> Stored:
        """Create ``key`` with ``data``; as :meth:`put_part`."""
        ...

    def open(self, key: str) -> BinaryIO:
        """Open ``key`` for reading; raises :class:`Missing`. Its reads raise ``OSError``."""
        ...

    def items(self, prefix: str) -> Iterator[Item]:
        """Yield everything whose name starts with ``prefix``, sorted, ``.archiver/`` excepted.

        What nobody of ours can have put there is yielded too, so that it can be found.
        """
        ...

    def free_bytes(self) -> int | None:
        """Return how many bytes may still be written, ``None`` when that has no answer."""
        ...

    def free_files(self) -> int | None:
        """Return how many files may still be made, ``None`` when that has no answer."""
        ...

    def exclusive(self) -> AbstractContextManager[None]:
        """Hold the run lock, which dies with its holder; raises :class:`Locked`."""
        ...

    def set_aside(self, key: str, new_key: str) -> None:
        """Move damaged content out of its name; raises :class:`Exists` or :class:`Missing`.

        The new name is there before the old one goes. Doing it again after a crash is harmless.
        """
        ...
