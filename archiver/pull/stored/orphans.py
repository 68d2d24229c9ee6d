"""What an earlier run stored but could not enter in a manifest: found by name, adopted by content.

A run that was killed leaves whole files without an entry. They are looked for in the day folders
that a slice touches, so that nothing is fetched twice. Audio with its sidecar is entered as that
run would have entered it, whatever the portal says of the recording since; it is secured first, as
the last names may not be on disk yet. Anything else says nothing of itself: its recording is
fetched again, and what that does not use is set aside, under an ending of its own
(:data:`archiver.domain.layout.ASIDE`) that is never looked at again.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import date, datetime

from msgspec import Struct

from archiver.concurrency.threads import some_at_once
from archiver.domain.layout import (
    Shelf,
    audio_key,
    day_folder,
    is_set_aside,
    parse,
    safe_id,
    sidecar_key,
)
from archiver.domain.outcomes import Outcome
from archiver.errors import Missing
from archiver.json_documents import BadDocument
from archiver.manifest.model import Entry
from archiver.manifest.named_files.sidecar import MAX_BYTES, Sidecar, read_sidecar
from archiver.manifest.records.files import ArchivedFile
from archiver.manifest.state import RecordingState, superseded
from archiver.store.base import Store
from archiver.store.content import hash_of

SIDECAR_ENDING = ".json"
Entered = Callable[[Iterable[str]], Collection[str]]
"""Returns those of some files that a manifest names."""
LOOKED_AT_AT_ONCE = 16
"""From a bucket each takes three requests, from a disk its bytes are read."""


class OrphanedPair(Struct, frozen=True):
    """Audio and its sidecar, both whole, that no manifest names together."""

    audio: ArchivedFile
    sidecar: ArchivedFile
    told: Sidecar

    @property
    def files(self) -> tuple[ArchivedFile, ArchivedFile]:
        """Both of them."""
        return self.audio, self.sidecar

    def entry(self, known: RecordingState | None) -> Entry:
        """Return the entry that the run which stored them would have written."""
        told = self.told
        good = told.verdict is not None and told.verdict.is_good
        outcome = Outcome.ARCHIVED if good else Outcome.QUARANTINED
        return Entry(
            id=told.id,
            created_at=told.created_at,
            utc_offset_minutes=told.utc_offset_minutes,
            offset_from=told.offset_from,
            outcome=outcome,
            verdict=told.verdict,
            reported_ms=told.reported_ms,
            duration_ms=told.facts.duration_ms if told.facts else None,
            reasons=told.reasons,
            audio=self.audio,
            sidecar=self.sidecar,
            supersedes=superseded(known, outcome, self.audio, self.sidecar),
            source=told.source,
            concerns=told.concerns if good else (),
        )


class Orphans:
    """What earlier runs stored and did not enter. Each day's folder is looked at once a run.

    That is enough: a folder is looked at before this run puts anything into it. ``portal`` is the
    endpoint whose recordings are archived; nothing of another's is adopted.
    """

    def __init__(self, store: Store, entered: Entered, portal: str) -> None:
        self._store = store
        self._entered = entered
        self._portal = portal
        self._looked_at: set[str] = set()
        self._strays: dict[tuple[str, str], list[str]] = {}

    def pairs(self, days: Iterable[date | None]) -> Iterator[OrphanedPair]:
        """Yield what is whole in the folders of these portal days, each recording's oldest first.

        What is not is remembered as stray.
        """
        for folder in sorted({day_folder(day) for day in days} - self._looked_at):
            self._looked_at.add(folder)
            found = sorted(self._left_in(folder).items())
            for (safe, left), sound in some_at_once(found, self._sound, LOOKED_AT_AT_ONCE):
                used = {file.path for pair in sound for file in pair.files}
                yield from sorted(sound, key=lambda pair: pair.told.fetched.at)
                if strays := [key for key in left if key not in used]:
                    self._strays[folder, safe] = strays

    def _sound(self, left: tuple[str, list[str]]) -> list[OrphanedPair]:
        """Return what is whole of what was left of a recording, secured."""
        _, keys = left
        sound = [*pairs(self._store, keys, self._portal)]
        for key in {file.path for pair in sound for file in pair.files}:
            self._store.sync(key)
        return sound

    def has_stray(self, recording: str, at: datetime | None) -> bool:
        """Whether something of a recording lies there that no manifest names."""
        return (day_folder(at), safe_id(recording)) in self._strays

    def unused(self) -> list[str]:
        """Return every stray that is there still and still entered nowhere."""
        strays = [key for keys in self._strays.values() for key in keys]
        entered = self._entered(strays)
        return [key for key in strays if key not in entered and any(self._store.items(key))]

    def _left_in(self, folder: str) -> dict[str, list[str]]:
        """Return what no manifest names in a day's folder, by recording."""
        keys = [item.key for shelf in Shelf for item in self._store.items(f"{shelf}/{folder}/")]
        entered = self._entered(keys)
        left: defaultdict[str, list[str]] = defaultdict(list)
        for key in (key for key in keys if key not in entered and not is_set_aside(key)):
            if named := parse(key):
                left[named.safe_id].append(key)
        return left


def pairs(store: Store, keys: Iterable[str], portal: str) -> Iterator[OrphanedPair]:
    """Yield the sidecars among these names that hold up, and whose audio does too."""
    for told, sidecar in sidecars(store, keys):
        if told.facts is None or told.verdict is None or told.fetched.portal != portal:
            continue
        shelf = Shelf.RECORDINGS if told.verdict.is_good else Shelf.QUARANTINE
        if sidecar_key(shelf, told.id, told.created_at, sidecar.sha256) != sidecar.path:
            continue
        sha256 = told.fetched.sha256
        key = audio_key(shelf, told.id, told.created_at, sha256, told.facts.extension)
        audio = whole(store, key, sha256)
        if audio is not None and audio.bytes == told.facts.bytes:
            yield OrphanedPair(audio, sidecar, told)


def whole(store: Store, key: str, sha256: str) -> ArchivedFile | None:
    """Return the file under ``key`` if its bytes hash to that: by the store's word, or read."""
    try:
        kept = store.stat(key)
    except Missing:
        return None
    if (kept.sha256 or hash_of(store, key)) != sha256:
        return None
    return ArchivedFile(key, kept.bytes, sha256, kept.version)


def sidecars(store: Store, keys: Iterable[str]) -> Iterator[tuple[Sidecar, ArchivedFile]]:
    """Yield the sidecars among these names whose bytes are what their names say."""
    for key in (key for key in keys if key.endswith(SIDECAR_ENDING)):
        with store.open(key) as file:
            text = file.read(MAX_BYTES + 1)
        digest = hashlib.sha256(text).hexdigest()
        if not is_as_named(key, digest):
            continue
        try:
            yield read_sidecar(text), ArchivedFile(key, len(text), digest, store.stat(key).version)
        except BadDocument:
            continue


def is_as_named(key: str, sha256: str) -> bool:
    """Whether bytes of that SHA-256 are those that the name says."""
    named = parse(key)
    return named is not None and sha256.startswith(named.sha12)
