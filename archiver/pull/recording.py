"""One recording, from its link to its manifest entry: the whole idea of the archiver.

A link is fetched into a part file, the part is judged, the audio is stored, then its sidecar, and
only then does an entry name both. Whatever goes wrong with this one recording becomes its outcome;
only what must stop the whole run (:class:`archiver.errors.StopRun`) leaves as an exception.

Audio that is there already takes the same way, its bytes coming from the archive, when a new
tolerance may make it good, or when the portal changed what it says of it and gives no link.
"""

from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field

from msgspec.structs import replace

from archiver.concurrency.turns import turn
from archiver.domain.outcomes import Concern, Outcome
from archiver.domain.recordings import Essential
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
from archiver.manifest.model import Entry
from archiver.media.transfer import Unchanged
from archiver.portal.proving.odd_rows import reason_of
from archiver.pull.job.at_hand import AtHand
from archiver.pull.job.done import Done
from archiver.pull.job.entries import as_it_was, entry_of, failed
from archiver.pull.job.fetch import Downloader, LinkSource, is_better
from archiver.pull.job.judging import Judged, Judging
from archiver.pull.job.services import Services
from archiver.pull.job.storing import Storing
from archiver.pull.job.task import ERASED_BEFORE, Task
from archiver.pull.plan import Work
from archiver.store.base import TempFile
from archiver.store.content import hash_of
from archiver.store.free_space import require_free_space


@dataclass(slots=True)
class RecordingJob:
    """Brings one :class:`Task` to its outcome; made anew for each recording."""

    task: Task
    links: LinkSource
    services: Services
    work: Work = field(init=False)
    _fetching: Downloader = field(init=False)
    _judging: Judging = field(init=False)
    _storing: Storing = field(init=False)
    _at_hand: AtHand = field(init=False)

    def __post_init__(self) -> None:
        work, services = self.task.work, self.services
        self.work = work
        self._fetching = Downloader(work.listed.row, self.links, services.media)
        self._judging = Judging(work.listed.row, services, work.copies)
        self._storing = Storing(self.task, services)
        self._at_hand = AtHand(self.task, services.store)

    def run(self) -> Done:
        """Bring the recording to its outcome; raises only what stops the whole run."""
        with self._turn():
            return self._outcome()

    def _turn(self) -> AbstractContextManager[None]:
        """Return the turn for all of it, unless it waits for a server again and again."""
        is_remote = self.services.store.capabilities.is_remote
        return nullcontext() if is_remote else turn()

    def _outcome(self) -> Done:
        require_free_space(self.services.store)
        if self.work.stands:
            return self._other_audio() or self._as_it_was()
        if self.work.listed.row.odd is not None:
            return self._unread()
        return self._judge_again() or self._brought_home(self._at_hand.etag())

    def _other_audio(self) -> Done | None:
        """Bring home what the portal serves in the place of audio that stands, if that is other.

        Without an ETag nothing tells, and it is not asked for: the same bytes would end nothing.
        """
        etag = self._at_hand.etag()
        may_be_other = etag is not None or self.task.has_orphans
        if self.work.listed.row.link is None or not may_be_other:
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
            return self._as_it_was()
        except Gone as error:
            return self._ended(entry_of(self.task, Outcome.GONE, error.message))
        except (TryAgain, LinkExpired, RecordingError, Exists) as error:
            return self._costing(failed(self.task, _words(error)))

    def _judge_again(self) -> Done | None:
        """Judge what lies in the archive by what is said of it now."""
        known, store = self.work.known, self.services.store
        with suppress(Missing, Unchanged):
            told = self._at_hand.to_judge_again(self._judging)
            if told is None or known is None or known.audio is None:
                return None
            with store.part() as part:
                if hash_of(store, known.audio.path, part.file) == known.audio.sha256:
                    return self._store(part, self._judging.again(part, told.fetched))
        return None

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

    def _fetch_again(self, part: TempFile) -> Judged | None:
        """Fetch with a fresh link; failing at that must not lose what was fetched before."""
        try:
            return self._fetch(part, with_fresh_link=True)
        except (TryAgain, LinkExpired, RecordingError):
            return None

    def _fetch(self, part: TempFile, *, with_fresh_link: bool) -> Judged:
        got = self._fetching.into(part.file, with_fresh_link=with_fresh_link)
        return self._judging.downloaded(part, got)

    def _store(self, part: TempFile, judged: Judged) -> Done:
        """Store audio and sidecar; the entry is made of what really landed.

        Raises :class:`Unchanged`, and stores nothing, where that would be no news of what stands:
        no entry would name it.
        """
        if self.work.stands and self._storing.is_as_known(judged):
            raise Unchanged("The audio is what it was, and so is what came of it.")
        if self.task.erased.has(judged.fetched.sha256, judged.facts.duration_ms):
            return self._ended(self._erased(judged))
        stored = self._storing.put(part, judged)
        entry = entry_of(
            self.task, judged.outcome, judged=judged, audio=stored.audio, sidecar=stored.sidecar
        )
        return replace(self._ended(entry), is_fresh=stored.is_fresh)

    def _erased(self, judged: Judged) -> Entry:
        """Return the entry of a recording whose audio was erased, and is not stored again.

        What does not fit its row may be another's, served in error: its own may still come. Nor is
        a recording of another time taken for the one that was erased, or one beside which that is
        listed.
        """
        erased, sha256 = self.task.erased, judged.fetched.sha256
        if not erased.is_of(sha256, self.work.listed.row.at):
            return entry_of(self.task, Outcome.FAILED, erased.reason(sha256))
        is_its_own = judged.outcome is Outcome.ARCHIVED
        outcome = Outcome.ERASED if is_its_own else Outcome.FAILED
        return entry_of(self.task, outcome, ERASED_BEFORE)

    def _without_link(self) -> Done:
        if unread := self.work.listed.row.unread.get(Essential.AUDIO):
            return self._ended(entry_of(self.task, Outcome.FAILED, unread))
        return self._ended(entry_of(self.task, Outcome.NO_AUDIO, "the portal gives no audio (yet)"))

    def _unread(self) -> Done:
        """Return the failure of a row that can't be read: nothing it says of audio is believed."""
        reason = reason_of(self.work.listed)
        entry = entry_of(self.task, Outcome.FAILED, reason, concerns=(Concern.ROW_UNREAD,))
        return self._ended(entry)

    def _as_it_was(self) -> Done:
        return self._costing(as_it_was(self.task))

    def _ended(self, entry: Entry) -> Done:
        return self._costing(Done(entry, row=self.work.listed.row.fields))

    def _costing(self, done: Done) -> Done:
        """Return it with what it cost."""
        cost = self._fetching
        entry = replace(done.entry, attempts=cost.transfers)
        return replace(done, entry=entry, bytes=cost.bytes, refreshed=cost.refreshed)


def _words(error: ArchiverError) -> str:
    """Return the reason of a failure; what a refusal advises is part of it, and nobody's words."""
    return f"{error.message} {error.advice}" if isinstance(error, Refused) else error.message
