"""Recordings that end with the very same audio, as where a portal serves one file for many calls.

No two calls sound alike to the last bit. What does is played by a machine: an announcement, a beep,
silence. Short audio may therefore be shared, and longer audio once a person has accepted that it
is. A call's own audio and a recording of the same call are one by their nature (ADR 14).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from archiver.calls.call import call_of_audio
from archiver.calls.reconciliation import SLACK, reconcile
from archiver.catalog import Catalog, Found
from archiver.catalog.recording_rows import told_in
from archiver.domain.outcomes import Concern, Outcome, Verdict
from archiver.domain.recordings import RecordingId, Report
from archiver.json_documents import Json
from archiver.manifest.model import Entry
from archiver.manifest.state import RecordingState

NAMED = 3
_SAME_BYTES = "the very same bytes"


class _Gathered(Struct, frozen=True):
    """Audio of an entry that is in no manifest yet."""

    sha256: str
    entry: Entry
    row: Mapping[str, Json]


@dataclass(slots=True)
class Twins:
    """Names the twins of what a run enters: recordings of its archive, and what it has gathered.

    Audio of up to ``allowed_ms`` milliseconds may be shared by many recordings; 0 allows none.
    Used from one thread.
    """

    catalog: Catalog
    allowed_ms: int
    _gathered: dict[RecordingId, _Gathered] = field(default_factory=dict, init=False)
    _by_audio: dict[str, dict[RecordingId, _Gathered]] = field(default_factory=dict, init=False)

    def named(self, entry: Entry, known: RecordingState | None, row: Mapping[str, Json]) -> Entry:
        """Return an entry that names its twins, with a concern if it is one; remember it.

        ``row`` is the portal's. Whoever comes second names the first, which stays as it is.
        """
        if entry.audio is None:
            return entry
        own = _Gathered(entry.audio.sha256, entry, row)
        is_bad = entry.outcome is Outcome.QUARANTINED
        is_named = is_bad or self._is_concern(entry, own.sha256, known)
        named = self._naming(own, held=not is_bad) if is_named else entry
        self._gathered[entry.id] = own
        self._by_audio.setdefault(own.sha256, {})[entry.id] = own
        return named

    def forget(self) -> Mapping[RecordingId, Mapping[str, Json]]:
        """Forget what was gathered, as the catalog knows it now; return the rows it came of."""
        gathered, self._gathered, self._by_audio = self._gathered, {}, {}
        return {id_: each.row for id_, each in gathered.items()}

    def _is_concern(self, entry: Entry, sha256: str, known: RecordingState | None) -> bool:
        """Whether an entry's audio must have no twin; one with the bytes that it had stays so."""
        if entry.outcome is not Outcome.ARCHIVED or (entry.duration_ms or 0) <= self.allowed_ms:
            return False
        if entry.verdict is Verdict.VERIFIED and self.catalog.recordings.may_be_shared(sha256):
            return False
        if known is not None and known.held and known.audio and known.audio.sha256 == sha256:
            return Concern.SAME_AUDIO in known.concerns
        return True

    def _naming(self, own: _Gathered, *, held: bool) -> Entry:
        entry = own.entry
        if any(reason.endswith(_SAME_BYTES) for reason in entry.reasons):
            return entry
        count, twins = self._twins(own, held=held)
        if not count:
            return entry
        reasons = (*entry.reasons, _reason(count, [twin.id for twin in twins]))
        if not held:
            return replace(entry, reasons=reasons)
        return replace(entry, reasons=reasons, concerns=(Concern.SAME_AUDIO, *entry.concerns))

    def _twins(self, own: _Gathered, *, held: bool) -> tuple[int, list[Found]]:
        """Return how many others have the audio of ``own``, and some of them, nearest first.

        What was gathered takes the place of what the catalog still knows of the same recording.
        """
        id_, at = own.entry.id, own.entry.created_at
        count, stored = self.catalog.search.same_audio(own.sha256, id_, at, held=held)
        pending = [
            _found(each)
            for other, each in self._by_audio.get(own.sha256, {}).items()
            if other != id_ and self._gathered[other] is each and (_is_held(each.entry) or not held)
        ]
        others = [twin for twin in stored if twin.id not in self._gathered]
        count += len(others) - len(stored) + len(pending)
        if not (pending or others):
            return count, []
        found = _found(own)
        twins = sorted([*pending, *others], key=partial(_distance, found))
        apart = [twin for twin in twins if not _is_of_same_call(found, twin)]
        return count + len(apart) - len(twins), apart


def _is_held(entry: Entry) -> bool:
    return entry.outcome is Outcome.ARCHIVED


def _found(gathered: _Gathered) -> Found:
    entry = gathered.entry
    told = told_in(gathered.row, entry.reported_ms)
    return Found(
        id=entry.id,
        at=entry.created_at,
        audio=entry.audio.path if entry.audio else "",
        held=_is_held(entry),
        numbers=told.numbers,
        agent=told.agent,
        reported_ms=told.reported_ms,
        call_id=told.call_id,
        object=told.fingerprint.object if told.fingerprint else None,
        source=entry.source,
    )


def _distance(one: Found, other: Found) -> timedelta:
    return abs(one.at - other.at) if one.at and other.at else timedelta.max


def _is_of_same_call(one: Found, other: Found) -> bool:
    """Whether one is a call's own audio, and the other a recording of that call.

    By their rows: where a portal gives one file for two, the object says nothing of that.
    """
    if one.source is other.source:
        return False
    call, recording = (one, other) if one.source is Report.CALLS else (other, one)
    rows = [replace(recording, object=None)]
    return bool(reconcile([call_of_audio(call)], rows, SLACK).matched)


def _reason(count: int, ids: list[RecordingId]) -> str:
    named = ids[:NAMED]
    more = f" and {count - len(named)} more" if count > len(named) else ""
    whose = "recording" if count == 1 else "recordings"
    have = "has" if count == 1 else "have"
    return f"{whose} {', '.join(named)}{more} {have} {_SAME_BYTES}"
