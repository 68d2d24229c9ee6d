"""Which settled days are to be listed again, since more has come, and what keeps that from telling.

Asked once a run, when what it is to list is listed: of the last weeks by the portal's totals, of
all days by the first page without a filter.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime

from msgspec import Struct

from archiver.domain.recordings import RecordingId, Report
from archiver.domain.times.window import DAY, Window
from archiver.portal.proving.portal_behaviour import PortalBehaviour
from archiver.portal.proving.slicing import drive
from archiver.portal.proving.witnesses import Witness
from archiver.pull.arrivals.late import LATE, late_days
from archiver.pull.arrivals.shown import dated, unheard_of
from archiver.pull.call_log import CallLog
from archiver.pull.run_context import RunContext


class Arrived(Struct, frozen=True):
    """The days to list again; recordings that were ``shown`` of them, and are not known.

    Of the ``untold`` spans the portal did not say how many rows it has.
    """

    days: tuple[date, ...] = ()
    shown: tuple[Witness, ...] = ()
    untold: tuple[Window, ...] = ()

    @property
    def windows(self) -> tuple[Window, ...]:
        """The days as windows, the oldest first."""
        return tuple(map(Window.day, self.days))


NOTHING_ARRIVED = Arrived()


class Arrivals(Struct, frozen=True):
    """Looks for what came late; of before ``kept_from``, if set, the provider has nothing.

    Calls are looked for where there is a ``call_log``; ``behaviour`` is how recordings are listed.
    """

    run: RunContext
    behaviour: PortalBehaviour
    call_log: CallLog | None = None
    kept_from: date | None = None

    def look(self, windows: Sequence[Window]) -> Arrived:
        """Return what came for settled days, but for those of the ``windows``, which were listed.

        A portal that lists nothing of what the archive holds is asked for no more of it.
        """
        reports = [Report.RECORDINGS, *([Report.CALLS] if self.call_log else [])]
        settled = self.run.catalog.days.settled(reports, self.run.session.stands_at.date())
        settled -= {day for window in windows for day in window.each_day()}
        return self._arrived(settled) if settled else NOTHING_ARRIVED

    def _arrived(self, settled: Collection[date]) -> Arrived:
        manners = {Report.RECORDINGS: self.behaviour}
        if self.call_log is not None:
            manners[Report.CALLS] = self.call_log.behaviour
        days, untold, shown = self._beside_missing(settled), list[Window](), list[Witness]()
        for report, behaviour in manners.items():
            if behaviour.witnesses.are_contradicted:
                continue
            listed = self.run.catalog.days.rows_of(report, [*filter(self._may_be_late, settled)])
            late = drive(late_days(report, listed, behaviour), self.run.client.fetch)
            days |= late.days
            untold += late.untold
            opening = behaviour.witnesses.shown
            if report is Report.RECORDINGS:
                opening = dated(self.run.session.listed)
            unknown = self._unknown(report, (*dated(late.shown), *opening), settled)
            shown += unknown if report is Report.RECORDINGS else ()
            days.update(each.at.date() for each in unknown)
        if self.call_log is not None:
            days |= self._former_days(settled)
        return Arrived(tuple(sorted(days)), tuple(shown), tuple(untold))

    def _beside_missing(self, settled: Collection[date]) -> set[date]:
        """Return the settled days beside those of which something is missing by now.

        The portal may have corrected a time over a midnight, and the total of both is as it was.
        """
        ledger = self.run.ledger
        lacking = (*ledger.recordings.days.lacking, *ledger.calls.days.lacking)
        return {each.day + step for each in lacking for step in (-DAY, DAY)} & {*settled}

    def _former_days(self, settled: Collection[date]) -> set[date]:
        """Return the settled days on which calls that are missing by now ended before."""
        days_of = self.run.catalog.calls.days_of
        missing = self.run.ledger.calls.lacking()
        return {day for call in missing for day in days_of(call) if day and day in settled}

    def _unknown(
        self, report: Report, shown: tuple[Witness, ...], settled: Collection[date]
    ) -> tuple[Witness, ...]:
        """Return the rows of settled days that were shown in this run, and that nothing knows."""
        if report is Report.CALLS:
            erased = self.run.catalog.erased.calls_among({each.id for each in shown})
            left = (each for each in shown if each.id not in erased)
            return unheard_of(left, settled, self.run.catalog.rows.calls)
        return unheard_of(shown, settled, self._recordings)

    def _may_be_late(self, day: date) -> bool:
        today = self.run.session.stands_at.date()
        first = today - min(LATE, today - date.min)
        return day >= max(first, self.kept_from or first)

    def _recordings(
        self, ids: Collection[RecordingId]
    ) -> Mapping[RecordingId, Collection[datetime | None]]:
        """Return the times at which recordings of these ids are known."""
        known = self.run.catalog.rows.namesakes(Report.RECORDINGS, ids)
        return {id_: [mark.at for mark in marks.values()] for id_, marks in known.items()}
