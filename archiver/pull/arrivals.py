"""Which settled days are to be listed again, since more has come, and what keeps that from telling.

Asked once a run, when what it is to list is listed: of the last weeks by the portal's totals, of
all days by the first page without a filter.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from archiver.catalog import Catalog
from archiver.domain.recordings import RecordingId, Report
from archiver.domain.window import Window
from archiver.portal.client import Client
from archiver.portal.proving.slicing import drive
from archiver.portal.proving.walk import PortalBehaviour
from archiver.portal.proving.witnesses import Witness
from archiver.portal.session import PortalSession
from archiver.pull.late import LATE, late_days
from archiver.pull.shown import dated, unheard_of


@dataclass(frozen=True, slots=True)
class Arrived:
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


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Looks for what came late; of before ``kept_from``, if set, the provider has nothing."""

    client: Client
    catalog: Catalog
    session: PortalSession
    kept_from: date | None = None

    def look(self, settled: Collection[date], manners: Mapping[Report, PortalBehaviour]) -> Arrived:
        """Return what came for days that are ``settled`` in these reports.

        A portal that lists nothing of what the archive holds is asked for no more of it.
        """
        days, untold = set[date](), list[Window]()
        for report, behaviour in manners.items():
            if behaviour.witnesses.are_contradicted:
                continue
            listed = self.catalog.days.rows_of(report, [*filter(self._may_be_late, settled)])
            late = drive(late_days(report, listed, behaviour), self.client.fetch)
            days |= late.days
            untold += late.untold
        shown = unheard_of(dated(self.session.listed), settled, self._recordings)
        days.update(each.at.date() for each in shown)
        if Report.CALLS in manners:
            calls = unheard_of(manners[Report.CALLS].witnesses.shown, settled, self._calls)
            days.update(each.at.date() for each in calls)
        return Arrived(tuple(sorted(days)), shown, tuple(untold))

    def _may_be_late(self, day: date) -> bool:
        today = self.session.stands_at.date()
        first = today - min(LATE, today - date.min)
        return day >= max(first, self.kept_from or first)

    def _recordings(
        self, ids: Collection[RecordingId]
    ) -> Mapping[RecordingId, Collection[datetime | None]]:
        """Return the times at which recordings of these ids are known."""
        known = self.catalog.rows.namesakes(Report.RECORDINGS, ids)
        return {id_: [mark.at for mark in marks.values()] for id_, marks in known.items()}

    def _calls(
        self, ids: Collection[RecordingId]
    ) -> Mapping[RecordingId, Collection[datetime | None]]:
        return self.catalog.rows.calls(ids)
