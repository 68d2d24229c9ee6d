"""A recording's state as a row of the catalog, and back; and the rows of some recordings."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime

from msgspec import Struct

from archiver.catalog.call_words import NO_WORDS, CallWords, call_words_of, unread_in, words_in
from archiver.catalog.numbers import digits_of
from archiver.catalog.schema import as_written
from archiver.catalog.sql import select
from archiver.domain.outcomes import Concern, Outcome, Verdict
from archiver.domain.recordings import RecordingId, Report, id_bytes, id_text
from archiver.domain.row.fingerprint import Fingerprint, fingerprint
from archiver.domain.row.served_numbers import numbers_of
from archiver.domain.times.window import Window
from archiver.filters.caseless import caseless
from archiver.json_documents import Json
from archiver.manifest.named_files.sidecar import Sidecar
from archiver.manifest.records.files import ArchivedFile
from archiver.manifest.state import RecordingState

COLUMNS = (
    *("id", "day", "at", "outcome", "verdict"),
    *("audio", "audio_bytes", "audio_sha256", "audio_version"),
    *("sidecar", "sidecar_bytes", "sidecar_sha256", "sidecar_version"),
    *("refused", "refused_bytes", "refused_sha256", "refused_version"),
    *("refusal", "refusal_bytes", "refusal_sha256", "refusal_version"),
    *("attempts", "reasons", "held", "accepted", "tries", "tried_at", "source"),
    *("concerns", "kind", "open"),
)
"""The columns that hold a recording's state, the id first."""
SELECT = select(", ".join(COLUMNS), "recordings")
ENDS = ("call_from", "call_to")
"""The fields of who talked."""
_AGENT = "agent"
Value = bytes | str | int | None
Columns = dict[str, Value]
"""Values by the names of their columns."""
_MANY = 500


class SearchFields(Struct, frozen=True):
    """What a sidecar tells a search: who talked, as served, and how long by either word.

    ``fingerprint`` is of the whole row, to notice when the portal says something else. ``words``
    are what the row itself says of the call. ``unread`` has the names of the fields of who talked
    that hold something that is no text.
    """

    caller: str | None = None
    called: str | None = None
    agent: str | None = None
    reported_ms: int | None = None
    measured_ms: int | None = None
    call_id: str | None = None
    fingerprint: Fingerprint | None = None
    words: CallWords = NO_WORDS
    unread: tuple[str, ...] = ()

    @property
    def is_read(self) -> bool:
        """Whether there is a row that tells it: a sidecar could be read."""
        return self.fingerprint is not None

    @property
    def numbers(self) -> tuple[str, ...]:
        """The numbers that are known as they were served, the caller's first."""
        return tuple(number for number in (self.caller, self.called) if number)

    @property
    def written(self) -> tuple[str, ...]:
        """The numbers that are read in what was served."""
        return tuple(each for served in self.numbers for each in numbers_of(served).written)

    @property
    def tells_numbers(self) -> bool:
        """Whether it tells one number at least, and none that can't be read."""
        are_read = all(numbers_of(served).is_read for served in self.numbers)
        is_any = any(digits_of(self.written)) and not {*ENDS} & {*self.unread}
        return self.is_read and are_read and is_any

    @property
    def tells_agent(self) -> bool:
        """Whether it tells the agent, or that there was none."""
        return self.is_read and _AGENT not in self.unread

    @property
    def agent_key(self) -> str | None:
        """The agent as a part of the name is looked for in it."""
        return None if self.agent is None else caseless(self.agent)

    @property
    def columns(self) -> Columns:
        """The columns that are filled from the sidecar of the audio that is held."""
        return {
            "agent": self.agent,
            "agent_key": self.agent_key,
            "reported_ms": self.reported_ms,
            "measured_ms": self.measured_ms,
            "length_ms": self.measured_ms or self.reported_ms,
            "numbers": json.dumps(self.numbers),
            "caller": self.caller,
            "called": self.called,
            "call_id": self.call_id,
            "tells_numbers": self.tells_numbers,
            "tells_agent": self.tells_agent,
        }

    @property
    def said(self) -> Columns:
        """Those that are filled from the newest sidecar, be its audio refused."""
        told = self.fingerprint
        row, name = (told.row, told.object) if told else (None, None)
        return {"told_row": row, "told_object": name}


def told_by(sidecar: Sidecar | None) -> SearchFields:
    """Return what a sidecar tells; nothing when there is none. Lone surrogates are replaced."""
    if sidecar is None:
        return SearchFields()
    measured_ms = sidecar.facts.duration_ms if sidecar.facts else None
    return told_in(sidecar.row, sidecar.reported_ms, measured_ms)


def told_in(
    row: Mapping[str, Json], reported_ms: int | None, measured_ms: int | None = None
) -> SearchFields:
    """Return what a row of the portal tells, with the length that was measured, if it was."""
    return SearchFields(
        words_in(row, ENDS[0]),
        words_in(row, ENDS[1]),
        words_in(row, _AGENT),
        reported_ms,
        measured_ms or None,
        words_in(row, "call_id"),
        fingerprint(row),
        call_words_of(row),
        unread_in(row, (*ENDS, _AGENT)),
    )


def among(
    database: sqlite3.Connection, question: str, recordings: Iterable[str]
) -> Iterator[tuple[object, ...]]:
    """Yield the rows of these recordings; ``question`` goes on with a condition."""
    wanted = [id_bytes(one) for one in recordings]
    for start in range(0, len(wanted), _MANY):
        some = wanted[start : start + _MANY]
        marks = ",".join("?" * len(some))
        yield from database.execute(f"{question} id IN ({marks})", some).fetchall()


def known_among(
    database: sqlite3.Connection, recordings: Iterable[str]
) -> dict[RecordingId, RecordingState]:
    """Return where each of these stands; those that no manifest names are left out."""
    rows = among(database, f"{SELECT} WHERE", recordings)
    with as_written():
        return {known.id: known for known in map(known_of, rows)}


def sides(window: Window) -> tuple[str, str]:
    """Return the ends of a window, both included, as times are stored."""
    return window.first.isoformat(), window.last.isoformat()


def day_text(day: date | None) -> str:
    """Return ``2019-06-11``, or nothing for undated."""
    return f"{day:%Y-%m-%d}" if day else ""


def day_and_id(row: Sequence[object]) -> tuple[date, RecordingId]:
    """Return what a row of a day and an id says."""
    day, stored = row
    return date.fromisoformat(str(day)), id_text(stored)


def columns_of(known: RecordingState) -> Columns:
    """Return the columns of :data:`SELECT`, with where a recording stands."""
    values = (
        id_bytes(known.id),
        day_text(known.at.date() if known.at else None),
        known.at.isoformat() if known.at else None,
        known.outcome,
        known.verdict,
        *_file_values(known.audio),
        *_file_values(known.sidecar),
        *_file_values(known.refused_audio),
        *_file_values(known.refused_sidecar),
        known.attempts,
        json.dumps(known.reasons),
        known.held,
        known.accepted,
        known.tries,
        known.tried_at.isoformat() if known.tried_at else None,
        known.source,
        json.dumps(known.concerns),
        known.kind,
        known.is_open,
    )
    return dict(zip(COLUMNS, values, strict=True))


def known_of(row: Sequence[object]) -> RecordingState:
    """Return the state that a row of the columns of :data:`SELECT` holds."""
    stored, _, at, outcome, verdict, *rest = row
    attempts, reasons, held, accepted, tries, tried_at, source, concerns, _, _ = rest[16:]
    return RecordingState(
        id=id_text(stored),
        at=datetime.fromisoformat(str(at)) if at else None,
        outcome=Outcome(str(outcome)),
        verdict=Verdict(str(verdict)) if verdict else None,
        audio=_file(rest[:4]),
        sidecar=_file(rest[4:8]),
        attempts=int(str(attempts)),
        reasons=_texts(reasons),
        held=bool(held),
        accepted=bool(accepted),
        tries=int(str(tries)),
        tried_at=datetime.fromisoformat(str(tried_at)) if tried_at else None,
        source=Report(str(source)),
        refused_audio=_file(rest[8:12]),
        refused_sidecar=_file(rest[12:16]),
        concerns=tuple(map(Concern, _texts(concerns))),
    )


def _texts(stored: object) -> tuple[str, ...]:
    """Return the texts of a list; most lists are empty."""
    return () if stored == "[]" else tuple(json.loads(str(stored)))


def _file_values(file: ArchivedFile | None) -> tuple[Value, ...]:
    return (file.path, file.bytes, file.sha256, file.version) if file else (None,) * 4


def _file(values: Sequence[object]) -> ArchivedFile | None:
    path, size, sha256, version = values
    if not path:
        return None
    return ArchivedFile(
        str(path), int(str(size)), str(sha256), None if version is None else str(version)
    )
