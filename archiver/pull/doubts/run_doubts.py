"""Why a run as a whole is not to be believed: what it shows against the portal, or its clock.

What is doubted is entered in the run's manifests, so that it settles no day, and said.
"""

from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct

from archiver.concurrency.stop import check_not_stopped
from archiver.domain.recordings import Report
from archiver.errors import ArchiverError
from archiver.portal.proving.page_query import PageQuery
from archiver.portal.proving.portal_behaviour import PortalBehaviour
from archiver.pull import events
from archiver.pull.arrivals.shown import dated, readable, unheard_of
from archiver.pull.call_log import CallLog
from archiver.pull.doubts import evidence
from archiver.pull.run_context import RunContext

HasGoneSilent = Callable[[Report, PortalBehaviour], bool]
"""Tells whether a portal that listed rows of a report lists none at all any more."""


class RunDoubts(Struct, frozen=True):
    """The doubts of one run; ``behaviour`` is how the portal lists recordings."""

    run: RunContext
    behaviour: PortalBehaviour
    call_log: CallLog | None

    def of_what_is_hidden(self) -> None:
        """Hold what was shown without being asked for against what was listed.

        That are the first pages without a filter, and what came for windows in which it is not.
        """
        ledger = self.run.ledger
        opening = dated(readable(self.run.session.listed))
        shown = {Report.RECORDINGS: (*opening, *self.behaviour.strays)}
        if self.call_log is not None and ledger.calls.days.proven:
            calls = self.call_log.behaviour
            shown[Report.CALLS] = (*calls.witnesses.shown, *calls.strays)
        for observed in (ledger.recordings, ledger.calls):
            windows = observed.days.proven
            rows = shown.get(observed.report, ())
            listed = [each for each in rows if any(each.at in window for window in windows)]
            days = {each.at.date() for each in listed}
            hidden = unheard_of(listed, days, observed.times_of)
            self.note(evidence.of_what_is_hidden(observed.report, hidden))

    def at_the_end(self) -> None:
        """Say what a run as a whole shows; what waited in it and is listed no more is gone."""
        ledger = self.run.ledger
        check_not_stopped(self.run.stop_requested)
        both = ledger.recordings, ledger.calls
        waiting = [known for observed in both for known in observed.waiting_unlisted()]
        for entry in ledger.mark_gone(waiting):
            self.run.announce(events.Missed(entry))
        check_not_stopped(self.run.stop_requested)
        trend = self.run.ledger.counts.trend()
        if trend:
            self.run.announce(events.Noticed(trend))
        for lost in self.run.ledger.note_unlisted():
            if lost.count:
                self.run.announce(events.Noticed(evidence.words_of(lost)))
            self.note(evidence.of_unlisted(lost))
        check_not_stopped(self.run.stop_requested)
        self.note(self._contradictions(self._has_gone_silent, evidence.of_the_end))

    def at_a_stop(self, why: str) -> None:
        """Enter what a run shows that was stopped: its days settle like those of any other.

        Where that can't be told any more, it is doubtful for that alone.
        """
        try:
            for lost in self.run.ledger.note_unlisted():
                self.note(evidence.of_unlisted(lost))
            self.note(self._contradictions(_ends_in_silence, evidence.of_a_stop))
        except ArchiverError:
            self.note((evidence.of_a_cut(why),))

    def _contradictions(
        self, has_gone_silent: HasGoneSilent, of_silence: Callable[[Report], str]
    ) -> Iterator[str]:
        """Yield what the run as a whole shows against the portal's word, or its clock."""
        if not self.run.session.clocks.are_doubtful:
            yield from evidence.of_clocks(self.run.client.clock.furthest)
        if self.behaviour.witnesses.are_contradicted:
            yield evidence.of_rights(Report.RECORDINGS)
        elif has_gone_silent(Report.RECORDINGS, self.behaviour):
            yield of_silence(Report.RECORDINGS)
        if self.call_log is None:
            return
        if self.call_log.is_contradicted:
            yield evidence.of_rights(Report.CALLS)
        elif has_gone_silent(Report.CALLS, self.call_log.behaviour):
            yield of_silence(Report.CALLS)
        if self.call_log.claimed and not self.run.ledger.recordings.has_rows:
            yield evidence.of_silence(self.call_log.claimed)

    def _has_gone_silent(self, report: Report, behaviour: PortalBehaviour) -> bool:
        """Whether the portal lists nothing at all any more, though it did when the run began.

        Asked where the last that it listed was nothing: a right may end while a run lasts.
        """
        if not behaviour.is_silent:
            return False
        (page,) = self.run.client.fetch((PageQuery.first(report, None),))
        return not page.rows

    def note(self, texts: Iterable[str]) -> None:
        """Say and enter why the run as a whole is not to be believed."""
        for text in texts:
            if self.run.ledger.counts.doubt(text):
                self.run.announce(events.Doubted(text))


def _ends_in_silence(_report: Report, behaviour: PortalBehaviour) -> bool:
    """Whether the last that was listed was nothing; a run that is stopped asks no more of it."""
    return behaviour.is_silent
