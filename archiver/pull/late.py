"""What arrives for days that are settled: the portal's totals tell, held against what was listed.

A branch that was cut off for a week uploads what it recorded, when its days are settled and listed
no more. One question a night, over the weeks in which that may be, finds it; where the portal has
more, halves of the span are asked until the days stand alone. They are listed again then.

Where the portal gives no totals, or honours no dates, nothing is asked.
"""

from collections.abc import Mapping
from datetime import date, timedelta

from archiver.domain.recordings import Report
from archiver.domain.window import Window
from archiver.portal.proving.walk import Honoured, PageQuery, PortalBehaviour, QueryPlan
from archiver.pull.ledger.backlog import MOST_SPANS, joined

LATE = timedelta(days=28)
"""So long after a day's end what arrives for it is still looked for."""
MOST_DAYS = 7
"""So many days are listed again in one run at most; the next run finds the others."""


def late_days(
    report: Report, listed: Mapping[date, int], behaviour: PortalBehaviour
) -> QueryPlan[set[date]]:
    """Return some of the days of which the portal has more rows than were ``listed`` of them."""
    spans = joined(map(Window.day, listed))
    found: set[date] = set()
    if behaviour.filter_support < Honoured.DAYS or len(spans) > MOST_SPANS:
        return found
    waiting = [*spans]
    while waiting and len(found) < MOST_DAYS:
        span = waiting.pop()
        (page,) = yield (PageQuery.first(report, span),)
        days = [*span.each_day()]
        if page.outside(span) or (page.total or 0) <= sum(listed[day] for day in days):
            continue
        if len(days) == 1:
            found.update(days)
        else:
            waiting += span.cut(2)
    return found
