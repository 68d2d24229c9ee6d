"""What a day lacks is counted again when all is listed, and forgiven only where it moved."""

from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta

import pytest

from archiver.domain.recordings import RecordingId, Report
from archiver.domain.row.fingerprint import mark_of
from archiver.domain.times.window import DAY, Window
from archiver.portal.proving.page_query import PageQuery
from archiver.portal.proving.walk import Listed
from archiver.pull.ledger.day_log import Days
from archiver.pull.ledger.seen_ids import SeenIds
from tests.archives import MORNING, row

ID = RecordingId("7")
TODAY = Window.day(MORNING.date())


@pytest.mark.parametrize(
    ("later", "known", "missing"),
    [(DAY, False, 0), (DAY, True, 1), (timedelta(), False, 1), (None, True, 1)],
)
def test_a_day_lacks_no_row_that_is_of_another_day_by_now(
    later: timedelta | None, *, known: bool, missing: int
) -> None:
    """One that came later with its own day shows that the filter had put it elsewhere."""
    with closing(SeenIds(mark_of)) as seen:

        def lost(window: Window) -> Iterator[tuple[date, RecordingId]]:
            if MORNING in window and ID not in seen:
                yield MORNING.date(), ID

        days = Days(Report.CALLS, seen, lost)
        (listed,) = days.end(TODAY).days
        assert listed.missing == 1
        days.told(days.dealt_with())
        if later is not None:
            seen.add((Listed(row(ID, MORNING + later), PageQuery.first(Report.CALLS, TODAY)),))
        days.count_anew(lambda _: [ID] if known else [])
        assert days.ended[TODAY.first.date()].missing == missing
        assert [each.missing for each in days.dealt_with()] == ([] if missing else [0])
