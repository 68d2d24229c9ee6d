"""What the chain says of the certificates of days, and which manifest last said something of a day.

A day whose recordings or calls a later manifest names is to be looked at again, with the days
beside it: near midnight, a recording of one may be of a call of the other.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from datetime import date

from archiver.catalog.recording_rows import day_text
from archiver.domain.recordings import id_bytes
from archiver.manifest.model import Manifest, ManifestKind
from archiver.manifest.records.erasures import Erasure, ErasureStep
from archiver.manifest.records.files import ArchivedFile


def take_in(database: sqlite3.Connection, manifest: Manifest, days: Iterable[date | None]) -> None:
    """Take in what a manifest says; ``days`` are those of the recordings that it names."""
    decision, erasure = manifest.decision, manifest.erasure
    gaps = decision.gaps if decision else ()
    named = {
        *days,
        *(each.day for each in manifest.calls),
        *(each.day for each in manifest.days),
        *(each.day for each in gaps),
        *(decision.listings if decision else ()),
        *(_days_of(erasure) if erasure else ()),
    }
    _touch(database, named, manifest.number)
    database.executemany(
        "INSERT OR IGNORE INTO accepted_gaps VALUES (?, ?, ?)",
        ((each.gap, id_bytes(each.id), day_text(each.day)) for each in gaps),
    )
    database.executemany(
        "INSERT OR REPLACE INTO certificates VALUES (?, ?, ?, ?, ?, ?)",
        (
            (day_text(each.day), manifest.number, *_values(each.file))
            for each in manifest.certificates
            if manifest.kind is ManifestKind.CERTIFY
        ),
    )


def touch_next(database: sqlite3.Connection, days: Iterable[date | None]) -> None:
    """Note that something is known of these days only now: the next manifest counts as of them."""
    followed = database.execute("SELECT number FROM followed").fetchone()
    _touch(database, days, int(followed[0]) + 1)


def note_reviewed(
    database: sqlite3.Connection, days: Iterable[date], number: int, rules: str, *, stands: bool
) -> None:
    """Note that days were looked at, up to a manifest, by these rules.

    Whether each closed, and its newest certificate says the same: then that ``stands``.
    """
    database.executemany(
        "INSERT OR REPLACE INTO reviewed VALUES (?, ?, ?, ?)",
        ((day_text(day), number, rules, stands) for day in days),
    )


def _touch(database: sqlite3.Connection, days: Iterable[date | None], number: int) -> None:
    database.executemany(
        "INSERT OR REPLACE INTO touched VALUES (?, ?)", ((day_text(day), number) for day in days)
    )


def _days_of(erasure: Erasure) -> Iterator[date | None]:
    """Yield the days of the calls that go with what is erased, or come back: mostly its own."""
    for each in erasure.tombstones if erasure.step is not ErasureStep.REFUSED else ():
        yield from (day for _, day in each.days_of_calls)


def _values(file: ArchivedFile) -> tuple[str | int | None, ...]:
    return file.path, file.bytes, file.sha256, file.version
