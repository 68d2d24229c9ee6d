"""What an erasure changes in the catalog: nothing that rows told of a recording stays in it."""

import sqlite3

from archiver.catalog.recording_rows import day_text
from archiver.domain.recordings import id_bytes
from archiver.manifest.model import Manifest
from archiver.manifest.records.erasures import Cause, Erasure, ErasureStep


def take_in(database: sqlite3.Connection, manifest: Manifest) -> None:
    """Take in the erasure of a manifest, if it has one, once its recordings are entered."""
    erasure = manifest.erasure
    if erasure is None or erasure.step is ErasureStep.REFUSED:
        return
    ids = [(id_bytes(each),) for each in erasure.ids]
    calls = [(id_bytes(call),) for each in erasure.tombstones for call in each.calls]
    _forget_marks(database, ids, calls)
    if erasure.takes_away:
        _forget_rows(database, erasure, ids, calls)
        ended = (
            (id_bytes(call), day_text(day), id_bytes(each.id))
            for each in erasure.tombstones
            for call, day in each.days_of_calls
        )
        database.executemany("INSERT OR IGNORE INTO erased_calls VALUES (?, ?, ?)", ended)
        _note_audio(database, erasure)
    if erasure.step is ErasureStep.BEGUN:
        begun = ((id_, manifest.number) for (id_,) in ids)
        database.executemany("INSERT OR IGNORE INTO begun_erasures VALUES (?, ?)", begun)


def _note_audio(database: sqlite3.Connection, erasure: Erasure) -> None:
    """Note what may come again under another id, of what somebody asked to have erased.

    What was disposed of was nobody's wish: others may have the same announcement to this day.
    """
    if erasure.cause is Cause.DISPOSAL:
        return
    audio = ((id_bytes(each.id), file.sha256) for each in erasure.tombstones for file in each.files)
    database.executemany("INSERT OR IGNORE INTO erased_audio VALUES (?, ?)", audio)


def _forget_marks(
    database: sqlite3.Connection, ids: list[tuple[bytes]], calls: list[tuple[bytes]]
) -> None:
    """Forget that these are erased: it is noted anew where it is so still."""
    database.executemany("DELETE FROM erased_audio WHERE id = ?", ids)
    database.executemany("DELETE FROM begun_erasures WHERE id = ?", ids)
    database.executemany("DELETE FROM erased_calls WHERE id = ?", calls)


def _forget_rows(
    database: sqlite3.Connection,
    erasure: Erasure,
    ids: list[tuple[bytes]],
    calls: list[tuple[bytes]],
) -> None:
    database.executemany("DELETE FROM listed WHERE id = ?", ids)
    database.executemany("DELETE FROM call_words WHERE id = ?", ids)
    database.executemany("DELETE FROM other_numbers WHERE id = ?", ids)
    database.executemany("DELETE FROM calls WHERE id = ?", calls)
    database.executemany("DELETE FROM unread WHERE recording = ?", ids)
    paths = [(each.path,) for each in erasure.calls]
    database.executemany("DELETE FROM call_files WHERE path = ?", paths)
    database.executemany("DELETE FROM unread WHERE path = ?", paths)
