"""What a day lacks is counted again when all is listed, and forgiven only where it moved."""

from collections.abc import Iterator
from contextlib import closing
from datetime import date, datetime, timedelta

import pytest
from msgspec.structs import replace

from archiver.domain.recordings import RecordingId, Report, Row
from archiver.domain.row.fingerprint import talkers
from archiver.domain.row.identity import alias
from archiver.domain.times.window import DAY, Window
from archiver.portal.proving.page_query import PageQuery
from archiver.portal.proving.walk import Listed
from archiver.pull.ledger.day_log import Days
from archiver.pull.ledger.seen_ids import SeenIds
from tests.archives import MORNING, row

ID = RecordingId("7")
TODAY = Window.day(MORNING.date())


@pytest.mark.parametrize(("later", "missing"), [(DAY, 0), (timedelta(), 1), (None, 1)])
def test_a_day_lacks_no_row_that_is_of_another_day_by_now(
    later: timedelta | None, missing: int
) -> None:
    """One that came later with its own day shows that the filter had put it elsewhere."""
    with closing(SeenIds(Report.CALLS)) as seen:

        def lost(window: Window) -> Iterator[tuple[date, RecordingId]]:
            if MORNING in window and ID not in seen:
                yield MORNING.date(), ID

        days = Days(Report.CALLS, seen, lost)
        (listed,) = days.end(TODAY).days
        assert listed.missing == 1
        days.told(days.dealt_with())
        if later is not None:
            seen.add((Listed(row(ID, MORNING + later), PageQuery.first(Report.CALLS, TODAY)),))
        days.count_anew()
        assert days.ended[TODAY.first.date()].missing == missing
        assert [each.missing for each in days.dealt_with()] == ([] if missing else [0])


@pytest.mark.parametrize(
    ("hours", "caller", "is_there"),
    [(0, "a", True), (0, "b", True), (24, "a", True), (24, "b", False), (5, "b", False)],
)
def test_a_call_is_listed_still_with_its_end_or_between_its_people(
    hours: int, caller: str, *, is_there: bool
) -> None:
    """The portal corrects when a call ended; one of others by the same id is another call."""

    def call(at: datetime, caller: str) -> Row:
        return Row(ID, at, None, None, {"id": 7, "call_from": caller, "call_to": "c"})

    with closing(SeenIds(Report.CALLS)) as seen:
        query = PageQuery.first(Report.CALLS, TODAY)
        listed = call(MORNING + timedelta(hours=hours), caller)
        there = call(MORNING + 3 * DAY, "x")
        seen.add([Listed(listed, query), Listed(replace(there, id=alias(ID, "3")), query)])
        assert seen.has_call(ID, MORNING, talkers(call(MORNING, "a").fields)) is is_there
        assert seen.has_call(ID, there.at or MORNING, "of nobody"), "one by an alias of the id"
