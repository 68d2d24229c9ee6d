"""What must hold on every disk that a crash leaves.

What the store acknowledged is there. A final name means a whole file. The chain is unbroken, and
all that it names is there, whole. No sidecar lies without its audio: its salt is drawn, so nobody
would write that file again.
"""

import hashlib
from collections.abc import Iterator
from functools import lru_cache

from archiver.check.audit import audit
from archiver.check.audit_report import FullRead
from archiver.check.file_check import on_threads
from archiver.domain.layout import parse
from archiver.errors import Missing
from archiver.manifest.named_files.sidecar import read_sidecar
from archiver.pull.stored.orphans import SIDECAR_ENDING
from tests.power.disk import Files
from tests.power.steps import Moving, Promised, Step
from tests.store.memory import MemoryStore


class Promises:
    """What was promised up to a step of a record, and whether a disk keeps it."""

    def __init__(self) -> None:
        self._promised: dict[str, tuple[set[str], str]] = {}
        self._excused: set[str] = set()

    def take(self, step: Step) -> None:
        """Take in a step; most promise nothing.

        Names whose bytes are known to be others, or which are given up, are excused until they are
        promised anew.
        """
        match step:
            case Promised(key, sha256):
                self._promised[key] = ({key}, sha256)
                self._excused.discard(key)
                if not _is_so_named(key, sha256):
                    self._excused.add(key)
            case Moving(key, new_key, sha256):
                if self._promised.pop(key, None):
                    self._promised[new_key] = ({key, new_key}, sha256)
                self._excused.add(key)
            case _:
                pass

    def lost(self, files: Files) -> list[str]:
        """Return what was acknowledged and is not there."""
        return [
            f"{key} was acknowledged and is lost"
            for key, (names, sha256) in self._promised.items()
            if not any(name in files and sha256_of(files[name]) == sha256 for name in names)
        ]

    def broken(self, files: Files) -> list[str]:
        """Return what else should not be so."""
        store = MemoryStore()
        for key, data in files.items():
            store.put(key, data)
        try:
            report = audit(store, checks=on_threads(store, FullRead(), 1))
        except Missing:
            return [*self._torn(files)]
        flawed = (*report.missing, *report.differ, *report.unreadable)
        return [
            *self._torn(files),
            *(str(one) for one in flawed if one.path not in self._excused),
            *(str(problem) for problem in report.chain),
        ]

    def _torn(self, files: Files) -> Iterator[str]:
        named = {key: data for key, data in files.items() if parse(key)}
        whole = {sha256_of(data) for data in named.values()}
        for key, data in named.items():
            if key in self._excused:
                continue
            if not _is_so_named(key, sha256_of(data)):
                yield f"{key} is not whole"
            elif key.endswith(SIDECAR_ENDING):
                audio = read_sidecar(data).fetched.sha256
                if audio not in whole and not any(_is_so_named(k, audio) for k in self._excused):
                    yield f"{key} lies without its audio"


@lru_cache(maxsize=4096)
def sha256_of(data: bytes) -> str:
    """Return the SHA-256 of bytes, in hex."""
    return hashlib.sha256(data).hexdigest()


def _is_so_named(key: str, sha256: str) -> bool:
    """Whether a name does not deny that its bytes hash to this."""
    named = parse(key)
    return named is None or sha256.startswith(named.sha12)
