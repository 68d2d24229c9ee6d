"""What the catalog knows of each portal day that a page's calendar shows."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta

from archiver.catalog import Catalog
from archiver.catalog.questions.filtering.found_rows import FoundRow
from archiver.domain.recordings import Report
from archiver.domain.times.window import DAY, EARLIEST, Window
from archiver.report.day_states import DayFacts

MOST = timedelta(days=3_660)
"""So far back a calendar goes: what is dated in another century by a mistake is in the table."""


def day_facts(
    catalog: Catalog,
    rows: Sequence[FoundRow],
    reports: Sequence[Report],
    days: Sequence[date],
    today: date,
) -> list[DayFacts]:
    """Return what is known of some days.

    How a day stands is what the whole archive says of it; the recordings counted are ``rows``.
    Whether its certificate is there is left to who can read it.
    """
    settled = catalog.days.settled(reports, today)
    listed = catalog.days.rows_of(Report.RECORDINGS, days)
    open_days = Counter(each.at.date() for each in catalog.findings.matching(None, None) if each.at)
    known = Counter(row.at.date() for row in rows if row.at)
    return [
        DayFacts(
            day,
            listed=listed.get(day),
            known=known[day],
            open=open_days[day],
            is_settled=day in settled,
            is_doubtful=bool(catalog.days.doubtful_listings(day)),
            is_over=day < today,
        )
        for day in days
    ]


def days_shown(
    catalog: Catalog, rows: Sequence[FoundRow], window: Window | None, today: date
) -> list[date]:
    """Return the days of the window, else from the archive's first to today, oldest first.

    What the portal dates after today is in the table alone.
    """
    dated = [row.at.date() for row in rows if row.at and row.at.date() <= today]
    since = catalog.days.since()
    first, last = min([*dated, *([since] if since else [])], default=today), today
    if window is not None:
        first = first if window.first == EARLIEST else window.first.date()
        last = min(window.last.date(), today)
    first = max(first, last - MOST)
    return [first + number * DAY for number in range((last - first).days + 1)]
