"""Answers that a limit cut are seen where they are held against others, and never believed."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from archiver.domain.recordings import RecordingId, Report
from archiver.domain.times.window import SECOND, Window
from archiver.portal.proving.page_query import PageQuery
from archiver.portal.proving.proof import prove
from archiver.portal.proving.slicing import drive, slices
from archiver.portal.wire.answers import AnswerShape, Page
from tests.conftest import Figure
from tests.portal.memory import NOW, STANDING, Moods, Portal, filled

FIRST = datetime(2021, 4, 17)  # noqa: DTZ001 - the portal's own clock has no zone
DAYS = Window.days(FIRST.date(), (FIRST + timedelta(days=2)).date()).by_day()
NIGHT = (*DAYS, Window(FIRST + timedelta(days=3), NOW - STANDING))
"""What a night lists: three days, and the one that has begun."""
SLICE = 300


def spread(count: int, *windows: Window) -> list[datetime]:
    """Return the times of so many rows in each window, at equal distances."""
    return [
        window.first + n * window.seconds // count * SECOND
        for window in windows
        for n in range(count)
    ]


def listed(portal: Portal, *windows: Window) -> tuple[set[RecordingId], bool]:
    """List windows as a run does; return the ids that were listed, and whether all is proven."""
    behaviour = portal.behaviour()
    listings = [
        listing
        for window in windows
        for listing in slices(
            Report.RECORDINGS, window, behaviour, fetch=portal.fetch, most_rows=lambda _: SLICE
        )
    ]
    ids = {each.row.id for listing in listings for each in listing.listed}
    return ids, all(listing.proven for listing in listings)


@pytest.mark.parametrize("shape", AnswerShape)
@pytest.mark.parametrize("limit", [400, 300, 250])
def test_what_exceeds_a_limit_is_listed_in_parts_and_unproven(
    limit: int, shape: AnswerShape, figure: Figure
) -> None:
    portal = filled(spread(900, DAYS[0]), Moods(limit=limit, shape=shape))
    ids, proven = listed(portal, DAYS[0])
    assert (len(ids), proven) == (900, False)
    row, asked = "G2" if shape is AnswerShape.FLAT else "G1", len(portal.asks)
    figure(row, f"{shape}, 900 rows cut at {limit}: all listed, unproven, {asked} asked")


HIDING = (
    Moods(limit=20),
    Moods(limit=20, no_total=True),
    Moods(limit_of_rows=20),
    Moods(limit_of_totals=20),
    Moods(limit=20, blind_to_times=True),
    Moods(limit=20, times_as_now=True),
    Moods(limit=20, first_page_again=True),
    Moods(limit=20, shape=AnswerShape.FLAT),
    Moods(limit=20, shape=AnswerShape.FLAT, blind_to_times=True),
)
"""Ways to hide rows behind a limit, in the first answer to anything."""


@pytest.mark.parametrize("count", [21, 39, 40, 41, 120])
@pytest.mark.parametrize("moods", HIDING)
def test_no_limit_on_a_day_is_taken_for_its_end(moods: Moods, count: int, figure: Figure) -> None:
    portal = filled(spread(count, *DAYS), moods)
    truth = portal.within(Window(DAYS[0].first, DAYS[-1].last))
    ids, proven = listed(portal, *NIGHT)
    assert not proven or ids == truth
    seen = f"{len(ids)} of {len(truth)}, proven {proven}"
    figure(
        "G2" if moods.shape is AnswerShape.FLAT else "G1",
        f"{count} rows a day and a limit of 20: {seen}, false green 0",
    )


@pytest.mark.parametrize("limit", [4, 5])
@pytest.mark.parametrize("shape", AnswerShape)
def test_a_limit_below_a_page_is_seen_too(limit: int, shape: AnswerShape) -> None:
    portal = filled(spread(6, *DAYS), Moods(limit=limit, shape=shape))
    ids, proven = listed(portal, DAYS[1])
    assert not proven
    assert ids == portal.within(DAYS[1])


def test_what_is_smaller_than_another_answer_is_not_asked_about_again() -> None:
    portal = filled(spread(40, *DAYS, Window.day((FIRST - timedelta(days=9)).date())))
    assert listed(portal, *NIGHT)[1]
    pages = 3 * len(DAYS) + 1
    assert len(portal.asks) == pages + 4, (
        "the month around and before, and again, a row's own second"
    )


@pytest.mark.parametrize("times", [spread(1, DAYS[1]), spread(40, DAYS[1]), [FIRST] * 20])
def test_the_only_rows_of_an_account_prove_themselves_by_what_lies_beside_them(
    times: Sequence[datetime],
) -> None:
    portal = filled([*times])
    pages = -(-len(times) // 15)
    ids, proven = listed(portal, Window(DAYS[0].first, DAYS[-1].last))
    assert (len(ids), proven) == (len(times), True)
    assert len(portal.asks) <= pages + 5


def test_an_answer_of_days_alone_is_proven_by_its_days() -> None:
    """Where times of day are ignored, and the portal has no other row to hold it against."""
    window = Window(DAYS[0].first, DAYS[-1].last)
    portal = filled(spread(20, *DAYS), Moods(blind_to_times=True))
    assert listed(portal, window) == (portal.within(window), True)
    cut = filled(spread(20, *DAYS), Moods(blind_to_times=True, limit=30))
    assert not listed(cut, window)[1]


@pytest.mark.parametrize("count", [5, 40])
def test_a_flat_answer_is_proven_by_its_halves(count: int, figure: Figure) -> None:
    portal = filled(spread(count, *DAYS), Moods(shape=AnswerShape.FLAT))
    ids, proven = listed(portal, *DAYS)
    assert (len(ids), proven) == (3 * count, True)
    windows = [ask.window for ask in portal.asks]
    second_page = count > 15
    assert len(windows) == 3 * len(DAYS) + 1 + second_page
    figure("G2", f"{count} rows a day, honest and flat: {len(windows)} requests for 3 days")


def test_flat_answers_that_do_have_pages_are_walked() -> None:
    """They tell of no pages, and take a page's number all the same."""
    portal = filled(spread(40, DAYS[0]), Moods(shape=AnswerShape.FLAT, flat_pages=True))
    assert listed(portal, DAYS[0]) == (portal.within(DAYS[0]), True)


@pytest.mark.parametrize("newest", [1, 40, 50, 80, 99])
@pytest.mark.parametrize("shape", AnswerShape)
def test_the_newest_of_everything_prove_no_day_at_their_end(
    newest: int, shape: AnswerShape, figure: Figure
) -> None:
    portal = filled(spread(33, *DAYS), Moods(unfiltered=True, limit=newest, shape=shape))
    false = 0
    proven_days = []
    for day in DAYS:
        ids, proven = listed(portal, day)
        false += proven and ids != portal.within(day)
        proven_days.append(proven)
    whole = [newest > 33 * (3 - number) for number in range(3)]
    assert proven_days == whole, "a day is proven by older rows, and by nothing else"
    assert not false
    figure("G3", f"{shape}, the newest {newest} of 99: {sum(whole)} of 3 days, false green {false}")


def test_an_ignored_filter_proves_days_that_older_rows_come_behind() -> None:
    portal = filled([FIRST - timedelta(days=1), *spread(33, *DAYS)], Moods(unfiltered=True))
    assert listed(portal, *NIGHT) == (portal.within(Window(FIRST, NOW)), True)


def test_everything_in_another_order_proves_nothing() -> None:
    """A list that begins with the oldest may end before the newest."""
    portal = filled(spread(33, *DAYS), Moods(unfiltered=True, oldest_first=True))
    assert not listed(portal, DAYS[1])[1]


@pytest.mark.parametrize(("count", "asked"), [(5, 4), (20, 5), (100, 16)])
def test_a_portal_without_totals_is_proven_by_its_halves(
    count: int, asked: int, figure: Figure
) -> None:
    portal = filled(spread(count, DAYS[0]), Moods(no_total=True))
    assert listed(portal, DAYS[0]) == (portal.within(DAYS[0]), True)
    assert len(portal.asks) == asked
    figure("G2", f"no total, {count} rows: proven in {asked} requests")


def test_neither_totals_nor_times_of_day_is_said_at_once() -> None:
    portal = filled(spread(40, *DAYS), Moods(no_total=True, blind_to_times=True))
    ids, proven = listed(portal, DAYS[1])
    assert (ids, proven) == (portal.within(DAYS[1]), False)
    assert len(portal.asks) <= 6


HONEST = {
    "with totals": (Moods(), 28, 31),
    "flat": (Moods(shape=AnswerShape.FLAT), 16, 14),
    "without totals": (Moods(no_total=True), 368, 61),
    "dates only": (Moods(blind_to_times=True), 28, 46),
    "times as now": (Moods(times_as_now=True), 37, 47),
    "flat, dates only": (Moods(shape=AnswerShape.FLAT, blind_to_times=True), 16, 13),
}
"""What a night costs, and what it did before answers were held against each other."""


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_night_is_proven_in_few_requests(name: str, figure: Figure) -> None:
    moods, before, asked = HONEST[name]
    month = Window.days((FIRST - timedelta(days=20)).date(), (FIRST - timedelta(days=1)).date())
    portal = filled(spread(100, *month.by_day(), *NIGHT), moods)
    assert listed(portal, *NIGHT) == (portal.within(Window(NIGHT[0].first, NIGHT[-1].last)), True)
    assert len(portal.asks) == asked
    figure("G1", f"an honest night of 400 rows, {name}: {asked} requests (before: {before})")


@pytest.mark.parametrize("shape", AnswerShape)
@pytest.mark.parametrize("comes_after", range(12))
def test_what_arrives_while_a_day_is_proven_contradicts_nothing(
    shape: AnswerShape, comes_after: int
) -> None:
    """At a portal that honours dates only, what lies beside the account's only day is today."""
    portal = filled(spread(3, DAYS[-1]), Moods(shape=shape, blind_to_times=True))
    fetch, newest = portal.fetch, RecordingId("arrived")

    def fetch_and_arrive(asks: tuple[PageQuery, ...]) -> tuple[Page, ...]:
        if len(portal.asks) >= comes_after:
            portal.rows.setdefault(newest, portal.now)
        return fetch(asks)

    behaviour = portal.behaviour()
    listing = drive(prove(Report.RECORDINGS, DAYS[-1], behaviour), fetch_and_arrive)
    assert (len(listing.listed), listing.proven) == (3, True), listing.note
