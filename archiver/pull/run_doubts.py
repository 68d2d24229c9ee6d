"""Why a run as a whole is not to be believed: what it shows against the portal, or its clock.

What is doubted is entered in the run's manifests, so that it settles no day, and said.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from archiver.concurrency.stop import StopRequested, check_not_stopped
from archiver.domain.recordings import Report
from archiver.errors import ArchiverError
from archiver.portal.client import Client
from archiver.portal.proving.walk import PageQuery, PortalBehaviour
from archiver.portal.session import PortalSession
from archiver.pull import events
from archiver.pull.call_log import CallLog
from archiver.pull.ledger import doubts
from archiver.pull.ledger.ledger import Ledger

HasGoneSilent = Callable[[Report, PortalBehaviour], bool]
"""Tells whether a portal that listed rows of a report lists none at all any more."""


@dataclass(frozen=True, slots=True)
class RunDoubts:
    """The doubts of one run; ``behaviour`` is how the portal lists recordings."""

    client: Client
    session: PortalSession
    behaviour: PortalBehaviour
    call_log: CallLog | None
    ledger: Ledger
    stop_requested: StopRequested
    announce: events.Announce

    def at_the_end(self) -> None:
        """Say what a run as a whole shows."""
        check_not_stopped(self.stop_requested)
        for entry in self.ledger.mark_gone_unlisted():
            self.announce(events.Missed(entry))
        check_not_stopped(self.stop_requested)
        trend = self.ledger.counts.trend()
        if trend:
            self.announce(events.Noticed(trend))
        for lost in self.ledger.note_unlisted():
            if lost.count:
                self.announce(events.Noticed(doubts.words_of(lost)))
            self.note(doubts.of_unlisted(lost))
        check_not_stopped(self.stop_requested)
        self.note(self._contradictions(self._has_gone_silent, doubts.of_the_end))

    def at_a_stop(self) -> None:
        """Enter what a run shows that was stopped: its days settle like those of any other.

        Where that can't be told any more, it is doubtful for that alone.
        """
        try:
            for lost in self.ledger.note_unlisted():
                self.note(doubts.of_unlisted(lost))
            self.note(self._contradictions(_ends_in_silence, doubts.of_a_stop))
        except ArchiverError:
            self.note((doubts.UNTOLD,))

    def _contradictions(
        self, has_gone_silent: HasGoneSilent, of_silence: Callable[[Report], str]
    ) -> Iterator[str]:
        """Yield what the run as a whole shows against the portal's word, or its clock."""
        if not self.session.clocks.are_doubtful:
            yield from doubts.of_clocks(self.client.clock.furthest)
        if self.behaviour.witnesses.are_contradicted:
            yield doubts.of_rights(Report.RECORDINGS)
        elif has_gone_silent(Report.RECORDINGS, self.behaviour):
            yield of_silence(Report.RECORDINGS)
        if self.call_log is None:
            return
        if self.call_log.is_contradicted:
            yield doubts.of_rights(Report.CALLS)
        elif has_gone_silent(Report.CALLS, self.call_log.behaviour):
            yield of_silence(Report.CALLS)
        if self.call_log.claimed and not self.ledger.recordings.has_rows:
            yield doubts.of_silence(self.call_log.claimed)

    def _has_gone_silent(self, report: Report, behaviour: PortalBehaviour) -> bool:
        """Whether the portal lists nothing at all any more, though it did when the run began.

        Asked where the last that it listed was nothing: a right may end while a run lasts.
        """
        if not behaviour.is_silent:
            return False
        (page,) = self.client.fetch((PageQuery.first(report, None),))
        return not page.rows

    def note(self, texts: Iterable[str]) -> None:
        """Say and enter why the run as a whole is not to be believed."""
        for text in texts:
            if self.ledger.counts.doubt(text):
                self.announce(events.Doubted(text))


def _ends_in_silence(_report: Report, behaviour: PortalBehaviour) -> bool:
    """Whether the last that was listed was nothing; a run that is stopped asks no more of it."""
    return behaviour.is_silent
