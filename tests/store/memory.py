"""An archive in memory, for tests and rehearsals: the same promise, and it ends with the process.

Part files are real, since the tools that judge audio want a path.
"""

import hashlib
import secrets
import shutil
import tempfile
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from archiver.domain.layout import checked
from archiver.errors import DestinationError, Exists, Locked, Missing
from archiver.store.base import (
    NO_METADATA,
    Clearing,
    FreeSpace,
    Item,
    ObjectMetadata,
    ObjectStat,
    OnOneMachine,
    PutResult,
    TempFile,
)
from archiver.store.disk.folders import Folders
from archiver.store.disk.temp_files import TempFiles


class MemoryStore(OnOneMachine):
    """A store whose objects are the values of a dictionary."""

    def __init__(self) -> None:
        self._objects: dict[str, bytes] = {}
        self._shown: set[str] = set()
        self._guard = threading.Lock()
        self._run = threading.Lock()
        scratch = Path(tempfile.mkdtemp(prefix="archiver-"))
        weakref.finalize(self, shutil.rmtree, scratch, ignore_errors=True)
        self._parts = TempFiles(Folders(scratch), ("parts",))

    @property
    def clearing(self) -> Clearing:
        """How names are cleared: the dictionary does it itself."""
        return self

    def part(self) -> TempFile:
        """Return a part file in the system's temporary folder."""
        return self._parts.new()

    def put(self, key: str, data: bytes, about: ObjectMetadata = NO_METADATA) -> PutResult:  # noqa: ARG002 - as it is
        """Create ``key`` with ``data``."""
        checked(key)
        with self._guard:
            created = key not in self._objects
            if self._objects.setdefault(key, data) != data:
                raise Exists(f"{key} is there already, with other content.")
        return PutResult(key, len(data), hashlib.sha256(data).hexdigest(), created)

    def put_part(
        self, key: str, part: TempFile, sha256: str, about: ObjectMetadata = NO_METADATA
    ) -> PutResult:
        """Create ``key`` from ``part``."""
        part.file.flush()
        data = part.path.read_bytes()
        if hashlib.sha256(data).hexdigest() != sha256:
            raise DestinationError(f"Stopped while writing {key}: these are other bytes.")
        return self.put(key, data, about)

    def claim(self, key: str, data: bytes) -> PutResult:
        """Create ``key``; of several writers one alone can."""
        return self.put(key, data)

    def open(self, key: str, version: str | None = None) -> BinaryIO:  # noqa: ARG002 - there is one
        """Open ``key`` for reading."""
        try:
            return BytesIO(self._objects[checked(key)])
        except KeyError as error:
            raise Missing(f"The archive has no {key}.") from error

    def stat(self, key: str, version: str | None = None) -> ObjectStat:
        """Return the value's size."""
        with self.open(key, version) as file:
            return ObjectStat(len(file.read()))

    def sync(self, key: str) -> None:
        """See that it is there: it is as safe as it will ever be."""
        self.stat(key)

    def scan(self) -> Iterator[Item]:
        """Yield what is there now."""
        return self.items("")

    def versions(self, prefix: str) -> Iterator[Item]:
        """Yield what is there now: there is one version of each."""
        return self.items(prefix)

    def items(self, prefix: str) -> Iterator[Item]:
        """Yield what is there now."""
        with self._guard:
            there = sorted(key for key in self._objects if key.startswith(prefix))
        for key in there:
            yield Item(key, len(self._objects[key]))

    def free(self) -> FreeSpace:
        """Memory has no answer worth giving."""
        return FreeSpace()

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the run lock of this object."""
        if not self._run.acquire(blocking=False):
            raise Locked("Another run is writing to this archive.")
        try:
            yield
        finally:
            self._run.release()

    @contextmanager
    def shown(self) -> Iterator[str]:
        """Note a name for as long as a block runs."""
        self._shown.add(name := secrets.token_hex(16))
        yield name
        self._shown.remove(name)

    def shows(self, name: str) -> bool:
        """Whether it is noted."""
        return name in self._shown

    def set_aside(self, key: str, new_key: str) -> None:
        """Move the value to ``new_key``."""
        with self.open(key) as file:
            self.put(new_key, file.read())
        with self._guard:
            self._objects.pop(key, None)

    def remove_versions(self, key: str) -> None:
        """Drop the value, if there is one."""
        with self._guard:
            self._objects.pop(checked(key), None)

    def lose(self, key: str) -> None:
        """Lose a value, as a test wants it."""
        del self._objects[key]

    def uncover(self, key: str, version: str | None, sha256: str) -> None:
        """Do nothing: there is one version."""
