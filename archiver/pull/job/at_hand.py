"""What the archive has of a recording already, and whether that may do."""

from contextlib import suppress

from msgspec import Struct

from archiver.domain.audio_facts import EDITION
from archiver.domain.outcomes import Outcome
from archiver.domain.row.fingerprint import differs, fingerprint
from archiver.errors import Missing
from archiver.manifest.named_files.sidecar import Sidecar
from archiver.manifest.records.files import ArchivedFile
from archiver.pull.job.judging import Judging
from archiver.pull.job.task import Task
from archiver.pull.plan import Work, reads_anew
from archiver.pull.stored.orphans import sidecars, whole
from archiver.store.base import Store


class AtHand(Struct, frozen=True):
    """What lies in the archive of the recording of one :class:`Task`."""

    task: Task
    store: Store

    @property
    def work(self) -> Work:
        """What is to be done."""
        return self.task.work

    def to_judge_again(self, judging: Judging) -> Sidecar | None:
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
        judgement = judging.judgement(told.facts, told.fetched)
        is_measured_anew = told.facts.edition < EDITION
        return told if judgement.verdict.is_good or known.held or is_measured_anew else None

    def etag(self) -> str | None:
        """Return the ETag of what is in quarantine, whole and of the same row: it may be asked for.

        Then a finding that is still one costs no download. The same of whatever else stands.
        """
        known = self.work.known
        is_asked_about = self.work.stands or (known and known.outcome is Outcome.QUARANTINED)
        if known is None or not is_asked_about:
            return None
        with suppress(Missing):
            audio, sidecar = known.newest
            told, row = self._told(sidecar), self.work.listed.row
            if told is None or audio is None or self.task.has_orphans:
                return None
            is_same = not differs(fingerprint(told.row), fingerprint(row.fields))
            if is_same and whole(self.store, audio.path, audio.sha256):
                return told.fetched.etag
        return None

    def _told(self, sidecar: ArchivedFile | None) -> Sidecar | None:
        """Return what a sidecar says, if it is sound; raises :class:`Missing` without it."""
        if sidecar is None:
            return None
        return next((told for told, _ in sidecars(self.store, [sidecar.path])), None)
