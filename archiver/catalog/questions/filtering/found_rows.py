"""A recording that a filter found, as a row of the catalog tells it. Pure."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from archiver.catalog.call_words import CallWords
from archiver.catalog.recording_rows import COLUMNS, known_of
from archiver.catalog.sql import select
from archiver.domain.outcomes import Outcome, Verdict
from archiver.domain.recordings import RecordingId, id_text
from archiver.manifest.records.files import ArchivedFile, Head
from archiver.manifest.state import RecordingState

_WORDS = ("status", "service", "region", "notes")
_IS_PROVEN = (
    "(SELECT is_complete OR is_accepted FROM listings AS its_day"
    " WHERE its_day.report = recordings.source AND its_day.day = recordings.day)"
)
_TOLD = (
    *("recordings.caller", "recordings.called", "recordings.agent"),
    *("recordings.reported_ms", "recordings.measured_ms"),
    *("recordings.proof", "recordings.audio_verdict", _IS_PROVEN),
    *("(SELECT number FROM followed)", "(SELECT sha256 FROM followed)", "its.call"),
    *(f"coalesce(own.{word}, its.{word})" for word in _WORDS),
)
FOUND = select(
    ", ".join([*(f"recordings.{name}" for name in COLUMNS), *_TOLD]),
    "recordings"
    " LEFT JOIN call_words AS own ON own.id = recordings.id AND own.source = 'own'"
    " LEFT JOIN call_words AS its ON its.id = recordings.id AND its.source = 'call'",
)


class FoundRow(Struct, frozen=True):
    """A recording, held or not: where it stands, and what its sidecar and its call tell.

    ``verdict`` is that of its audio: of what is held, not of a newer version that was refused.
    ``caller`` and ``called`` are numbers as served; lengths are milliseconds. ``manifest`` is the
    number of the one that says where it stands. ``is_proven`` tells whether the last listing of its
    portal day was proven to be all of it. ``head`` is the one up to which the chain was taken in by
    then. ``call`` is the id of its call, where another row is
    known to be that; ``words`` are what is said of the call in either row. ``holds`` are the
    numbers of those that bind it, where that was asked.
    """

    state: RecordingState
    verdict: Verdict | None
    caller: str | None
    called: str | None
    agent: str | None
    reported_ms: int | None
    measured_ms: int | None
    manifest: int
    is_proven: bool
    head: Head
    call: RecordingId | None
    words: CallWords
    holds: tuple[int, ...] = ()

    @property
    def id(self) -> RecordingId:
        """Its id."""
        return self.state.id

    @property
    def at(self) -> datetime | None:
        """Its portal time."""
        return self.state.at

    @property
    def audio(self) -> ArchivedFile | None:
        """Its audio, held or in quarantine only."""
        return self.state.audio

    @property
    def length_ms(self) -> int | None:
        """How long it is: as measured, else as reported."""
        return self.measured_ms or self.reported_ms

    @property
    def outcome(self) -> str:
        """Where it stands in a word: ``archived`` if it is held, else what became of it last."""
        return Outcome.ARCHIVED if self.state.held else self.state.outcome

    @property
    def finding(self) -> str | None:
        """The kind of finding that it is and that waits for a person, if it is one."""
        return str(self.state.kind) if self.state.is_open else None


def found_row(row: Sequence[object]) -> FoundRow:
    """Return what a row of an answer to :data:`FOUND` says."""
    own, told = row[: len(COLUMNS)], row[len(COLUMNS) :]
    caller, called, agent, reported_ms, measured_ms, *more = told
    manifest, verdict, proven, number, sha256, call, *words = more
    status, service, region, notes = map(_text, words)
    return FoundRow(
        known_of(own),
        Verdict(str(verdict)) if verdict else None,
        _text(caller),
        _text(called),
        _text(agent),
        _number(reported_ms),
        _number(measured_ms),
        int(str(manifest)),
        bool(proven),
        Head(int(str(number)), str(sha256)),
        None if call is None else id_text(call),
        CallWords(status, service, region, notes),
    )


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _number(value: object) -> int | None:
    return None if value is None else int(str(value))
