"""What an earlier run stored but could not enter in a manifest: found by name, adopted by content.

A run that was killed leaves whole, synced files without an entry. They are looked for in the day
folders that a slice touches, so that nothing is fetched twice; what does not hold up is set aside.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from archiver.documents import BadDocument
from archiver.keys import Named, Shelf, audio_key, day_folder, parse, safe_id
from archiver.manifest.entry import File
from archiver.manifest.sidecar import MAX_BYTES, Sidecar, read_sidecar
from archiver.recordings import Row
from archiver.store.base import CHUNK, Store
from archiver.store.refusals import refusals

SIDECAR_EXTENSION = "json"


@dataclass(frozen=True, slots=True)
class Adoptable:
    """Files of one recording that no manifest names: audio, and its sidecar if it has one."""

    audio: str
    named: Named
    sidecars: tuple[str, ...]


class Leftovers:
    """What earlier runs stored and did not enter. Each day's folder is looked at once a run.

    That is enough: a folder is looked at before this run puts anything into it, and no other run
    writes meanwhile.
    """

    def __init__(self, store: Store, is_entered: Callable[[str], bool]) -> None:
        self._store = store
        self._is_entered = is_entered
        self._looked_at: set[str] = set()
        self._left: dict[tuple[str, str], Adoptable] = {}

    def take(self, recording: str, at: datetime | None) -> Adoptable | None:
        """Return what was left of a recording, once."""
        folder = day_folder(at)
        if folder not in self._looked_at:
            self._look_at(folder)
            self._looked_at.add(folder)
        return self._left.pop((folder, safe_id(recording)), None)

    def _look_at(self, folder: str) -> None:
        audio: dict[str, tuple[str, Named]] = {}
        sidecars: defaultdict[str, list[str]] = defaultdict(list)
        for shelf in Shelf:
            for item in self._store.items(f"{shelf}/{folder}/"):
                named = parse(item.key)
                if named is None or self._is_entered(item.key):
                    continue
                if named.extension == SIDECAR_EXTENSION:
                    sidecars[named.safe_id].append(item.key)
                else:
                    audio.setdefault(named.safe_id, (item.key, named))
        for safe, (key, named) in audio.items():
            self._left[folder, safe] = Adoptable(key, named, tuple(sidecars[safe]))


def hash_of(store: Store, key: str, copy: BinaryIO | None = None) -> str:
    """Return the SHA-256 of what lies under ``key``, after writing it to ``copy`` if there is one.

    Raises :class:`archiver.errors.DestinationRefused` when either disk fails.
    """
    digest = hashlib.sha256()
    with store.open(key) as file, refusals(f"reading {key}"):
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            if copy is not None:
                copy.write(chunk)
    return digest.hexdigest()


def set_damaged_aside(store: Store, key: str, row: Row, sha256: str) -> None:
    """Move what is not what its name says into quarantine, under the name of what it is now."""
    extension = key.rpartition(".")[2]
    store.set_aside(key, audio_key(Shelf.QUARANTINE, row.id, row.at, sha256, extension))


def kept_sidecar(store: Store, left: Adoptable, audio_sha256: str) -> tuple[Sidecar, File] | None:
    """Return the sidecar that was stored with this audio, if there is one that holds up."""
    for key in left.sidecars:
        with store.open(key) as file, refusals(f"reading {key}"):
            text = file.read(MAX_BYTES + 1)
        digest = hashlib.sha256(text).hexdigest()
        named = parse(key)
        try:
            sidecar = read_sidecar(text)
        except BadDocument:
            continue
        holds_up = named is not None and digest.startswith(named.sha12)
        if holds_up and sidecar.fetched.sha256 == audio_sha256:
            return sidecar, File(key, len(text), digest)
    return None
