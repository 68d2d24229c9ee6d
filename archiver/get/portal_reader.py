"""What the portal gives of a request: each recording that it lists, fetched, judged and saved."""

from collections.abc import Callable, Sequence
from datetime import datetime

from msgspec import Struct

from archiver.domain.layout import stem
from archiver.domain.recordings import Essential, Row
from archiver.domain.times.window import Window
from archiver.errors import ExitCode, LinkExpired, RecordingError, TryAgain
from archiver.filters.short_ids import meant, see_unambiguous
from archiver.get import get_events as events
from archiver.get.archive_search import Archived
from archiver.get.from_portal import FetchedFile, Fetcher, SearchTerms, find
from archiver.get.handed_rows import with_talkers
from archiver.get.matches import Choose
from archiver.get.output_files import Target
from archiver.handover.handed_over import HandedOver
from archiver.portal.proving.odd_rows import reason_of
from archiver.portal.proving.walk import Listed
from archiver.pull.job.task import ERASED_BEFORE, NONE_ERASED, ErasedAudio


class PortalMatch(Struct, frozen=True):
    """A row of the portal that fits."""

    listed: Listed

    @property
    def id(self) -> str:
        """Its id."""
        return self.listed.row.id

    @property
    def at(self) -> datetime | None:
        """Its portal time."""
        return self.listed.row.at

    @property
    def reported_ms(self) -> int | None:
        """Its reported length in milliseconds."""
        return self.listed.row.reported_ms

    @property
    def who(self) -> str:
        """Who talked to whom."""
        fields = self.listed.row.fields
        return " to ".join(str(fields[n]) for n in ("call_from", "call_to") if fields.get(n))

    @property
    def state(self) -> str:
        """Nothing is known of it before it is fetched."""
        return ""


class PortalReader(Struct, frozen=True):
    """A portal that is asked, and where what it gives is saved.

    What is saved ``with_rows`` is told with its row of a list. What is ``erased`` in the archive
    that was asked before, by an id as served, is named and not fetched; ``erased_audio`` is not
    saved, under whichever id. What is ``archived_only`` is wanted, and of none of the rows.
    """

    fetcher: Fetcher
    target: Target
    announce: events.AnnounceGet
    with_rows: bool = False
    erased: Callable[[str], Archived | None] = lambda _: None
    erased_audio: ErasedAudio = NONE_ERASED
    archived_only: Callable[[SearchTerms, Sequence[Row]], Sequence[Archived]] = lambda *_: ()

    def get(self, wanted: SearchTerms, choose: Choose) -> ExitCode:
        """Find what is wanted and save it; of what no id names, that which is chosen."""
        search = find(self.fetcher.client, self.fetcher.session, wanted)
        matches = [PortalMatch(each) for each in search.listed if _is_then(each, wanted.window)]
        code = self._name_missing(wanted, matches, proven=search.proven)
        left_out = self._name_archived_only(wanted, matches)
        listed = len(matches)
        matches = [each for each in matches if not self._names_erased(each)]
        if not matches:
            return ExitCode.FINDINGS
        code = max(code, ExitCode.FINDINGS if len(matches) < listed else ExitCode.CLEAN)
        chosen = matches if wanted.ids else choose(matches)
        code = max(code, left_out if len(chosen) == len(matches) else ExitCode.CLEAN)
        self.target.check(len(chosen))
        return max([code, *map(self._save, chosen)])

    def _name_missing(
        self, wanted: SearchTerms, matches: Sequence[PortalMatch], *, proven: bool
    ) -> ExitCode:
        """Name what was looked for and not found, and say whether more may be there."""
        found = [match.listed.row.id for match in matches]
        see_unambiguous(wanted.ids, found)
        absent = sorted(each for each in wanted.ids if not meant(each, found))
        for id_ in absent:
            self.announce(events.NotListed(id_, wanted.window))
        if wanted.window and not (matches or wanted.ids):
            self.announce(events.NothingMatches(wanted.window))
        if not proven:
            self.announce(events.NotProven())
        return ExitCode.CLEAN if proven and not absent else ExitCode.FINDINGS

    def _name_archived_only(self, wanted: SearchTerms, matches: Sequence[PortalMatch]) -> ExitCode:
        """Name what the archive has audio of and the portal did not list."""
        missing = self.archived_only(wanted, [each.listed.row for each in matches])
        if not missing:
            return ExitCode.CLEAN
        self.announce(events.ArchivedOnly(tuple(missing)))
        return ExitCode.FINDINGS

    def _names_erased(self, match: PortalMatch) -> bool:
        """Name what the archive knows as erased; tell whether it does."""
        erased = self.erased(match.id)
        if erased is not None:
            self.announce(events.NoAudioArchived(erased, portal_is_asked=False))
        return erased is not None

    def _save(self, match: PortalMatch) -> ExitCode:
        """Fetch one recording; one that fails does not stop the others."""
        row = match.listed.row
        if row.link is None:
            why = reason_of(match.listed) or row.unread.get(Essential.AUDIO)
            self.announce(events.NoAudio(match.id, why))
            return ExitCode.FINDINGS
        with self.target.draft() as draft, self.target.draft() as spare:
            try:
                fetched = self.fetcher.fetch(match.listed, draft, spare)
            except (TryAgain, LinkExpired, RecordingError) as error:
                self.announce(events.NotFetched(match.id, error))
                return ExitCode.FINDINGS
            facts, judgement = fetched.facts, fetched.judgement
            if self.erased_audio.has(fetched.sha256, facts.duration_ms):
                self.announce(events.NoAudio(match.id, ERASED_BEFORE))
                return ExitCode.FINDINGS
            told = self._row(match, fetched) if self.with_rows else None
            place = self.target.keep(fetched.place, stem(match.id, match.at), facts.extension)
        self.announce(events.SavedFromPortal(match.id, place, facts, judgement, row=told))
        is_clean = judgement.verdict.is_good and not judgement.concerns
        return ExitCode.CLEAN if is_clean else ExitCode.FINDINGS

    def _row(self, match: PortalMatch, fetched: FetchedFile) -> HandedOver:
        """Return the row of what was fetched: no manifest names it."""
        judgement = fetched.judgement
        row = HandedOver(
            id=match.id,
            path="",
            bytes=fetched.facts.bytes,
            sha256=fetched.sha256,
            at=match.at,
            offset=self.fetcher.session.offset.minutes,
            manifest=None,
            length_ms=fetched.facts.duration_ms,
            reported_ms=match.reported_ms,
            verdict=judgement.verdict.value,
            finding=", ".join(judgement.concerns),
        )
        return with_talkers(row, match.listed.row.fields)


def _is_then(listed: Listed, window: Window | None) -> bool:
    """Whether a row is of the time that was asked for, or may be: some have none."""
    return window is None or listed.row.at is None or listed.row.at in window
