"""Entering a manifest in the catalog's tables, in the transaction of whoever asks for it."""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import date, datetime

from msgspec.structs import astuple

from archiver.catalog.call_words import Source, call_words_of
from archiver.catalog.call_words import note as note_call_words
from archiver.catalog.days import certification
from archiver.catalog.days import settlement as days
from archiver.catalog.days.last_run_rows import note_run
from archiver.catalog.entering.call_links import unlink
from archiver.catalog.entering.erasure_rows import take_in as take_in_erasure
from archiver.catalog.entering.hold_rows import take_in as take_in_holds
from archiver.catalog.entering.listed import forget
from archiver.catalog.entering.people import enter_other_numbers, enter_people
from archiver.catalog.entering.unread import CallRows
from archiver.catalog.entering.unread import note as note_unread
from archiver.catalog.recording_rows import (
    Columns,
    SearchFields,
    columns_of,
    known_among,
    told_in,
)
from archiver.catalog.sql import upsert
from archiver.domain.outcomes import Concern, Outcome
from archiver.domain.recordings import Report, id_bytes
from archiver.domain.row.fields import FieldNotUnderstood, length_ms, row_time
from archiver.domain.row.fingerprint import call_fingerprint, fingerprint, talkers
from archiver.domain.row.identity import identity
from archiver.json_documents import Json
from archiver.manifest.model import Entry, Manifest, ManifestKind
from archiver.manifest.records.files import ArchivedFile, Head
from archiver.manifest.state import RecordingState, apply_entry, entries_of

_ENTER_CALL_FILE = (
    "INSERT INTO call_files VALUES"
    " (?1, ?2, ?3, ?4, ifnull((SELECT manifest FROM call_files WHERE path = ?5), ?6))"
    " ON CONFLICT DO UPDATE SET bytes = ?2, sha256 = ?3, version = ?4,"
    " manifest = max(manifest, excluded.manifest)"
)
_ENTER_CALL = (
    "INSERT OR REPLACE INTO calls SELECT ?, ?, ?, ?, ?5, ?, ?, ?, ?, ?, ?, ?, ?"
    " WHERE NOT EXISTS (SELECT 1 FROM calls WHERE id = ?1 AND at = ?2 AND talkers = ?4"
    " AND manifest > ?5)"
)


def enter(
    database: sqlite3.Connection,
    head: Head,
    manifest: Manifest,
    told: Mapping[ArchivedFile, SearchFields],
    calls: CallRows,
) -> None:
    """Enter a manifest, with what the sidecars and the files of calls tell that it names."""
    entries = [*entries_of(manifest)]
    before = known_among(database, (entry.id for entry in entries))
    touched = {known.day for known in before.values()}
    for entry in entries:
        known = apply_entry(before.get(entry.id), entry, manifest.kind, manifest.run.began)
        is_undone = manifest.kind is ManifestKind.ERASE
        if entry.outcome is Outcome.FAILED and (known.held or is_undone):
            days.unsettle(database, known.day)
        _enter_paths(database, (entry.audio, entry.sidecar))
        columns = _told(database, before.get(entry.id), known, told)
        columns |= _proof(entry, known, manifest.number)
        database.execute(upsert("recordings", tuple(columns)), (*columns.values(),))
        if entry.sidecar and entry.sidecar != known.sidecar:
            enter_other_numbers(database, id_bytes(entry.id), told[entry.sidecar])
        before[entry.id] = known
        touched.add(known.day)
    _enter_call_files(database, manifest)
    take_in_erasure(database, manifest)
    take_in_holds(database, manifest)
    if manifest.kind is ManifestKind.RUN:
        _decide(database, manifest.run.settings)
        note_run(database, manifest)
    _accept_shared(database, manifest)
    days.take_in(database, manifest)
    certification.take_in(database, manifest, touched)
    unlink(database, {*_days_of(manifest), *_ends_of(database, calls)})
    _enter_paths(database, (each.file for each in manifest.certificates))
    _enter_calls(database, calls)
    sidecars = ((entry.sidecar, entry.id) for entry in manifest.recordings if entry.sidecar)
    note_unread(database, ((file, id_, told[file]) for file, id_ in sidecars), calls)
    database.execute("DELETE FROM followed")
    followed = (manifest.archive, head.number, head.sha256)
    database.execute("INSERT INTO followed VALUES (?, ?, ?)", followed)


def enter_late(
    database: sqlite3.Connection,
    lacking: Iterable[RecordingState],
    told: Mapping[ArchivedFile, SearchFields],
    calls: CallRows,
) -> None:
    """Enter what documents tell that could not be read when the manifests were that name them.

    ``lacking`` are the recordings that these sidecars are of. Certificates of their days are looked
    at again with the next manifest.
    """
    recordings = [*lacking]
    for known in recordings:
        columns = _told(database, known, known, told)
        database.execute(upsert("recordings", tuple(columns)), (*columns.values(),))
        sidecars = (file for file in (known.sidecar, known.refused_sidecar) if file)
        read = ((file, known.id, told[file]) for file in sidecars if file in told)
        note_unread(database, read, {})
    _enter_calls(database, calls)
    note_unread(database, (), calls)
    days = {*(known.day for known in recordings), *_ends_of(database, calls)}
    unlink(database, days)
    certification.touch_next(database, days)


def _accept_shared(database: sqlite3.Connection, manifest: Manifest) -> None:
    """Note which audio that several recordings have a person has accepted."""
    if manifest.kind is not ManifestKind.ACCEPT:
        return
    database.executemany(
        "INSERT OR IGNORE INTO shared_audio VALUES (?)",
        (
            (entry.audio.sha256,)
            for entry in manifest.recordings
            if entry.audio and Concern.SAME_AUDIO in entry.concerns
        ),
    )


def _days_of(manifest: Manifest) -> set[date | None]:
    """Return the days whose recordings or calls are others now."""
    return {
        *(entry.created_at.date() for entry in entries_of(manifest) if entry.created_at),
        *(each.day for each in manifest.calls),
    }


def _ends_of(database: sqlite3.Connection, calls: CallRows) -> set[date]:
    """Return the days on which these calls ended, as rows of files told that were read before."""
    ids = {id_bytes(identity(row, Report.CALLS)) for rows in calls.values() for row in rows or ()}
    ends = (
        str(end)
        for id_ in ids
        for (end,) in database.execute("SELECT at FROM calls WHERE id = ?", (id_,))
    )
    return {datetime.fromisoformat(end).date() for end in ends if end}


def _enter_paths(database: sqlite3.Connection, files: Iterable[ArchivedFile | None]) -> None:
    paths = ((file.path,) for file in files if file)
    database.executemany("INSERT OR IGNORE INTO entered VALUES (?)", paths)


def _enter_call_files(database: sqlite3.Connection, manifest: Manifest) -> None:
    """Note files of calls, each with the manifest by which its rows were told last.

    What an erasure wrote anew has old rows, those of the file that it takes the place of, and so
    has what a repair brought back.
    """
    _enter_paths(database, (each.file for each in manifest.calls))
    is_repair = manifest.kind is ManifestKind.REPAIR
    for each in manifest.calls:
        former = each.file.path if is_repair else each.supersedes
        values = (*astuple(each.file), former, manifest.number)
        database.execute(_ENTER_CALL_FILE, values)


def _decide(database: sqlite3.Connection, settings: Mapping[str, object]) -> None:
    database.execute("DELETE FROM decided")
    database.executemany(
        "INSERT INTO decided VALUES (?, ?)",
        ((name, json.dumps(value)) for name, value in settings.items()),
    )


def _proof(entry: Entry, known: RecordingState, number: int) -> Columns:
    """Return which manifest was the last to say where a recording stands, and what its audio is.

    The manifest can be asked. Of what is held that is the one that says it is archived, whatever
    others said since, and the verdict is that of the audio that is held.
    """
    if entry.outcome is Outcome.ARCHIVED or not known.held:
        return {"proof": number, "audio_verdict": known.verdict}
    return {}


def _told(
    database: sqlite3.Connection,
    old: RecordingState | None,
    new: RecordingState,
    told_by_files: Mapping[ArchivedFile, SearchFields],
) -> Columns:
    """Return where a recording stands, and what sidecars of it tell that a manifest names.

    Who talked is entered in tables of its own, before the row has the new agent.
    """
    columns, (_, newest) = columns_of(new), new.newest
    if newest in told_by_files or newest != (old.newest[1] if old else None):
        columns |= (told_by_files[newest] if newest else SearchFields()).said
    if new.sidecar not in told_by_files and new.sidecar == (old.sidecar if old else None):
        return columns
    key, told = id_bytes(new.id), told_by_files[new.sidecar] if new.sidecar else SearchFields()
    if told.fingerprint is not None:
        forget(database, key)
    enter_people(database, key, told)
    note_call_words(database, key, Source.OWN, told.words)
    return columns | told.columns


def _enter_calls(database: sqlite3.Connection, calls: CallRows) -> None:
    """Note what the rows of the files of calls told, where nothing later tells of them.

    Those of a file that an erasure wrote anew are old ones. A catalog that is made anew meets them
    last, as their former file is gone.
    """
    for path, rows in calls.items():
        if rows is None:
            continue
        question = "SELECT manifest FROM call_files WHERE path = ?"
        (number,) = database.execute(question, (path,)).fetchone()
        database.executemany(
            _ENTER_CALL,
            (
                (
                    id_bytes(identity(row, Report.CALLS)),
                    *(_end(row), call_fingerprint(row), talkers(row), number),
                    fingerprint(row).object,
                    *(_length(row), json.dumps(_numbers(row)), *astuple(call_words_of(row))),
                )
                for row in rows
            ),
        )


def _length(row: Mapping[str, Json]) -> int | None:
    with suppress(FieldNotUnderstood):
        return length_ms(row.get("duration"))
    return None


def _numbers(row: Mapping[str, Json]) -> tuple[str, ...]:
    """Return the numbers of a call's row, as of a recording's."""
    return told_in(row, None).numbers


def _end(row: Mapping[str, Json]) -> str:
    at = row_time(row, Report.CALLS)
    return at.isoformat() if at else ""
