"""What a run takes for the portal's present time, from two clocks, a zone and the newest row."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from archiver.app.opening.windows import WindowRequest
from archiver.domain.recordings import RecordingId, Report, Row
from archiver.domain.times.clocks import Clocks, Trust
from archiver.domain.times.portal_zone import Offset
from archiver.domain.times.window import Window
from archiver.portal.proving.page_query import PageQuery
from archiver.portal.session import STANDING_S, PortalSession
from archiver.portal.wire.answers import AnswerShape, Page
from archiver.pull.doubts import evidence
from tests.lies.truth import uuid

NOW = datetime(2026, 3, 5, 2, 30, tzinfo=UTC)
WALL = NOW.replace(tzinfo=None)
HOUR = timedelta(hours=1)
KNOWN, ASSUMED = Offset(0, "inferred"), Offset(0, "default")


def session(
    *rows: timedelta,
    portal: timedelta | None = timedelta(),
    machine: timedelta = timedelta(),
    offset: Offset = KNOWN,
    trust: Trust = Trust.AUTO,
) -> PortalSession:
    """Open a portal whose rows and clocks are so far ahead of the true time."""
    listed = tuple(
        Row(RecordingId(str(number)), WALL + ahead, None, None, {})
        for number, ahead in enumerate(rows)
    )
    page = Page(listed, AnswerShape.NESTED, total=len(rows))
    clocks = Clocks(NOW + machine, None if portal is None else NOW + portal, trust)
    return PortalSession(
        page, PageQuery.first(Report.RECORDINGS, None), offset, is_fixed=False, clocks=clocks
    )


def ahead(of: PortalSession) -> timedelta:
    """Return how far the end of what may be listed is ahead of the true time."""
    return of.stands_at + timedelta(seconds=STANDING_S) - WALL


SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("of", "reaches"),
    [
        (session(-HOUR), timedelta()),
        (session(-SECOND, portal=-4 * SECOND, machine=9 * SECOND), -4 * SECOND),
        (session(-HOUR, portal=-3 * DAY), -HOUR),
        (session(-HOUR, machine=-3 * DAY), -HOUR),
        (session(-5 * DAY, portal=-3 * DAY), -3 * DAY),
        (session(-HOUR, portal=400 * DAY), timedelta()),
        (session(-HOUR, machine=3_650 * DAY), timedelta()),
        (session(-HOUR, 99 * DAY, portal=-3 * DAY), -HOUR),
        (session(-HOUR, portal=None), timedelta()),
        (session(-HOUR, portal=-3 * DAY, trust=Trust.PORTAL), -HOUR),
        (session(-HOUR, portal=9 * DAY, trust=Trust.MACHINE), timedelta()),
        (session(5.5 * HOUR, offset=ASSUMED), 5.5 * HOUR),
        (session(-8 * HOUR, offset=ASSUMED), timedelta()),
        (session(99 * DAY, 2 * HOUR, offset=ASSUMED), 2 * HOUR),
    ],
)
def test_the_end_is_where_no_clock_and_no_row_says_otherwise(
    of: PortalSession, reaches: timedelta
) -> None:
    assert abs(ahead(of) - reaches) <= timedelta(seconds=STANDING_S + 1)
    assert of.stands_at <= of.clocks.latest.replace(tzinfo=None) + 14 * HOUR


@pytest.mark.parametrize(
    ("of", "is_doubtful"),
    [
        (session(-HOUR), False),
        (session(-HOUR, portal=50 * SECOND), False),
        (session(-HOUR, portal=-240 * SECOND), False),
        (session(-HOUR, portal=-301 * SECOND), True),
        (session(-HOUR, machine=2 * HOUR), True),
        (session(-HOUR, portal=None), True),
        (session(-HOUR, portal=None, trust=Trust.PORTAL), True),
        (session(-HOUR, portal=None, trust=Trust.MACHINE), False),
        (session(-HOUR, portal=9 * DAY, trust=Trust.MACHINE), False),
        (session(-HOUR, portal=9 * DAY, trust=Trust.PORTAL), False),
        (session(HOUR), False),
        (session(1.2 * HOUR), True),
        (session(14 * HOUR, offset=ASSUMED), False),
        (session(-12 * HOUR, offset=ASSUMED), False),
        (session(16 * HOUR, offset=ASSUMED), True),
    ],
)
def test_only_clocks_make_a_clock_doubtful_and_no_zone(
    of: PortalSession,
    is_doubtful: bool,  # noqa: FBT001 - a case
) -> None:
    assert bool([*evidence.of_opening(of, None)]) is is_doubtful


def test_a_clock_behind_the_last_run_is_doubtful() -> None:
    of = session(-HOUR)
    assert [*evidence.of_opening(of, NOW + timedelta(minutes=4))] == []
    (said,) = evidence.of_opening(of, NOW + timedelta(minutes=6))
    assert "earlier than the last run ended" in said


def test_the_rows_that_vouch_are_newest_first_and_of_the_past() -> None:
    shown = session(-3 * HOUR, 2 * DAY, -HOUR).behaviour().witnesses.shown
    assert [each.id for each in shown] == ["2", "0"]


@pytest.mark.parametrize(
    ("offset", "last", "doubts"),
    [
        (ASSUMED, -3 * HOUR, 1),
        (ASSUMED, -12 * HOUR, 1),
        (ASSUMED, -12 * HOUR - SECOND, 0),
        (ASSUMED, HOUR, 1),
        (KNOWN, -3 * HOUR, 0),
        (KNOWN, HOUR, 0),
    ],
)
def test_a_window_is_over_when_it_is_in_every_zone_that_may_be_the_portals(
    offset: Offset, last: timedelta, doubts: int
) -> None:
    window = Window(WALL - 3 * DAY, WALL + last)
    assert len([*evidence.of_zone(session(-HOUR, offset=offset), [window])]) == doubts


def test_a_window_of_today_alone_is_not_taken_for_over() -> None:
    today = Window.day(WALL.date())
    assert [*evidence.of_zone(session(-HOUR, offset=ASSUMED), [today])] == []


def shown(
    *rows: tuple[datetime, int], source: str = "inferred", fixed: bool = False
) -> PortalSession:
    """Open a portal with rows of these moments of UTC, when its clock was so many minutes ahead."""
    listed = tuple(
        Row(
            RecordingId(uuid(Random(1), at)),
            (at + timedelta(minutes=m)).replace(tzinfo=None),
            None,
            None,
            {},
        )
        for at, m in rows
    )
    page = Page(listed, AnswerShape.NESTED, total=len(rows))
    offset = Offset(60, source)  # type: ignore[arg-type]  # a test names any
    return PortalSession(
        page,
        PageQuery.first(Report.RECORDINGS, None),
        offset,
        is_fixed=fixed,
        clocks=Clocks(NOW, NOW),
    )


@pytest.mark.parametrize(
    ("of", "may_be"),
    [
        (shown((NOW - HOUR, 60), (NOW + HOUR, 60)), (60,)),
        (shown((NOW - HOUR, 120), (NOW + HOUR, 120)), (120,)),
        (shown((NOW - HOUR, 120), (NOW + HOUR, 60)), (0, 180)),
        (shown((NOW + HOUR, 60), (NOW + DAY, 60)), (0, 120)),
        (shown((NOW - 40 * DAY, 60), (NOW + 40 * DAY, 60)), (0, 120)),
        (shown(), (0, 120)),
        (shown(source="default"), (-720, 840)),
        (shown(source="set", fixed=True), (60,)),
    ],
)
def test_a_time_with_an_offset_misses_nothing_where_the_page_does_not_show_the_clock(
    of: PortalSession, may_be: tuple[int, ...]
) -> None:
    assert of.offsets_at(WALL) == may_be
    asked = WindowRequest(since="2026-03-05T02:30Z", until="2026-03-05T02:30:59Z")
    whole = Window(WALL, WALL + 59 * SECOND)
    first, last = (whole.moved(timedelta(minutes=each)) for each in (may_be[0], may_be[-1]))
    assert asked.by(of) == Window(first.first, last.last)
    assert len([*asked.unsure(of)]) == 2 * (len(may_be) - 1)
