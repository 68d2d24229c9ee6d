"""What a chain of manifests adds up to: for each recording, where it stands. Pure.

A recording that is held stays held whatever later runs say of it (gone at the portal, a bad new
version): only an erasure takes it back. A run that failed teaches nothing; it counts an attempt.
What has no audio yet, or failed in a way that may pass, waits: it is tried again ever later, by
times that follow from the chain alone, and becomes a finding when the last of them has passed.
"""

import hashlib
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from archiver.domain.outcomes import Concern, Outcome, Verdict
from archiver.domain.recordings import RecordingId, Report
from archiver.domain.times.clocks import MAY_DIFFER
from archiver.manifest.model import Entry, Manifest, ManifestKind
from archiver.manifest.records.erasures import ErasureStep, Tombstone
from archiver.manifest.records.files import ArchivedFile

_SILENT = frozenset({Outcome.HELD, Outcome.FAILED, Outcome.NO_AUDIO})
"""Outcomes that say nothing new of a recording of which something is known."""
_WAITING = frozenset({Outcome.FAILED, Outcome.NO_AUDIO})
ERASED_MEANWHILE = "it was erased while this run stored it: archiver erase --finish"
TRY_AGAIN_AFTER = (timedelta(hours=1), *(timedelta(days=days) for days in (1, 2, 3)))
"""How long a recording waits after its first, second, … try in vain."""


class RecordingState(Struct, frozen=True):
    """Where one recording stands.

    ``audio`` and ``sidecar`` are the archived pair, or the quarantined one while there is no other.
    Of what is held, the ``refused`` pair is the newest version since that was not good.
    ``attempts`` is the sum over all entries. ``accepted`` means that a person settled the finding.
    ``tries`` counts those in vain of a recording that waits, the last at ``tried_at`` (UTC).
    ``concerns`` are those of the held pair.
    """

    id: RecordingId
    at: datetime | None
    outcome: Outcome
    verdict: Verdict | None
    audio: ArchivedFile | None
    sidecar: ArchivedFile | None
    attempts: int
    reasons: tuple[str, ...]
    held: bool = False
    accepted: bool = False
    tries: int = 0
    tried_at: datetime | None = None
    source: Report = Report.RECORDINGS
    refused_audio: ArchivedFile | None = None
    refused_sidecar: ArchivedFile | None = None
    concerns: tuple[Concern, ...] = ()

    @property
    def day(self) -> date | None:
        """The portal day that it is of."""
        return self.at.date() if self.at else None

    @property
    def newest(self) -> tuple[ArchivedFile | None, ArchivedFile | None]:
        """The audio and the sidecar that were stored last, be they refused."""
        return self.refused_audio or self.audio, self.refused_sidecar or self.sidecar

    @property
    def is_open(self) -> bool:
        """Whether it is a finding that waits for a person or for better audio."""
        has_failed = self.tries > len(TRY_AGAIN_AFTER)
        is_finding = self.outcome.is_finding or has_failed or bool(self.concerns)
        return is_finding and not self.accepted

    @property
    def is_waiting(self) -> bool:
        """Whether audio is waited for, and no person is told of it."""
        return self.tries > 0 and not (self.held or self.is_open or self.accepted)

    @property
    def is_good(self) -> bool:
        """Whether it is held, and nothing of it is or was a finding since."""
        return self.held and self.outcome is Outcome.ARCHIVED and not self.concerns

    @property
    def stands(self) -> bool:
        """Whether only other audio could change where it stands, and the same bytes could not.

        A person has accepted what is in quarantine; or is needed for what concerns good audio.
        """
        is_accepted = self.accepted and self.outcome is Outcome.QUARANTINED
        return is_accepted or (self.held and self.outcome is Outcome.ARCHIVED)

    @property
    def was_erased(self) -> bool:
        """Whether it was erased itself.

        Of what was not, and goes for erased, the reason is its audio: that of another that was.
        """
        return self.outcome is Outcome.ERASED and not self.reasons

    @property
    def kind(self) -> str:
        """The kind of finding it is or would be: a verdict, a concern or an outcome."""
        if self.outcome is Outcome.QUARANTINED:
            return self.verdict or self.outcome
        if self.outcome in {Outcome.ARCHIVED, Outcome.FAILED} and self.concerns:
            return self.concerns[0]
        return self.outcome

    def waits_at(self, now: datetime) -> bool:
        """Whether its time to be tried again has not come.

        A try that lies in the future was dated by a clock that was wrong: nothing waits for that.
        """
        if not self.tries or self.tried_at is None:
            return False
        pause = TRY_AGAIN_AFTER[min(self.tries, len(TRY_AGAIN_AFTER)) - 1]
        return self.tried_at - MAY_DIFFER <= now < self.tried_at + pause


def apply_entry(
    known: RecordingState | None,
    entry: Entry,
    kind: ManifestKind = ManifestKind.RUN,
    at: datetime | None = None,
) -> RecordingState:
    """Return where the recording stands after ``entry`` of a manifest of that ``kind``.

    ``at`` is when its run began (UTC). What a repair enters as held it has put back: nothing else
    of it changed.
    """
    if known is None:
        return _first(entry, at, accepted=kind is ManifestKind.ACCEPT)
    if kind is ManifestKind.ACCEPT:
        return replace(known, accepted=True)
    if kind in {ManifestKind.HOLD, ManifestKind.EXPORT}:
        return known
    if known.was_erased and kind is not ManifestKind.ERASE:
        return known
    if kind is ManifestKind.REPAIR and entry.outcome is Outcome.HELD:
        return _put_back(known, entry)
    return _after_outcome(known, entry, kind, at)


def entries_of(manifest: Manifest) -> Iterator[Entry]:
    """Yield what a manifest says of recordings, also of those whose erasure it begins or undoes."""
    yield from manifest.recordings
    if manifest.erasure and manifest.erasure.step is ErasureStep.BEGUN:
        yield from (_erased(each, Outcome.ERASED) for each in manifest.erasure.tombstones)
    if manifest.erasure and manifest.erasure.step is ErasureStep.UNDONE:
        yield from (_erased(each, Outcome.FAILED) for each in manifest.erasure.tombstones)


def erased_entry(tombstone: Tombstone) -> Entry:
    """Return the entry that says that a recording is gone."""
    return _erased(tombstone, Outcome.ERASED)


def entry_from_state(
    known: RecordingState, outcome: Outcome, *reasons: str, files: bool = False
) -> Entry:
    """Return an entry for what is known already and was not listed: its outcome is as said.

    With ``files``, it names the newest, be they refused.
    """
    audio, sidecar = known.newest if files else (None, None)
    is_held_pair = files and outcome is Outcome.ARCHIVED
    return Entry(
        id=known.id,
        created_at=known.at,
        utc_offset_minutes=None,
        offset_from=None,
        outcome=outcome,
        verdict=known.verdict if files else None,
        reported_ms=None,
        duration_ms=None,
        reasons=reasons,
        audio=audio,
        sidecar=sidecar,
        source=known.source,
        concerns=known.concerns if is_held_pair else (),
    )


def superseded(
    known: RecordingState | None, outcome: Outcome, *files: ArchivedFile | None
) -> tuple[str, ...]:
    """Return the paths that an entry of this ``outcome`` with these ``files`` takes the place of.

    A held pair gives way to an archived one only: a bad new version leaves it current.
    """
    new = {file.path for file in files if file}
    if known is None or not new or (known.held and outcome is not Outcome.ARCHIVED):
        return ()
    old = (file.path for file in (known.audio, known.sidecar) if file)
    return tuple(path for path in old if path not in new)


def rebased(entry: Entry, known: RecordingState | None) -> Entry:
    """Return what is left to say of ``entry``, now that another run has written first.

    Where that one has archived the same bytes, the recording is held, and all that this entry has
    of its own is a sidecar that was written in vain: it is entered, so that it is nobody's stray.
    An entry that takes the place of what is held now, or ends a finding, says something still. What
    another has erased meanwhile has failed, and its files are nobody's.
    """
    if known is not None and is_erased_meanwhile(entry, known):
        return _without_files(entry)
    if known is None or not known.held or entry.outcome is not Outcome.ARCHIVED:
        return entry
    if entry.audio is None or known.audio is None or entry.audio.sha256 != known.audio.sha256:
        supersedes = superseded(known, entry.outcome, entry.audio, entry.sidecar)
        return replace(entry, supersedes=supersedes)
    if known.is_open or (known.sidecar and known.sidecar.path in entry.supersedes):
        return entry
    own = entry.sidecar if entry.sidecar != known.sidecar else None
    return replace(entry, outcome=Outcome.HELD, audio=None, sidecar=own, supersedes=())


def is_erased_meanwhile(entry: Entry, known: RecordingState) -> bool:
    """Whether an entry has files of a recording that is erased."""
    return known.was_erased and bool(entry.audio or entry.sidecar)


def _without_files(entry: Entry) -> Entry:
    return replace(
        entry,
        outcome=Outcome.FAILED,
        verdict=None,
        reasons=(ERASED_MEANWHILE,),
        audio=None,
        sidecar=None,
        supersedes=(),
        concerns=(),
    )


def ids_digest(ids: Iterable[str]) -> tuple[int, str]:
    """Return how many ids there are and the SHA-256 over them sorted, a newline after each."""
    lines = sorted(one.encode("utf-8", "surrogatepass") + b"\n" for one in ids)
    return len(lines), hashlib.sha256(b"".join(lines)).hexdigest()


def _erased(tombstone: Tombstone, outcome: Outcome) -> Entry:
    return Entry(
        id=tombstone.id,
        created_at=tombstone.created_at,
        utc_offset_minutes=None,
        offset_from=None,
        outcome=outcome,
        verdict=None,
        reported_ms=None,
        duration_ms=None,
        source=tombstone.source,
    )


def _first(entry: Entry, at: datetime | None, *, accepted: bool) -> RecordingState:
    waits = entry.outcome in _WAITING
    return RecordingState(
        id=entry.id,
        at=entry.created_at,
        outcome=entry.outcome,
        verdict=entry.verdict,
        audio=entry.audio,
        sidecar=entry.sidecar,
        attempts=entry.attempts,
        reasons=entry.reasons,
        held=entry.outcome is Outcome.ARCHIVED,
        accepted=accepted,
        tries=int(waits),
        tried_at=at if waits else None,
        source=entry.source,
        concerns=entry.concerns,
    )


def _after_outcome(
    known: RecordingState, entry: Entry, kind: ManifestKind, at: datetime | None
) -> RecordingState:
    attempts = known.attempts + entry.attempts
    if known.outcome is Outcome.ERASED and kind is ManifestKind.ERASE:
        # It is waited for, and due at once: where the portal lists it no more, it is gone.
        return replace(_first(entry, at, accepted=False), attempts=attempts, tried_at=None)
    settled = known.held or known.outcome.is_finding or known.outcome is Outcome.ERASED
    if entry.outcome in _SILENT and settled and not _is_offered_again(known, entry):
        return replace(known, attempts=attempts)
    fresh = _first(entry, at, accepted=_is_settled_already(known, entry, kind))
    if entry.outcome is Outcome.ERASED:
        return replace(fresh, attempts=attempts)
    reasons = fresh.reasons
    if entry.outcome is Outcome.ARCHIVED or not known.held:
        audio, sidecar = fresh.audio or known.audio, fresh.sidecar or known.sidecar
        concerns, reasons = _with_lasting(known, fresh)
        refused_audio = refused_sidecar = None
    else:
        concerns = known.concerns
        audio, sidecar = known.audio, known.sidecar
        refused_audio = fresh.audio or known.refused_audio
        refused_sidecar = fresh.sidecar or known.refused_sidecar
    tries, tried_at = _in_vain(known, fresh) if fresh.tries else (0, None)
    return replace(
        fresh,
        at=fresh.at or known.at,
        audio=audio,
        sidecar=sidecar,
        attempts=attempts,
        held=known.held or fresh.held,
        tries=tries,
        tried_at=tried_at,
        refused_audio=refused_audio,
        refused_sidecar=refused_sidecar,
        concerns=concerns,
        reasons=reasons,
    )


def _is_offered_again(known: RecordingState, entry: Entry) -> bool:
    """Whether the portal offers what a person had given up, and it could not be fetched yet.

    What is in quarantine is fetched again only where its row says something else; of what was gone,
    the entry tells whether other audio is named now.
    """
    was_given_up = known.accepted and not known.held and known.outcome.is_finding
    is_other = known.outcome is Outcome.QUARANTINED or Concern.OFFERED_ANEW in entry.concerns
    return was_given_up and is_other and entry.outcome is Outcome.FAILED


def _with_lasting(
    known: RecordingState, fresh: RecordingState
) -> tuple[tuple[Concern, ...], tuple[str, ...]]:
    """Return the concerns and reasons of a new version: some outlive the one that they are of."""
    lasting = () if known.accepted else tuple(each for each in known.concerns if each.lasts)
    if not lasting:
        return fresh.concerns, fresh.reasons
    why = known.reasons if known.outcome is Outcome.ARCHIVED else ()
    concerns, reasons = (*fresh.concerns, *lasting), (*fresh.reasons, *why)
    return tuple(dict.fromkeys(concerns)), tuple(dict.fromkeys(reasons))


def _put_back(known: RecordingState, entry: Entry) -> RecordingState:
    """Return the same with what a bucket now calls the files that were stored once more."""
    stored = {file.path: file for file in (entry.audio, entry.sidecar) if file}

    def now(file: ArchivedFile | None) -> ArchivedFile | None:
        return stored.get(file.path, file) if file else None

    return replace(
        known,
        audio=now(known.audio),
        sidecar=now(known.sidecar),
        refused_audio=now(known.refused_audio),
        refused_sidecar=now(known.refused_sidecar),
    )


def _in_vain(known: RecordingState, fresh: RecordingState) -> tuple[int, datetime | None]:
    """Return how often a recording was tried in vain, and when last; too early a try is none."""
    if fresh.tried_at and known.waits_at(fresh.tried_at):
        return known.tries, known.tried_at
    return known.tries + fresh.tries, fresh.tried_at


def _is_settled_already(known: RecordingState, entry: Entry, kind: ManifestKind) -> bool:
    """Whether a person has accepted just this: the same outcome, bytes, and word of the portal.

    A concern that was not there then is not accepted; nor is a failure for another reason. A repair
    may have had to write what the portal says anew: then bytes and verdict tell.
    """
    audio, _ = newest = known.newest
    if entry.audio is None:
        same = True
    elif kind is ManifestKind.REPAIR and audio is not None:
        same = (entry.audio.sha256, entry.verdict) == (audio.sha256, known.verdict)
    else:
        same = (entry.audio, entry.sidecar) == newest
    concerns, before = set(entry.concerns), set(known.concerns)
    is_known = concerns == before if entry.outcome is Outcome.FAILED else concerns <= before
    return known.accepted and known.outcome is entry.outcome and is_known and same
