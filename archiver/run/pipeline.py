"""One recording, from its link to its manifest entry: the whole idea of the archiver.

A link is fetched into a part file, the part is judged, the audio is stored, then its sidecar, and
only then does an entry name both. Whatever goes wrong with this one recording becomes its outcome;
only what must stop the whole run (:class:`archiver.errors.StopRun`) leaves as an exception.

What an earlier run stored but could not enter takes the same way: its bytes come from the archive
instead of the network.
"""

import hashlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from archiver.download.http import Media
from archiver.errors import (
    ArchiverError,
    DestinationRefused,
    Exists,
    FreshLink,
    Gone,
    Missing,
    RecordingError,
    Refused,
    TryAgain,
)
from archiver.facts import Facts
from archiver.keys import Shelf, audio_key, parse, sidecar_key
from archiver.manifest.entry import Entry, File
from archiver.manifest.sidecar import Fetched, Sidecar, sidecar_document
from archiver.outcomes import Judgement, Outcome, Tolerance
from archiver.recordings import RecordingId
from archiver.run.adoption import Adoptable, hash_of, kept_sidecar, set_damaged_aside
from archiver.run.fetching import Fetching
from archiver.run.links import Links
from archiver.run.plan import Work
from archiver.store.base import Part, Store, Stored
from archiver.store.refusals import refusals
from archiver.zone import Offset

TWINS_NAMED = 3
RESERVE_BYTES = 32_000_000
"""What must be free to begin with a recording, so that what is done can still be entered."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What a pipeline works with; every field may be used by many threads at once."""

    store: Store
    media: Media
    measure: Callable[[Path], Facts]
    judge: Callable[[Facts, int | None, Tolerance], Judgement]
    tolerance: Tolerance
    offset_of: Callable[[datetime | None, str], Offset]
    portal: str


@dataclass(frozen=True, slots=True)
class Done:
    """A recording's entry, and what it cost: bytes fetched, links that were not the first."""

    entry: Entry
    bytes: int = 0
    refreshed: int = 0
    adopted: bool = False


@dataclass(frozen=True, slots=True)
class _Judged:
    """What lies in a part file: where it came from, what it is, what that means."""

    fetched: Fetched
    facts: Facts
    judgement: Judgement
    proven_bytes: bool


@dataclass(slots=True)
class Pipeline:
    """Brings one :class:`Work` to its outcome; made anew for each recording."""

    work: Work
    links: Links
    tools: Tools
    left: Adoptable | None = None
    _fetching: Fetching = field(init=False)

    def __post_init__(self) -> None:
        self._fetching = Fetching(self.work.listed.row, self.links, self.tools.media)

    def run(self) -> Done:
        """Bring the recording to its outcome; raises only what stops the whole run."""
        self._see_room()
        if self.left is not None:
            adopted = self._adopt(self.left)
            if adopted is not None:
                return adopted
        if self.work.listed.row.link is None:
            return self._without_audio(Outcome.NO_AUDIO, "the portal gives no audio (yet)")
        again = self._judge_again()
        if again is not None:
            return again
        try:
            return self._archive()
        except Gone as error:
            return self._without_audio(Outcome.GONE, error.message)
        except (TryAgain, FreshLink, RecordingError) as error:
            return self._without_audio(Outcome.FAILED, _words(error))

    def _see_room(self) -> None:
        free = self.tools.store.free_bytes()
        if free is not None and free < RESERVE_BYTES:
            raise DestinationRefused(
                f"Stopped: less than {RESERVE_BYTES // 1_000_000} MB are free for the archive.",
                advice="Free some space or give it a larger disk, then run again.",
            )

    def _judge_again(self) -> Done | None:
        """Archive what lies in quarantine if a new tolerance or report makes it good."""
        known, row = self.work.known, self.work.listed.row
        if known is None or known.held or known.audio is None or known.sidecar is None:
            return None
        named = parse(known.audio.path)
        if named is None:
            return None
        left = Adoptable(known.audio.path, named, (known.sidecar.path,))
        with self.tools.store.part() as part, suppress(Missing):
            kept = kept_sidecar(self.tools.store, left, known.audio.sha256)
            if kept is None or kept[0].facts is None:
                return None
            judgement = self.tools.judge(kept[0].facts, row.reported_ms, self.tools.tolerance)
            if judgement.verdict.is_good and known.audio.sha256 == hash_of(
                self.tools.store, known.audio.path, part.file
            ):
                judged = self._judge(part, kept[0].fetched, proven_bytes=False)
                return self._store(part, judged) if judged.judgement.verdict.is_good else None
        return None

    def _archive(self) -> Done:
        """Fetch, and fetch once more what is not good, unless its bytes are proven."""
        with self.tools.store.part() as part, self.tools.store.part() as second_part:
            first = self._fetch(part, with_fresh_link=False)
            if first.judgement.verdict.is_good or first.proven_bytes:
                return self._store(part, first)
            second = self._fetch_again(second_part)
            if second is not None and second.judgement.verdict.is_good:
                return self._store(second_part, second)
            return self._store(part, first)

    def _fetch_again(self, part: Part) -> _Judged | None:
        """Fetch with a fresh link; failing at that must not lose what was fetched before."""
        try:
            return self._fetch(part, with_fresh_link=True)
        except (TryAgain, FreshLink, RecordingError):
            return None

    def _adopt(self, left: Adoptable) -> Done | None:
        """Enter what an earlier run stored; what is not what its name says is set aside."""
        store, row = self.tools.store, self.work.listed.row
        with store.part() as part:
            sha256 = hash_of(store, left.audio, part.file)
            if not sha256.startswith(left.named.sha12):
                set_damaged_aside(store, left.audio, row, sha256)
                return None
            kept = kept_sidecar(store, left, sha256)
            fetched = kept[0].fetched if kept else self._fetched(sha256)
            judged = self._judge(part, fetched, proven_bytes=False)
            key = self._audio_key(judged)
            if key != left.audio:
                store.set_aside(left.audio, key)
            return self._store(part, judged)

    def _still_tells(self, sidecar: Sidecar, judged: _Judged) -> bool:
        """Whether a sidecar that an earlier run wrote says what would be written now."""
        row = self.work.listed.row
        return (sidecar.created_at, sidecar.reported_ms, sidecar.facts, sidecar.verdict) == (
            row.at,
            row.reported_ms,
            judged.facts,
            judged.judgement.verdict,
        )

    def _fetch(self, part: Part, *, with_fresh_link: bool) -> _Judged:
        got = self._fetching.into(part.file, with_fresh_link=with_fresh_link)
        fetched = self._fetched(
            got.fetched.sha256, got.host, got.fetched.etag, got.fetched.content_type
        )
        return self._judge(part, fetched, proven_bytes=got.fetched.md5_proven)

    def _fetched(
        self,
        sha256: str,
        host: str | None = None,
        etag: str | None = None,
        content_type: str | None = None,
    ) -> Fetched:
        now = datetime.now(UTC).replace(microsecond=0)
        return Fetched(now, self.tools.portal, sha256, host, etag, content_type)

    def _judge(self, part: Part, fetched: Fetched, *, proven_bytes: bool) -> _Judged:
        with refusals("judging a temporary file"):
            part.file.flush()
            facts = self.tools.measure(part.path)
        reported_ms = self.work.listed.row.reported_ms
        judgement = self.tools.judge(facts, reported_ms, self.tools.tolerance)
        return _Judged(fetched, facts, judgement, proven_bytes)

    def _audio_key(self, judged: _Judged) -> str:
        row = self.work.listed.row
        shelf = _shelf(judged)
        return audio_key(shelf, row.id, row.at, judged.fetched.sha256, judged.facts.extension)

    def _store(self, part: Part, judged: _Judged) -> Done:
        """Store audio, then sidecar; the entry is made of what really landed."""
        stored = self._put_audio(part, judged)
        audio = File(stored.key, stored.bytes, stored.sha256)
        sidecar = self._sidecar_at_hand(audio, judged) or self._put_sidecar(judged)
        outcome = Outcome.ARCHIVED if judged.judgement.verdict.is_good else Outcome.QUARANTINED
        return self._done(self._entry(outcome, judged=judged, audio=audio, sidecar=sidecar))

    def _sidecar_at_hand(self, audio: File, judged: _Judged) -> File | None:
        """Return the sidecar that is entered for this, or that an earlier run left of it."""
        known = self.work.known
        if known and known.audio == audio and known.verdict is judged.judgement.verdict:
            return known.sidecar
        kept = kept_sidecar(self.tools.store, self.left, audio.sha256) if self.left else None
        return kept[1] if kept and self._still_tells(kept[0], judged) else None

    def _put_audio(self, part: Part, judged: _Judged) -> Stored:
        """Store the audio; what lies damaged under its name makes way first."""
        store, key, sha256 = self.tools.store, self._audio_key(judged), judged.fetched.sha256
        try:
            return store.put_part(key, part, sha256)
        except Exists:
            set_damaged_aside(store, key, self.work.listed.row, hash_of(store, key))
            return store.put_part(key, part, sha256)

    def _put_sidecar(self, judged: _Judged) -> File:
        row = self.work.listed.row
        offset = self.tools.offset_of(row.at, row.id)
        document = sidecar_document(
            row,
            utc_offset_minutes=offset.minutes,
            offset_from=offset.source,
            facts=judged.facts,
            judgement=judged.judgement,
            fetched=judged.fetched,
        )
        sha256 = hashlib.sha256(document).hexdigest()
        stored = self.tools.store.put(sidecar_key(_shelf(judged), row.id, row.at, sha256), document)
        return File(stored.key, stored.bytes, stored.sha256)

    def _without_audio(self, outcome: Outcome, reason: str) -> Done:
        return self._done(self._entry(outcome, reason=reason))

    def _done(self, entry: Entry) -> Done:
        cost = self._fetching
        adopted = entry.audio is not None and not cost.transfers
        return Done(entry, cost.bytes, cost.refreshed, adopted)

    def _entry(
        self,
        outcome: Outcome,
        *,
        reason: str | None = None,
        judged: _Judged | None = None,
        audio: File | None = None,
        sidecar: File | None = None,
    ) -> Entry:
        row, known = self.work.listed.row, self.work.known
        offset = self.tools.offset_of(row.at, row.id)
        old = [file.path for file in (known.audio, known.sidecar) if file] if known else []
        new = {file.path for file in (audio, sidecar) if file}
        reasons = judged.judgement.reasons if judged else (reason,) if reason else ()
        if outcome is Outcome.QUARANTINED and self.work.twins:
            reasons = (*reasons, _naming(self.work.twins))
        return Entry(
            id=row.id,
            created_at=row.at,
            utc_offset_minutes=offset.minutes,
            offset_from=offset.source,
            outcome=outcome,
            verdict=judged.judgement.verdict if judged else None,
            reported_ms=row.reported_ms,
            duration_ms=judged.facts.duration_ms if judged else None,
            reasons=tuple(reasons),
            attempts=self._fetching.transfers,
            audio=audio,
            sidecar=sidecar,
            supersedes=tuple(path for path in old if audio and path not in new),
        )


def _naming(twins: tuple[RecordingId, ...]) -> str:
    """Return the reason that names other rows of the same audio; thousands may share one."""
    more = f" and {len(twins) - TWINS_NAMED} more" if len(twins) > TWINS_NAMED else ""
    named = ", ".join(twins[:TWINS_NAMED])
    return f"its link leads to the same audio as recording {named}{more}"


def _words(error: ArchiverError) -> str:
    """Return the reason of a failure; what a refusal advises is part of it, and nobody's words."""
    return f"{error.message} {error.advice}" if isinstance(error, Refused) else error.message


def _shelf(judged: _Judged) -> Shelf:
    return Shelf.RECORDINGS if judged.judgement.verdict.is_good else Shelf.QUARANTINE
