"""What an earlier run stored but could not enter in a manifest: found by name, adopted by content.

A run that was killed leaves whole, synced files without an entry. They are looked for in the day
folders that a slice touches, so that nothing is fetched twice; what does not hold up is set aside.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from archiver.documents import BadDocument
from archiver.keys import Named, Shelf, day_folder, parse
from archiver.manifest.entry import File
from archiver.manifest.sidecar import MAX_BYTES, Sidecar, read_sidecar
from archiver.store.base import CHUNK, Store

SIDECAR_EXTENSION = "json"


@dataclass(frozen=True, slots=True)
class Adoptable:
    """Files of one recording that no manifest names: audio, and its sidecar if it has one."""

    audio: str
    named: Named
    sidecars: tuple[str, ...]


def find_left(
    store: Store, times: Iterable[datetime | None], is_entered: Callable[[str], bool]
) -> dict[str, Adoptable]:
    """Return what lies in the folders of these times and is not entered yet, by safe id."""
    audio: dict[str, tuple[str, Named]] = {}
    sidecars: defaultdict[str, list[str]] = defaultdict(list)
    for folder in sorted({day_folder(at) for at in times}):
        for shelf in Shelf:
            for item in store.items(f"{shelf}/{folder}/"):
                named = parse(item.key)
                if named is None or is_entered(item.key):
                    continue
                if named.extension == SIDECAR_EXTENSION:
                    sidecars[named.safe_id].append(item.key)
                else:
                    audio.setdefault(named.safe_id, (item.key, named))
    return {
        safe_id: Adoptable(key, named, tuple(sidecars[safe_id]))
        for safe_id, (key, named) in audio.items()
    }


def copy_and_hash(source: BinaryIO, sink: BinaryIO) -> tuple[int, str]:
    """Copy everything; return its size and SHA-256."""
    digest, size = hashlib.sha256(), 0
    while chunk := source.read(CHUNK):
        sink.write(chunk)
        digest.update(chunk)
        size += len(chunk)
    return size, digest.hexdigest()


def kept_sidecar(store: Store, left: Adoptable, audio_sha256: str) -> tuple[Sidecar, File] | None:
    """Return the sidecar that was stored with this audio, if there is one that holds up."""
    for key in left.sidecars:
        with store.open(key) as file:
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
