"""Archives that hold very many recordings which nobody has fetched.

The chain and the catalog are as a run writes them. The files have their names and sizes, and no
bytes: a pull trusts the chain, and a quick verify looks at sizes alone.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from random import Random

from archiver.catalog import Catalog
from archiver.catalog.recording_rows import SearchFields, told_in
from archiver.domain.layout import PRIVATE, Shelf, audio_key, sidecar_key
from archiver.domain.outcomes import Outcome, Verdict
from archiver.domain.recordings import RecordingId, Row
from archiver.manifest.journal import Journal
from archiver.manifest.model import Entry
from archiver.manifest.records.files import ArchivedFile
from archiver.pull.ledger.gathered import ENTRIES_A_MANIFEST
from archiver.store.local import LocalStore
from tests.archives import manifest_of, row

AUDIO_BYTES, SIDECAR_BYTES = 99_000, 900
AT_ONCE = 5_000
BEFORE = datetime(2019, 6, 11)  # noqa: DTZ001 - portal time is naive
APART = timedelta(minutes=3)
Told = dict[ArchivedFile, SearchFields]


def hold(archive: Path, endpoint: str, rows: Iterable[Row]) -> None:
    """Make an archive in a folder, of the portal at ``endpoint``, that holds all of these."""
    journal = Journal(LocalStore(archive))
    identity = journal.create_or_open(endpoint).archive
    chance, left = Random(14), iter(rows)
    with closing(Catalog(archive / PRIVATE)) as catalog:
        while some := [*islice(left, AT_ONCE)]:
            told = entered(some, chance)
            entries = [entry for entry, _ in told]
            for start in range(0, len(entries), ENTRIES_A_MANIFEST):
                these = entries[start : start + ENTRIES_A_MANIFEST]
                journal.append(manifest_of(identity, these))
            catalog.follow(journal, fresh=fresh(told))
            _lay_files(archive, entries)


def entered(rows: Iterable[Row], chance: Random) -> list[tuple[Entry, SearchFields]]:
    """Return entries of these rows, as of whole audio, and what their sidecars tell."""
    return [
        (_entry(each, chance), told_in(each.fields, each.reported_ms, each.reported_ms))
        for each in rows
    ]


def fresh(told: Iterable[tuple[Entry, SearchFields]]) -> Told:
    """Return what the sidecars tell, as the catalog is told of what was just written."""
    return {entry.sidecar: fields for entry, fields in told if entry.sidecar}


def made_up(count: int, seed: int = 1) -> Iterator[Row]:
    """Yield rows of recordings that no portal lists."""
    chance = Random(seed)
    for number in range(count):
        id_ = f"{chance.getrandbits(32):08x}-{number % 65_536:04x}-11f1-a97c-91b72265b1f5"
        yield row(id_, BEFORE + number * APART)


def _entry(listed: Row, chance: Random) -> Entry:
    audio, sidecar = (f"{chance.getrandbits(256):064x}" for _ in range(2))
    shelf, id_, at = Shelf.RECORDINGS, RecordingId(listed.id), listed.at
    return Entry(
        id=id_,
        created_at=at,
        utc_offset_minutes=0,
        offset_from="ids",
        outcome=Outcome.ARCHIVED,
        verdict=Verdict.VERIFIED,
        reported_ms=listed.reported_ms,
        duration_ms=listed.reported_ms,
        attempts=1,
        audio=ArchivedFile(audio_key(shelf, id_, at, audio, "mp3"), AUDIO_BYTES, audio),
        sidecar=ArchivedFile(sidecar_key(shelf, id_, at, sidecar), SIDECAR_BYTES, sidecar),
    )


def _lay_files(archive: Path, entries: Iterable[Entry]) -> None:
    for file in (file for entry in entries for file in (entry.audio, entry.sidecar) if file):
        path = archive / file.path
        if not path.parent.is_dir():
            path.parent.mkdir(mode=0o700, parents=True)
        descriptor = os.open(path, os.O_CREAT | os.O_WRONLY, 0o600)
        os.truncate(descriptor, file.bytes)
        os.close(descriptor)
