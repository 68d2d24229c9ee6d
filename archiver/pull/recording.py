"""One recording, from its link to its manifest entry: the whole idea of the archiver.

A link is fetched into a part file, the part is judged, the audio is stored, then its sidecar, and
only then does an entry name both. Whatever goes wrong with this one recording becomes its outcome;
only what must stop the whole run (:class:`archiver.errors.StopRun`) leaves as an exception.

Audio that is there already takes the same way, its bytes coming from the archive, when a new
tolerance may make it good, or when the portal changed what it says of it and gives no link.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import Path

from archiver.domain.audio_facts import EDITION, Facts
from archiver.domain.fingerprint import differs, fingerprint
from archiver.domain.layout import Shelf, audio_key, sidecar_key
from archiver.domain.outcomes import Concern, Judge, Judgement, Outcome, Tolerance
from archiver.domain.portal_zone import Offset
from archiver.domain.recordings import Essential, RecordingId, Row
from archiver.errors import (
    ArchiverError,
    Exists,
    Gone,
    LinkExpired,
    Missing,
    RecordingError,
    Refused,
    TryAgain,
)
from archiver.json_documents import Json
from archiver.manifest.model import ArchivedFile, Entry
from archiver.manifest.sidecar import FetchRecord, Sidecar, sidecar_document
from archiver.manifest.state import superseded
from archiver.media.client import MediaClient
from archiver.media.transfer import Unchanged
from archiver.portal.proving.odd_rows import reason_of
from archiver.pull.fetch import Downloader, is_better
from archiver.pull.leftovers import hash_of, in_place, sidecars, whole
from archiver.pull.links import Links
from archiver.pull.object_metadata import labelled
from archiver.pull.plan import Work, reads_anew
from archiver.store.base import ObjectMetadata, PutResult, Store, TempFile
from archiver.store.free_space import require_free_space
from archiver.store.os_errors import map_os_errors

TWINS_NAMED = 3


@dataclass(frozen=True, slots=True)
class Services:
    """What a pipeline works with; every field may be used by many threads at once."""

    store: Store
    media: MediaClient
    measure: Callable[[Path], Facts]
    judge: Judge
    tolerance: Tolerance
    offset_of: Callable[[datetime | None, str], Offset]
    portal: str


@dataclass(frozen=True, slots=True)
class Done:
    """A recording's entry, and what it cost: bytes fetched, links that were not the first.

    One that ``is_news`` no more tells what the chain has already. ``row`` is the portal's; where it
    ``is_fresh``, the entry's sidecar was written of it just now.
    """

    entry: Entry
    bytes: int = 0
    refreshed: int = 0
    is_news: bool = True
    row: Mapping[str, Json] = field(default_factory=dict)
    is_fresh: bool = False


@dataclass(frozen=True, slots=True)
class _Judged:
    """What lies in a part file: where it came from, what it is, what that means."""

    fetched: FetchRecord
    facts: Facts
    judgement: Judgement
    proven_bytes: bool


@dataclass(slots=True)
class RecordingJob:
    """Brings one :class:`Work` to its outcome; made anew for each recording."""

    work: Work
    links: Links
    services: Services
    has_stray: bool = False
    _fetching: Downloader = field(init=False)

    def __post_init__(self) -> None:
        self._fetching = Downloader(self.work.listed.row, self.links, self.services.media)

    def run(self) -> Done:
        """Bring the recording to its outcome; raises only what stops the whole run."""
        require_free_space(self.services.store)
        if self.work.stands:
            return self._other_audio() or self.as_it_was()
        if self.work.listed.row.odd is not None:
            return self._unread()
        return self._judge_again() or self._brought_home(self._etag_at_hand())

    def _other_audio(self) -> Done | None:
        """Bring home what the portal serves in the place of audio that stands, if that is other.

        Without an ETag nothing tells, and it is not asked for: the same bytes would end nothing.
        """
        known, etag = self.work.known, self._etag_at_hand()
        if known is None or self.work.listed.row.link is None or not (etag or self.has_stray):
            return None
        done = self._judge_again() or self._brought_home(etag)
        return done if done.entry.audio else None

    def _brought_home(self, etag: str | None) -> Done:
        """Fetch the audio, unless there is none, or it is that of the ETag."""
        if self.work.listed.row.link is None:
            return self._without_link()
        try:
            self._fetching.unless = etag
            return self._archive()
        except Unchanged:
            return self.as_it_was()
        except Gone as error:
            return self._without_audio(Outcome.GONE, error.message)
        except (TryAgain, LinkExpired, RecordingError, Exists) as error:
            concerns = (Concern.OFFERED_ANEW,) if self.work.is_offered_anew else ()
            failed = self._without_audio(Outcome.FAILED, _words(error))
            return replace(failed, entry=replace(failed.entry, concerns=concerns))

    def _judge_again(self) -> Done | None:
        """Judge what lies in the archive by what is said of it now."""
        known, store = self.work.known, self.services.store
        with suppress(Missing, Unchanged):
            told = self._told_before()
            if told is None or known is None or known.audio is None:
                return None
            with store.part() as part:
                if hash_of(store, known.audio.path, part.file) == known.audio.sha256:
                    judged = self._judge(part, told.fetched, proven_bytes=False)
                    return self._store(part, judged)
        return None

    def _told_before(self) -> Sidecar | None:
        """Return what was said of the audio that we have, if that is to be judged once more.

        While there is a link, only audio of a row that says what it said is: where the row has
        changed, its audio may have changed as well. Of what is held, that is only audio whose row
        is understood otherwise now. What is held and no longer fits its row is a finding; what is
        in quarantine and still doesn't is none again, unless other rules measure it now.
        """
        known, row = self.work.known, self.work.listed.row
        if known is None or (known.held and row.link is not None and not reads_anew(known, row)):
            return None
        told = self._told(known.sidecar)
        if told is None or told.facts is None:
            return None
        if row.link is not None and differs(fingerprint(told.row), fingerprint(row.fields)):
            return None
        judgement = self._judgement(told.facts, told.fetched)
        is_measured_anew = told.facts.edition < EDITION
        return told if judgement.verdict.is_good or known.held or is_measured_anew else None

    def _etag_at_hand(self) -> str | None:
        """Return the ETag of what is in quarantine, whole and of the same row: it may be asked for.

        Then a finding that is still one costs no download. The same of whatever else stands.
        """
        known, store = self.work.known, self.services.store
        is_asked_about = self.work.stands or (known and known.outcome is Outcome.QUARANTINED)
        if known is None or not is_asked_about:
            return None
        with suppress(Missing):
            audio, sidecar = known.newest
            told, row = self._told(sidecar), self.work.listed.row
            if told is None or audio is None or self.has_stray:
                return None
            is_same = not differs(fingerprint(told.row), fingerprint(row.fields))
            if is_same and whole(store, audio.path, audio.sha256):
                return told.fetched.etag
        return None

    def as_it_was(self) -> Done:
        """Return the entry of what is known already, and which nothing has changed."""
        known = self.work.known
        if known is None:
            raise AssertionError("only what is known can be asked about")
        audio, sidecar = known.newest
        outcome = Outcome.HELD if known.held and self.work.stands else known.outcome
        entry = self._entry(outcome, audio=audio, sidecar=sidecar)
        told = replace(entry, verdict=known.verdict, reasons=known.reasons)
        return replace(self._done(told), is_news=False)

    def _told(self, sidecar: ArchivedFile | None) -> Sidecar | None:
        """Return what a sidecar says, if it is sound; raises :class:`Missing` without it."""
        if sidecar is None:
            return None
        return next((told for told, _ in sidecars(self.services.store, [sidecar.path])), None)

    def _archive(self) -> Done:
        """Fetch, and fetch once more what is not surely good, unless its bytes are proven."""
        with self.services.store.part() as part:
            first = self._fetch(part, with_fresh_link=False)
            if first.judgement.is_sure or first.proven_bytes:
                return self._store(part, first)
            with self.services.store.part() as second_part:
                second = self._fetch_again(second_part)
                if second is not None and is_better(second, first):
                    return self._store(second_part, second)
            return self._store(part, first)

    def _fetch_again(self, part: TempFile) -> _Judged | None:
        """Fetch with a fresh link; failing at that must not lose what was fetched before."""
        try:
            return self._fetch(part, with_fresh_link=True)
        except (TryAgain, LinkExpired, RecordingError):
            return None

    def _still_tells(self, told: Sidecar, judged: _Judged) -> bool:
        """Whether a sidecar that lies there says what would be written now."""
        row = self.work.listed.row
        return (told.created_at, told.reported_ms, fingerprint(told.row)) == (
            row.at,
            row.reported_ms,
            fingerprint(row.fields),
        ) and (told.fetched.sha256, told.facts, told.verdict, told.concerns) == (
            judged.fetched.sha256,
            judged.facts,
            judged.judgement.verdict,
            judged.judgement.concerns,
        )

    def _fetch(self, part: TempFile, *, with_fresh_link: bool) -> _Judged:
        got = self._fetching.into(part.file, with_fresh_link=with_fresh_link)
        fetched = FetchRecord(
            at=datetime.now(UTC).replace(microsecond=0),
            portal=self.services.portal,
            sha256=got.fetched.sha256,
            host=got.host,
            etag=got.fetched.etag,
            content_type=got.fetched.content_type,
            length_proven=got.fetched.length_proven,
        )
        return self._judge(part, fetched, proven_bytes=got.fetched.md5_proven)

    def _judge(self, part: TempFile, fetched: FetchRecord, *, proven_bytes: bool) -> _Judged:
        with map_os_errors("judging a temporary file"):
            part.file.flush()
            facts = self.services.measure(part.path)
        return _Judged(fetched, facts, self._judgement(facts, fetched), proven_bytes)

    def _judgement(self, facts: Facts, fetched: FetchRecord) -> Judgement:
        """Judge audio by all that is told of it now; a time that nobody can read is a concern."""
        row, services = self.work.listed.row, self.services
        judgement = services.judge(
            facts,
            row.reported_ms,
            services.tolerance,
            unread=row.unread.get(Essential.LENGTH),
            length_proven=fetched.length_proven,
        )
        if judgement.verdict.is_good and (reason := row.unread.get(Essential.TIME)):
            judgement = judgement.with_concern(Concern.TIME_UNREAD, reason)
        return _with_its_id(judgement, row)

    def _audio_key(self, judged: _Judged) -> str:
        row = self.work.listed.row
        shelf = _shelf(judged)
        return audio_key(shelf, row.id, row.at, judged.fetched.sha256, judged.facts.extension)

    def _store(self, part: TempFile, judged: _Judged) -> Done:
        """Store audio, then sidecar; the entry is made of what really landed.

        Raises :class:`Unchanged`, and stores nothing, where that would be no news of what stands:
        no entry would name it.
        """
        outcome = Outcome.ARCHIVED if judged.judgement.verdict.is_good else Outcome.QUARANTINED
        if self.work.stands and self._is_as_known(judged, outcome):
            raise Unchanged("The audio is what it was, and so is what came of it.")
        stored = self._put_audio(part, judged)
        audio = _file(stored)
        at_hand = self._sidecar_at_hand(audio, judged)
        sidecar = at_hand or self._put_sidecar(judged)
        done = self._done(self._entry(outcome, judged=judged, audio=audio, sidecar=sidecar))
        return replace(done, is_fresh=at_hand is None)

    def _is_as_known(self, judged: _Judged, outcome: Outcome) -> bool:
        """Whether these are the bytes that were stored last, and they come to what they did."""
        known = self.work.known
        audio = known.newest[0] if known else None
        is_same = audio is not None and audio.sha256 == judged.fetched.sha256
        return is_same and known is not None and known.outcome is outcome

    def _sidecar_at_hand(self, audio: ArchivedFile, judged: _Judged) -> ArchivedFile | None:
        """Return a sidecar that says all this: the one that is entered, or one that lies there."""
        known, store = self.work.known, self.services.store
        keys = [known.sidecar.path] if known and known.sidecar else []
        if self.has_stray or (known and not judged.judgement.verdict.is_good):
            keys += [item.key for item in store.items(f"{audio.path.rsplit('.', 2)[0]}.")]
        with suppress(Missing):
            kept = (file for told, file in sidecars(store, keys) if self._still_tells(told, judged))
            return next(kept, None)
        return None

    def _put_audio(self, part: TempFile, judged: _Judged) -> PutResult:
        store, key, sha256 = self.services.store, self._audio_key(judged), judged.fetched.sha256
        about = self._about(judged, sha256)
        return in_place(store, key, partial(store.put_part, key, part, sha256, about))

    def _put_sidecar(self, judged: _Judged) -> ArchivedFile:
        row = self.work.listed.row
        offset = self.services.offset_of(row.at, row.id)
        document = sidecar_document(
            row,
            utc_offset_minutes=offset.minutes,
            offset_from=offset.source,
            facts=judged.facts,
            judgement=judged.judgement,
            fetched=judged.fetched,
            source=self.work.listed.ask.report,
        )
        sha256 = hashlib.sha256(document).hexdigest()
        key = sidecar_key(_shelf(judged), row.id, row.at, sha256)
        stored = self.services.store.put(key, document, self._about(judged, sha256))
        return _file(stored)

    def _about(self, judged: _Judged, sha256: str) -> ObjectMetadata:
        row = self.work.listed.row
        minutes = self.services.offset_of(row.at, row.id).minutes
        return labelled(
            row.id,
            row.at,
            minutes,
            sha256=sha256,
            verdict=judged.judgement.verdict,
            duration_ms=judged.facts.duration_ms,
        )

    def _without_link(self) -> Done:
        if unread := self.work.listed.row.unread.get(Essential.AUDIO):
            return self._without_audio(Outcome.FAILED, unread)
        return self._without_audio(Outcome.NO_AUDIO, "the portal gives no audio (yet)")

    def _unread(self) -> Done:
        """Return the failure of a row that can't be read: nothing it says of audio is believed."""
        entry = self._entry(Outcome.FAILED, reason=reason_of(self.work.listed))
        return self._done(replace(entry, concerns=(Concern.ROW_UNREAD,)))

    def _without_audio(self, outcome: Outcome, reason: str) -> Done:
        return self._done(self._entry(outcome, reason=reason))

    def _done(self, entry: Entry) -> Done:
        cost = self._fetching
        return Done(entry, cost.bytes, cost.refreshed, row=self.work.listed.row.fields)

    def _entry(
        self,
        outcome: Outcome,
        *,
        reason: str | None = None,
        judged: _Judged | None = None,
        audio: ArchivedFile | None = None,
        sidecar: ArchivedFile | None = None,
    ) -> Entry:
        row = self.work.listed.row
        offset = self.services.offset_of(row.at, row.id)
        reasons = judged.judgement.reasons if judged else (reason,) if reason else ()
        if outcome is Outcome.QUARANTINED and len(self.work.same_object) > 1:
            reasons = (*reasons, _naming(row.id, self.work.same_object))
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
            supersedes=superseded(self.work.known, outcome, audio, sidecar),
            source=self.work.listed.ask.report,
            concerns=judged.judgement.concerns if judged and outcome is Outcome.ARCHIVED else (),
        )


def _with_its_id(judgement: Judgement, row: Row) -> Judgement:
    """Return the judgement of a row, which needs a person where its id is another's as well."""
    if row.alias_of is None:
        return judgement
    reason = f"the portal lists another recording under its id, {row.alias_of}"
    return judgement.with_concern(Concern.SAME_ID, reason)


def _naming(id_: RecordingId, same_object: Sequence[RecordingId]) -> str:
    """Return the reason that names other rows of the same audio; thousands may share one."""
    count = len(same_object) - 1
    more = f" and {count - TWINS_NAMED} more" if count > TWINS_NAMED else ""
    named = ", ".join(islice((each for each in same_object if each != id_), TWINS_NAMED))
    return f"its link leads to the same audio as recording {named}{more}"


def _words(error: ArchiverError) -> str:
    """Return the reason of a failure; what a refusal advises is part of it, and nobody's words."""
    return f"{error.message} {error.advice}" if isinstance(error, Refused) else error.message


def _file(stored: PutResult) -> ArchivedFile:
    return ArchivedFile(stored.key, stored.bytes, stored.sha256, stored.version)


def _shelf(judged: _Judged) -> Shelf:
    return Shelf.RECORDINGS if judged.judgement.verdict.is_good else Shelf.QUARANTINE
