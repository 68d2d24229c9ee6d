"""What an archive gives of a request: all the audio that it has, and a word on the rest."""

from collections.abc import Callable, Sequence
from datetime import date, datetime

from msgspec import Struct

from archiver.catalog import Catalog
from archiver.domain.layout import parse, stem
from archiver.domain.recordings import Report
from archiver.domain.times.wall_clock import portal_time
from archiver.domain.times.window import Window
from archiver.errors import ExitCode, Missing
from archiver.filters.filters import Filters, NumberPattern
from archiver.get import get_events as events
from archiver.get.archive_search import Archived, SearchAnswer, by_id, matching, whole
from archiver.get.handed_rows import archived_row
from archiver.get.matches import Choose
from archiver.get.output_files import Target
from archiver.handover.handed_over import HandedOver
from archiver.manifest.records.files import ArchivedFile
from archiver.open_archive import OpenArchive
from archiver.store.content import hash_of


class ArchiveAnswer(Struct, frozen=True):
    """How an archive answered; unless that is all, the portal is asked, for ids those left.

    Of these, the archive knows those that are ``absent``, which are yet to be named.
    """

    code: ExitCode
    is_all: bool
    left: tuple[str, ...] = ()
    absent: tuple[Archived, ...] = ()

    @property
    def unknown(self) -> tuple[str, ...]:
        """The ids left that the archive does not know."""
        known = {each.id for each in self.absent}
        return tuple(id_ for id_ in self.left if id_ not in known)


class ArchiveReader(Struct, frozen=True):
    """An archive that is asked, and where what it gives is saved.

    What is saved ``with_rows`` is told with its row of a list.
    """

    archive: OpenArchive
    target: Target
    announce: events.AnnounceGet
    with_rows: bool = False

    def by_id(self, ids: Sequence[str], also: Filters) -> ArchiveAnswer:
        """Give what there is audio of, and what is ``also`` asked holds for; leave the other ids.

        The portal is not asked for what is erased, or about to be: it would bring back what was to
        be gone. Nor is it for what is not as was asked.
        """
        catalog = self.archive.catalog
        ids = whole(catalog, ids)
        answer = by_id(catalog, ids, also)
        for each in answer.erased:
            self.announce(events.NoAudioArchived(each, portal_is_asked=False))
        for each in answer.unfit:
            self.announce(events.NotAsAsked(each))
        is_odd = answer.erased or answer.unfit
        code = max(self._name_untold(answer), ExitCode.FINDINGS if is_odd else ExitCode.CLEAN)
        done = {each.id for each in (*answer.given, *answer.erased, *answer.unfit)}
        left = tuple(id_ for id_ in ids if id_ not in done)
        code = max(code, self._give(answer.given))
        return ArchiveAnswer(code, not left, left, answer.absent)

    def matching(
        self,
        numbers: Sequence[NumberPattern],
        agents: Sequence[str],
        window: Window | None,
        not_whole: Callable[[], Sequence[date]],
        choose: Choose,
    ) -> ArchiveAnswer:
        """Give what matches; where the archive knows of nothing that does, the portal may.

        Of the days that are ``not_whole`` there may be more than it knows, in the same state.
        """
        catalog = self.archive.catalog
        with catalog.in_one_state():
            answer, days = matching(catalog, numbers, agents, window), not_whole()
        found = len(answer.given) + len(answer.absent) + len(answer.erased)
        may_match = self._name_untold(answer)
        if not found:
            self.announce(events.NoneArchived(catalog.days.since(), catalog.days.first_known()))
            return ArchiveAnswer(may_match, is_all=False)
        self.announce(events.ArchiveMatched(found))
        left_out = max(may_match, self._name_what_is_left_out(answer, days))
        if may_match or answer.absent or days:
            self.announce(events.PortalMayHaveMore())
        chosen = choose(answer.given)
        is_all = len(chosen) == len(answer.given)
        code = max(self._give(chosen), left_out if is_all else ExitCode.CLEAN)
        return ArchiveAnswer(code, is_all=True)

    def _name_untold(self, answer: SearchAnswer) -> ExitCode:
        """Name what may match as well: nothing readable tells its numbers and its agent."""
        if not answer.untold:
            return ExitCode.CLEAN
        self.announce(events.Untold(answer.untold))
        return ExitCode.FINDINGS

    def _name_what_is_left_out(self, answer: SearchAnswer, days: Sequence[date]) -> ExitCode:
        """Name what can't be given, and the days of which there may be more."""
        missing = (*answer.absent, *answer.erased)
        for each in missing:
            self.announce(events.NoAudioArchived(each, portal_is_asked=False))
        for day in days:
            self.announce(events.DayNotWhole(day, self._gap(day)))
        return ExitCode.FINDINGS if missing or days else ExitCode.CLEAN

    def _gap(self, day: date) -> events.Gap:
        known = self.archive.catalog.days
        unproven = {each.report for each in known.doubtful_listings(day)}
        if known.is_whole(Report.RECORDINGS, day):
            return events.Gap.NO_CALL_LOG
        if known.was_listed(Report.RECORDINGS, day) and Report.RECORDINGS not in unproven:
            return events.Gap.LISTED_EARLY
        return events.Gap.NOT_LISTED

    def _give(self, chosen: Sequence[Archived]) -> ExitCode:
        """Copy recordings out of the archive, checking each against the hash in its manifest."""
        self.target.check(len(chosen))
        return max(map(self._save, chosen), default=ExitCode.CLEAN)

    def _save(self, match: Archived) -> ExitCode:
        if match.audio is None:
            raise AssertionError("only what there is audio of is given")
        place = self._copy(match, match.audio)
        if place is None:
            self.announce(events.DamagedInArchive(match.id))
            return ExitCode.FINDINGS
        row = self._row(match, match.audio) if self.with_rows else None
        self.announce(events.SavedFromArchive(match.id, place, match, row=row))
        return ExitCode.CLEAN if match.is_good and not match.doubts else ExitCode.FINDINGS

    def _row(self, match: Archived, audio: ArchivedFile) -> HandedOver:
        known, documents = match.known, self.archive.documents
        sidecar = documents.sidecar(known.sidecar) if known.sidecar else None
        manifest = self.archive.catalog.recordings.proofs([known.id]).get(known.id)
        return archived_row(known, audio, sidecar, manifest)

    def _copy(self, match: Archived, audio: ArchivedFile) -> str | None:
        """Copy the bytes that the chain names; ``None`` where they are not there any more."""
        name = parse(audio.path)
        with self.target.draft() as draft:
            place = str(draft.path.parent)
            try:
                sha256 = hash_of(self.archive.store, audio.path, draft.file, place=place)
                is_whole = sha256 == audio.sha256
            except Missing:
                is_whole = False
            if name is None or not is_whole:
                return None
            marked = "" if match.is_good else ".quarantined"
            return self.target.keep(draft, stem(match.id, match.at) + marked, name.extension)


def portal_now(catalog: Catalog, utc_offset: int | None) -> tuple[datetime, int]:
    """Return the portal's wall clock and its minutes east of UTC, as the archive knows them."""
    offset = catalog.runs.utc_offset() if utc_offset is None else utc_offset
    return portal_time(offset), offset
