"""Laying the call log beside the archive, day by day: the use case, from request to result."""

from datetime import date

from msgspec import Struct

from archiver.app.opening.archive.archives import followed, locked_store, open_existing
from archiver.app.opening.archive.compliance import confirm
from archiver.app.opening.archive.journals import journal_of
from archiver.app.opening.archive.reviewing import reviewer_of
from archiver.app.opening.context import Context
from archiver.app.opening.typed_offsets import ArchivedOffsets
from archiver.app.opening.windows import WindowRequest
from archiver.app.reconciling.portal_calls import PortalCalls, list_calls
from archiver.app.reconciling.reconciliation_result import Reconciliation
from archiver.catalog import Catalog
from archiver.completeness.certified import read_certificate
from archiver.completeness.certifying import Certifier
from archiver.completeness.review import Reviewer
from archiver.concurrency.stop import NEVER
from archiver.domain.times.wall_clock import clock_lag
from archiver.errors import UsageError
from archiver.get.archive_reader import portal_now
from archiver.open_archive import OpenArchive


class ReconcileRequest(Struct, frozen=True):
    """Which portal days, each as a whole, and how much of them must be complete.

    With ``asks_portal``, the portal's call log is listed as well. ``certify`` writes a certificate
    for each day that is settled and adds up. ``min_complete`` is hundredths of a per cent of the
    calls that must have a recording; all of them, if it is not given.
    """

    window: WindowRequest
    asks_portal: bool = False
    certify: bool = False
    min_complete: int | None = None


def reconcile(request: ReconcileRequest, context: Context) -> Reconciliation:
    """Add up the calls, the recordings and the archive of each day of a window that is over.

    It is worked out of the archive alone, unless the portal shall be asked; downloads nothing.
    Raises :class:`UsageError` where no window is named, none of it is over, or there is no archive.
    """
    request.window.require("calls")
    with open_existing(context) as archive:
        wanted = _Wanted(request, context, *_days(request, context, archive.catalog))
        listed = list_calls(wanted.days, context) if request.asks_portal else None
        if not request.certify:
            return wanted.result(archive, listed)
    return _certified(wanted, context, listed)


def _certified(wanted: "_Wanted", context: Context, listed: PortalCalls | None) -> Reconciliation:
    """Certify the days that add up; by the archive alone, whatever the portal says beside it."""
    confirm(context)
    with (
        locked_store(context) as store,
        followed(context, store, journal_of(context, store)) as archive,
    ):
        certifier = Certifier(archive, wanted.reviewer(archive, None))
        new = certifier.certify(wanted.days, NEVER).days
        return wanted.result(archive, listed, new)


def _days(
    request: ReconcileRequest, context: Context, catalog: Catalog
) -> tuple[date, tuple[date, ...]]:
    """Return the portal's present day, and the days of the window that are over.

    What was over when the last run ended is, also where this machine's clock is behind that.
    """
    utc_offset = context.settings.portal.utc_offset
    now, _ = portal_now(catalog, utc_offset)
    latest = now + clock_lag(catalog.runs.last_at())
    offsets = ArchivedOffsets(catalog, utc_offset)
    offsets.tell(request.window.with_offset, context.listener)
    window = request.window.at(latest, offsets.at)
    days = tuple(day for day in window.each_day() if day < latest.date())
    if not days:
        raise UsageError(
            f"No day of {window} is over yet (portal time).", advice="Name a day before today."
        )
    return now.date(), days


class _Wanted(Struct, frozen=True):
    """What is asked of which days."""

    request: ReconcileRequest
    context: Context
    today: date
    days: tuple[date, ...]

    def reviewer(self, archive: OpenArchive, listed: PortalCalls | None) -> Reviewer:
        calls = listed.calls if listed else None
        return reviewer_of(self.context, archive, self.today, calls)

    def result(
        self, archive: OpenArchive, listed: PortalCalls | None, certified: tuple[date, ...] = ()
    ) -> Reconciliation:
        reviewer = self.reviewer(archive, listed)
        with self.context.listener.waiting("adding up the days"):
            days = tuple(map(reviewer.review, self.days))
            lost = tuple(
                day.day
                for day in days
                if day.certificate
                and not read_certificate(archive.documents, day.certificate, day.day)
            )
        return Reconciliation(
            days=days,
            undated=reviewer.undated,
            head=archive.catalog.followed(),
            listing_proven=listed.proven if listed else None,
            min_complete=self.request.min_complete,
            certified=certified,
            lost=lost,
        )
