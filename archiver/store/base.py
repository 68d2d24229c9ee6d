"""The promise every store keeps, whatever it is made of.

A key is created whole or not at all, is on disk when ``put`` returns, and is never overwritten:
putting the same bytes again is harmless and says ``created=False``. One contract test holds every
implementation to this page.
"""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from typing import BinaryIO, Protocol

from msgspec import Struct, field

from archiver.domain.retention import LockMode
from archiver.errors import DestinationError, Exists, Locked, Missing
from archiver.store.disk.temp_files import TempFile
from archiver.store.disk.workdir import FreeSpace

__all__ = [
    "CHUNK",
    "NO_METADATA",
    "Capabilities",
    "Clearing",
    "DestinationError",
    "Exists",
    "FreeSpace",
    "Item",
    "Locked",
    "Locking",
    "Missing",
    "ObjectMetadata",
    "ObjectStat",
    "PutResult",
    "StandingLock",
    "Store",
    "TempFile",
]  # fmt: skip

CHUNK = 1 << 20
"""How much is read at once, in bytes."""


class PutResult(Struct, frozen=True):
    """What a put left in the archive. ``created`` is false when these bytes were already there.

    ``version`` is what a store that keeps versions calls this one.
    """

    key: str
    bytes: int
    sha256: str
    created: bool
    version: str | None = None


class ObjectMetadata(Struct, frozen=True):
    """What a store may tell and do with a recording's objects, beside keeping them.

    ``labels`` are short ASCII texts with nothing personal in them. ``since`` is the moment (UTC)
    from which a retention period counts; ``None`` means from now.
    """

    labels: Mapping[str, str] = field(default_factory=dict)
    since: datetime | None = None


NO_METADATA = ObjectMetadata()


class ObjectStat(Struct, frozen=True):
    """What a store knows of an object without reading it.

    ``sha256`` was worked out by the store when the bytes came in; ``None`` where only reading
    tells. ``inode`` is the device and the number of a file of this machine: two names of it share
    one fate.
    """

    bytes: int
    sha256: str | None = None
    version: str | None = None
    inode: tuple[int, int] | None = None


class Item(Struct, frozen=True):
    """Something that lies in the archive. ``key`` may be any text: it was not written by us.

    A store that keeps versions yields each of them from :meth:`Store.versions`. A plain reader
    gets what ``is_current``, or nothing where that is a delete marker. ``version`` is ``None``
    where the name alone asks for it.

    ``unreadable`` says why the store could not look at it; the key of a folder ends in a slash.
    Such an item ``is_systems`` where it belongs to the file system, which lets only root in.
    """

    key: str
    bytes: int
    version: str | None = None
    is_current: bool = True
    is_marker: bool = False
    unreadable: str | None = None
    is_systems: bool = False


class Capabilities(Struct, frozen=True):
    """What a kind of store is like, whatever lies in it.

    One that ``is_remote`` takes a network's time for each request, so many are sent at once, and
    has no end. One that ``has_one_writer`` lets nobody else write while :meth:`Store.exclusive` is
    held. One that ``tells_hashes`` may know the SHA-256 of what it keeps, and one that ``locks``
    can lock what is stored.
    """

    is_remote: bool = False
    has_one_writer: bool = False
    tells_hashes: bool = False
    locks: bool = False


class StandingLock(Struct, frozen=True):
    """What keeps a version from being removed: a date (UTC), or a legal hold, without an end."""

    until: datetime | None
    is_held: bool = False


class Locking(Protocol):
    """How what is stored can be locked, in a store that can."""

    @property
    def mode(self) -> LockMode | None:
        """The mode in which recordings are locked, ``None`` where they are not."""
        ...

    @property
    def may_lock(self) -> bool:
        """Whether the place may have locks at all, by its own word."""
        ...

    def lock(self, key: str, version: str | None, since: datetime | None) -> bool:
        """Lock what is there since that moment (UTC); return whether it has a lock now.

        Raises :class:`Missing`.
        """
        ...

    def hold(self, key: str, version: str | None) -> None:
        """Lock what another writer put there and did not come to lock, where this one locks.

        What has a lock keeps it as it is. Raises :class:`Missing`.
        """
        ...

    def standing(self, key: str, version: str | None) -> StandingLock | None:
        """Return what keeps a version from being removed now, by the place's own word.

        Raises :class:`Missing`.
        """
        ...

    def has_legal_hold(self, key: str, version: str | None) -> bool:
        """Return whether a version is kept from being removed, without an end.

        Raises :class:`Missing`.
        """
        ...

    def set_legal_hold(self, key: str, version: str | None) -> bool:
        """Keep a version from being removed, without an end; return whether the place can.

        Raises :class:`Missing`.
        """
        ...

    def end_legal_hold(self, key: str, version: str | None) -> bool:
        """Take such a hold away; return whether there was one.

        It stays where the settings put one on all that is stored. Raises :class:`Missing`.
        """
        ...


class Clearing(Protocol):
    """How a name is cleared of what lies under it: what the door asks for, and nobody else."""

    def set_aside(self, key: str, new_key: str) -> None:
        """Move content out of its name; raises :class:`Exists` or :class:`Missing`.

        The new name is there before the old one goes. Doing it again after a crash is harmless.
        """
        ...

    def uncover(self, key: str, version: str | None, sha256: str) -> None:
        """Let a plain reader get that version of ``key`` again; no content is lost by it.

        What lies over it goes: delete markers, and other versions once they are set aside. Its
        bytes must hash to ``sha256``; else this raises :class:`DestinationError`.
        """
        ...

    def remove_versions(self, key: str) -> None:
        """Remove every version of ``key``, and every delete marker of it; there may be none.

        It is gone from the disk when this returns. Raises :class:`DestinationError` where one may
        not be removed; the others may be gone by then.
        """
        ...


class Store(Protocol):
    """Create-only objects under the names of :mod:`archiver.domain.layout`.

    Every method raises :class:`DestinationError` when the place fails, and
    :class:`archiver.domain.layout.BadKey` for a name that an archive cannot hold.
    """

    @property
    def capabilities(self) -> Capabilities:
        """What this kind of store is like."""
        ...

    @property
    def locking(self) -> Locking:
        """How what is stored here is locked."""
        ...

    @property
    def clearing(self) -> Clearing:
        """How names are cleared here."""
        ...

    def part(self) -> TempFile:
        """Return a private temporary file; it is gone when its ``with`` block ends."""
        ...

    def put_part(
        self, key: str, part: TempFile, sha256: str, about: ObjectMetadata = NO_METADATA
    ) -> PutResult:
        """Create ``key`` from a part whose bytes must hash to ``sha256``.

        Raises :class:`Exists` when other content has that name. What was written is checked
        against ``sha256`` before the name exists.
        """
        ...

    def put(self, key: str, data: bytes, about: ObjectMetadata = NO_METADATA) -> PutResult:
        """Create ``key`` with ``data``; as :meth:`put_part`."""
        ...

    def claim(self, key: str, data: bytes) -> PutResult:
        """Create a name that other writers may want at this very moment: one of them gets it.

        Raises :class:`Exists` when that is another one. What it is then stays so: it is the oldest
        version of its name wherever several are kept.
        """
        ...

    def open(self, key: str, version: str | None = None) -> BinaryIO:
        """Open ``key`` for reading; raises :class:`Missing`, and its reads what every method does.

        Without a ``version``: what a plain reader gets.
        """
        ...

    def stat(self, key: str, version: str | None = None) -> ObjectStat:
        """Return what the store itself knows of an object, without reading it.

        Raises :class:`Missing`.
        """
        ...

    def sync(self, key: str) -> None:
        """Bring to disk what lies under ``key``, whoever put it there; raises :class:`Missing`.

        A run that was killed may have left a name that only the running system knows of. Whatever
        is about to be named elsewhere as being there is synced before.
        """
        ...

    def scan(self) -> Iterator[Item]:
        """Yield what :meth:`versions` does for all names.

        What cannot be looked at is yielded as ``unreadable``, and what follows it all the same.
        """
        ...

    def versions(self, prefix: str) -> Iterator[Item]:
        """Yield what :meth:`items` does, every other version, and every delete marker.

        Of one name the oldest version comes first, and markers last.
        """
        ...

    def items(self, prefix: str) -> Iterator[Item]:
        """Yield everything whose name starts with ``prefix``, sorted, ``.archiver/`` excepted.

        What nobody of ours can have put there is yielded too, so that it can be found.
        """
        ...

    def free(self) -> FreeSpace:
        """Return how much may still be written."""
        ...

    def exclusive(self) -> AbstractContextManager[None]:
        """Hold the run lock, which dies with its holder; raises :class:`Locked`."""
        ...

    def shown(self) -> AbstractContextManager[str]:
        """Let something private lie here for as long as a block runs, and yield what it is called.

        Nobody can guess that, so whoever :meth:`shows` it has opened the very same place.
        """
        ...

    def shows(self, name: str) -> bool:
        """Whether here lies what is :meth:`shown` now, maybe by another machine."""
        ...

    def clock(self) -> datetime | None:
        """Return what the place's own clock shows (UTC), ``None`` where it has none of its own."""
        ...

    def notes(self) -> Iterator[str]:
        """Yield what there is to say after a run: a line each, of what a person should know."""
        ...


class NoLocking:
    """The locking of a store that can't: nothing is locked."""

    mode: LockMode | None = None
    may_lock = False

    def lock(self, key: str, version: str | None, since: datetime | None) -> bool:  # noqa: ARG002 - nothing is locked
        """Lock nothing."""
        return False

    def hold(self, key: str, version: str | None) -> None:
        """Lock nothing."""

    def standing(self, key: str, version: str | None) -> StandingLock | None:
        """Return ``None``: nothing is locked."""

    def has_legal_hold(self, key: str, version: str | None) -> bool:  # noqa: ARG002 - as above
        """Return that nothing is held."""
        return False

    def set_legal_hold(self, key: str, version: str | None) -> bool:  # noqa: ARG002 - as above
        """Hold nothing."""
        return False

    def end_legal_hold(self, key: str, version: str | None) -> bool:  # noqa: ARG002 - as above
        """Hold nothing."""
        return False


class OnOneMachine:
    """What a store says that is all on one machine: one writer, no locks, no clock, no notes."""

    capabilities = Capabilities(has_one_writer=True)
    locking: Locking = NoLocking()

    def clock(self) -> datetime | None:
        """Return ``None``: it goes by this machine's."""
        return None

    def notes(self) -> Iterator[str]:
        """Yield nothing."""
        return iter(())
