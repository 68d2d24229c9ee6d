"""Proven listings: complete on any portal that can be listed, and never proven wrongly."""

from collections import Counter
from datetime import datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from archiver.domain.recordings import Report
from archiver.domain.times.window import SECOND, Window
from archiver.portal.proving.portal_behaviour import Honoured
from archiver.portal.proving.proof import prove
from archiver.portal.proving.slicing import drive, slices
from archiver.portal.proving.window_listing import Listing
from archiver.portal.wire.answers import AnswerShape
from tests.conftest import Figure
from tests.portal.memory import NOW, STANDING, Moods, Portal, filled

FIRST = datetime(2021, 4, 17)  # noqa: DTZ001 - the portal's own clock has no zone
DAYS = Window.days(FIRST.date(), (FIRST + timedelta(days=2)).date())
WINDOWS = st.sampled_from(
    [
        DAYS,
        Window.day(FIRST.date()),
        Window(FIRST, NOW - STANDING),
        Window(FIRST + timedelta(hours=5), FIRST + timedelta(hours=29)),
        Window(FIRST + timedelta(hours=1), FIRST + timedelta(hours=1, minutes=3)),
    ]
)
SPREAD = st.integers(0, 4 * 86_400)
TIED = st.integers(0, 6).map(lambda n: 3_600 + n)
LAST = st.integers(1, 3).map(lambda n: n * 86_400 - 1)
FRACTIONS = st.sampled_from([0, 0, 0, 1, 600, 999]).map(lambda ms: timedelta(milliseconds=ms))
TIMES = st.lists(st.tuples(st.one_of(SPREAD, TIED, LAST), FRACTIONS), max_size=70).map(
    lambda moments: [min(FIRST + n * SECOND + part, NOW - STANDING) for n, part in moments]
)
LIMITS = st.sampled_from([None, None, None, None, 1, 4, 7, 20, 45])
ODD = st.sampled_from([0, 0, 0, -1, 1])


def _one_lie_at_a_time(moods: Moods) -> Moods:
    """Part lies that hide each other: a row lost among ties, and a total that is wrong by one."""
    if moods.first_page_again:
        moods = replace(moods, arrivals=0, backdated=0)
    if moods.no_total:
        moods = replace(moods, empty_with_total=None)
    return replace(moods, total_off=0, last_page_again=False) if moods.shuffled_ties else moods


MOODS = st.builds(
    Moods,
    arrivals=st.sampled_from([0, 3, 40]),
    backdated=st.sampled_from([0, 0, 2]),
    departures=st.sampled_from([0, 0, 2]),
    first_page_again=st.booleans(),
    last_page_again=st.booleans(),
    blind_to_times=st.booleans(),
    times_as_now=st.booleans(),
    dates_as_now=st.booleans(),
    unfiltered=st.booleans(),
    total_off=ODD,
    empty_with_total=st.sampled_from([None, None, None, 500]),
    last_off=st.sampled_from([0, 0, -1, 1000]),
    limit=LIMITS,
    limit_of_rows=LIMITS,
    limit_of_totals=LIMITS,
    no_total=st.sampled_from([False, False, False, True]),
    shape=st.sampled_from(AnswerShape),
    shuffled_ties=st.booleans(),
    undated=st.sampled_from([False, False, False, True]),
    per_page=st.sampled_from([3, 15]),
).map(_one_lie_at_a_time)


def proved(portal: Portal, window: Window) -> Listing:
    return drive(prove(Report.RECORDINGS, window, portal.behaviour()), portal.fetch)


def ids(listing: Listing) -> set[str]:
    return {listed.row.id for listed in listing.listed}


FALLBACKS = 8


def budget(portal: Portal) -> int:
    """Return what a listing may cost where everything may have to be walked.

    A few requests are beyond the budget: falling back to what the portal does honour is begun,
    whatever was spent before, once for each thing that it turns out not to honour.
    """
    rows = len(portal.rows) + len(portal.vanished) + max(0, portal.moods.total_off)
    return 64 + FALLBACKS + 4 * max(1, -(-rows // portal.moods.per_page))


@settings(max_examples=300, deadline=None)
@given(TIMES, MOODS, WINDOWS, st.integers(0, 9))
def test_what_is_proven_is_the_truth(
    times: list[datetime], moods: Moods, window: Window, seed: int
) -> None:
    portal = filled(times, moods, seed)
    before, is_hidden = portal.within(window), is_hidden_from_all(portal)
    listing = proved(portal, window)
    after, is_hidden = portal.within(window), is_hidden or is_hidden_from_all(portal)
    assert len(portal.asks) <= budget(portal)
    if listing.proven and not moods.backdated and not is_hidden:
        assert before & after <= ids(listing) <= before
    if not moods.undated and not unseeable(moods):
        assert before & after <= ids(listing)


@pytest.mark.parametrize("limit", [None, 1])
@pytest.mark.parametrize("per_page", [3, 15])
@pytest.mark.parametrize("is_blind", [False, True], ids=["times", "dates only"])
def test_rows_beside_a_total_of_nothing_are_proven_by_nothing(
    limit: int | None,
    per_page: int,
    is_blind: bool,  # noqa: FBT001 - a case
) -> None:
    times = [FIRST, FIRST + SECOND][: 2 if limit else 1]
    moods = Moods(total_off=-1, limit=limit, per_page=per_page, blind_to_times=is_blind)
    portal = filled(times, moods)
    listing = proved(portal, DAYS)
    assert not listing.proven, listing.note
    assert ids(listing) == {f"row-{len(times) - 1:04}"}


def test_what_does_not_add_up_is_told_in_plain_words() -> None:
    times = [FIRST + number * timedelta(hours=1) for number in range(20)]
    listing = proved(filled(times, Moods(total_off=1)), DAYS)
    said = "its pages did not add up in 3 readings; its parts show 20 of 21 rows"
    assert (listing.proven, listing.note) == (False, said)


def unseeable(moods: Moods) -> bool:
    """Whether rows may be out of reach: on pages never shown, or moving while they are walked.

    Where dates only are honoured, totals tell where a day's last fraction is looked for.
    """
    has_no_times = moods.times_as_now or moods.blind_to_times
    return bool(
        moods.first_page_again
        or (has_no_times and moods.total_off)
        or moods.empty_with_total
        or moods.departures
        or moods.backdated
        or moods.shuffled_ties
        or moods.limit
        or moods.limit_of_rows
        or moods.limit_of_totals
        or moods.no_total
    )


def is_hidden_from_all(portal: Portal) -> bool:
    """Whether a limit may hide rows from whatever is asked, with the rows that there are now.

    It does among those of one second, and where all are of one day and only dates are honoured. The
    filter ends at whole seconds, so whatever has the last fraction of one has the next one's first.
    """
    moods = portal.moods
    is_uncounted = moods.no_total or moods.shape is AnswerShape.FLAT
    is_uncounted = is_uncounted or moods.limit_of_totals == moods.limit_of_rows
    limits = [moods.limit, moods.limit_of_rows if is_uncounted else None]
    times = [at.replace(microsecond=0) for at in portal.rows.values()]
    if moods.blind_to_times or moods.times_as_now:
        times = [
            datetime.combine(at, time()) for at in times if len({*map(datetime.date, times)}) == 1
        ]
    moments = portal.rows.values()
    beside = [
        sum(second <= other <= second + SECOND for other in moments)
        for second in (at.replace(microsecond=0) for at in moments if at.microsecond)
    ]
    most = max([*Counter(times).values(), *beside], default=0)
    return any(limit is not None and most > limit for limit in limits)


def test_random_arrivals_cost_no_row(figure: Figure) -> None:
    missing = doubled = inserts = 0
    for seed in range(25):
        times = [FIRST + (seed * 977 + n * 4_001) % (3 * 86_400) * SECOND for n in range(100)]
        times.append(FIRST - timedelta(days=1))
        moods = Moods(arrivals=20, unfiltered=seed % 2 == 0, blind_to_times=seed % 3 == 0)
        portal = filled(times, moods, seed)
        before = portal.within(DAYS)
        listing = proved(portal, Window(DAYS.first, NOW - STANDING))
        listed = [each.row.id for each in listing.listed]
        missing += len(before - set(listed))
        doubled += len(listed) - len(set(listed))
        inserts += min(20, len(portal.asks))
        assert listing.proven
    for seed in range(10):
        times = [FIRST + n * 600 * SECOND for n in range(300)]
        portal = filled(times, Moods(backdated=20), seed)
        before = portal.within(DAYS)
        listing = proved(portal, DAYS)
        listed = [each.row.id for each in listing.listed]
        missing += len(before - set(listed))
        doubled += len(listed) - len(set(listed))
        inserts += 20
    assert inserts >= 500
    assert (missing, doubled) == (0, 0)
    figure("A1", f"missing {missing}, doubled {doubled} in {inserts} random inserts")


@pytest.mark.parametrize(
    "moods", [Moods(no_total=True), Moods(shape=AnswerShape.FLAT, flat_pages=True)]
)
@pytest.mark.parametrize("is_filtered", [True, False])
def test_rows_that_come_twice_without_a_total_prove_nothing(
    moods: Moods,
    is_filtered: bool,  # noqa: FBT001 - a case
) -> None:
    """Of rows of one second one may end a page and begin the next one, in place of another."""
    times = [FIRST - timedelta(days=1), *(FIRST + n * 60 * SECOND for n in range(40))]
    odd = replace(moods, unfiltered=not is_filtered, edge_again=True)
    listing = proved(filled(times, odd), Window.day(FIRST.date()))
    assert not listing.proven
    assert proved(filled(times, replace(odd, edge_again=False)), Window.day(FIRST.date())).proven


@pytest.mark.parametrize("arrivals", [1, 5, 100])
def test_what_arrives_may_double_rows_where_no_total_tells(arrivals: int) -> None:
    times = [FIRST - timedelta(days=1), *(FIRST + n * 60 * SECOND for n in range(100))]
    portal = filled(times, Moods(no_total=True, unfiltered=True, arrivals=arrivals))
    listing = proved(portal, Window.day(FIRST.date()))
    assert (listing.proven, len(listing.listed)) == (True, 100)


def test_a_standing_window_costs_its_pages_whatever_arrives(figure: Figure) -> None:
    portal = filled([FIRST + n * 100 * SECOND for n in range(2_000)], Moods(arrivals=10_000))
    listing = proved(portal, Window(FIRST, NOW - STANDING))
    assert listing.proven
    assert len(portal.asks) == 134 + 4, "and the month around, both sides, a row's own second"
    figure("A1", f"2,000 rows, an arrival at every request: {len(portal.asks)} requests, 134 pages")


def test_the_repeating_paginator_is_noticed_and_narrowed(figure: Figure) -> None:
    portal = filled([FIRST + n * 120 * SECOND for n in range(2_000)], Moods(first_page_again=True))
    behaviour = portal.behaviour()
    listing = drive(prove(Report.RECORDINGS, DAYS, behaviour), portal.fetch)
    assert [ask.page for ask in portal.asks[:2]] == [1, 2]
    assert all(ask.page == 1 for ask in portal.asks[2:])
    assert listing.proven
    assert len(listing.listed) == 2_000
    assert len(portal.asks) <= 64 + 4 * 134
    figure("A3", f"noticed after 2 requests, 2,000 rows proven in {len(portal.asks)} (at most 600)")


@pytest.mark.parametrize(
    "moods",
    [
        Moods(empty_with_total=500),
        Moods(empty_with_total=0),
        Moods(dates_as_now=True),
        Moods(times_as_now=True),
        Moods(dates_as_now=True, first_page_again=True),
    ],
)
@pytest.mark.parametrize("last", [DAYS.last, NOW - STANDING])
def test_an_empty_answer_is_not_nothing_to_do(moods: Moods, last: datetime, figure: Figure) -> None:
    portal = filled([FIRST + n * 4_001 * SECOND for n in range(60)], moods)
    truth = portal.within(Window(FIRST, last))
    listing = proved(portal, Window(FIRST, last))
    assert truth
    assert not listing.proven or ids(listing) == truth
    seen = f"{len(listing.listed)} of {len(truth)}, proven {listing.proven}"
    figure("A6", f"false green 0: {seen}, {listing.note}")


def test_a_day_without_rows_is_proven_by_a_row_elsewhere() -> None:
    portal = filled([FIRST - timedelta(days=9)])
    listing = proved(portal, DAYS)
    assert (listing.proven, listing.listed) == (True, ())
    assert len(portal.asks) == 3


def test_a_portal_without_any_row_may_hide_them() -> None:
    listing = proved(filled([]), DAYS)
    assert (listing.proven, listing.listed) == (False, ())
    assert "lists nothing at all" in listing.note


@given(TIMES, st.integers(0, 9))
@settings(max_examples=60, deadline=None)
def test_days_add_up_to_their_range(times: list[datetime], seed: int) -> None:
    edge = [FIRST + timedelta(days=1) - SECOND, FIRST + timedelta(days=1)]
    portal = filled([*times, *edge], Moods(shuffled_ties=True), seed)
    whole = proved(portal, DAYS)
    each = [proved(portal, Window.day(day)) for day in DAYS.each_day()]
    if whole.proven and all(day.proven for day in each):
        assert sum(len(day.listed) for day in each) == len(whole.listed)


def test_midnight_belongs_to_one_day(figure: Figure) -> None:
    edges = [FIRST + timedelta(days=n) + s * SECOND for n in range(4) for s in (-1, 0, 1)]
    portal = filled(edges)
    days = [len(proved(portal, Window.day(day)).listed) for day in DAYS.each_day()]
    assert days == [3, 3, 3]
    assert len(proved(portal, DAYS).listed) == sum(days)
    figure("A12", f"daily counts {days}, the range {sum(days)}")


FRACTIONAL = {
    "with totals": Moods(),
    "flat": Moods(shape=AnswerShape.FLAT),
    "no total": Moods(no_total=True),
    "every page the first": Moods(first_page_again=True),
    "dates only": Moods(blind_to_times=True),
    "dates only, pages of 3": Moods(blind_to_times=True, per_page=3),
    "dates only, flat": Moods(blind_to_times=True, shape=AnswerShape.FLAT),
    "times as now": Moods(times_as_now=True),
    "filter ignored": Moods(unfiltered=True),
}


@pytest.mark.parametrize("name", FRACTIONAL)
@pytest.mark.parametrize("a_day", [0, 4, 40])
def test_a_row_in_the_last_fraction_of_a_day_is_in_its_day(
    name: str, a_day: int, figure: Figure
) -> None:
    """The filter's days end at 23:59:59, and the portal keeps fractions of seconds."""
    midnights = [FIRST + timedelta(days=n) for n in range(-1, 4)]
    edges = [
        midnight + timedelta(milliseconds=ms)
        for midnight in midnights
        for ms in (-1000, -999, -400, -1, 0, 1)
    ]
    rest = [FIRST + timedelta(days=d, minutes=20 * n) for d in range(3) for n in range(1, a_day)]
    portal = filled([*edges, *rest], FRACTIONAL[name])
    behaviour = portal.behaviour()
    missing = doubled = 0
    for day in DAYS.by_day():
        listing = drive(prove(Report.RECORDINGS, day, behaviour), portal.fetch)
        assert listing.proven, listing.note
        missing += len(portal.within(day) - ids(listing))
        doubled += len(ids(listing) - portal.within(day))
    assert (missing, doubled) == (0, 0)
    figure("G7", f"{name}, {a_day} more a day: missing {missing} of 3 days' last fractions")


def test_slices_lose_no_row_between_two_seconds(figure: Figure) -> None:
    times = [FIRST + n * timedelta(milliseconds=86_400_600) / 1_000 for n in range(-1, 3_001)]
    portal = filled(times)
    behaviour = portal.behaviour()
    listings = [
        *slices(Report.RECORDINGS, DAYS, behaviour, fetch=portal.fetch, most_rows=lambda _: 100)
    ]
    joined = {id_ for listing in listings for id_ in ids(listing)}
    assert joined == portal.within(DAYS)
    assert all(listing.proven for listing in listings)
    figure("G7", f"{len(joined)} rows with fractions in {len(listings)} slices: missing 0")


@pytest.mark.parametrize(("young", "times"), [(True, 1), (False, 2)])
def test_a_slice_begins_with_the_page_that_its_cut_showed(
    times: int, figure: Figure, *, young: bool
) -> None:
    """While the links on it are as good as new, and where others follow that give its total."""
    few, many = (FIRST + n * 8_640 * SECOND for n in range(10)), FIRST + timedelta(days=2)
    portal = filled([*few, *(many + n * 60 * SECOND for n in range(100))])
    found = slices(
        Report.RECORDINGS, DAYS, portal.behaviour(), fetch=portal.fetch,
        most_rows=lambda _: 100, is_young=lambda _: young,
    )  # fmt: skip
    listings = [*found]
    assert all(listing.proven for listing in listings)
    of_first = Counter(ask.window for ask in portal.asks if ask.page == 1)
    asked = {len(each.listed): of_first[_as_asked(each.window)] for each in listings}
    assert asked == {10: 2, 100: times}
    figure("G1", f"a slice's first page, its links {'' if young else 'not '}new: {times} times")


def _as_asked(window: Window) -> Window:
    wider = window.grown(SECOND)
    first = wider.first if window.first == DAYS.first else window.first
    return Window(first, wider.last if window.last == DAYS.last else window.last)


@pytest.mark.parametrize("moods", [Moods(), Moods(first_page_again=True), Moods(unfiltered=True)])
def test_slices_cover_the_window_once(moods: Moods) -> None:
    portal = filled([FIRST + (n - 1) * 500 * SECOND for n in range(501)], moods)
    behaviour = portal.behaviour()
    listings = [
        *slices(Report.RECORDINGS, DAYS, behaviour, fetch=portal.fetch, most_rows=lambda _: 60)
    ]
    assert all(listing.proven for listing in listings)
    assert listings[0].window.first == DAYS.first
    joined = [each.row.id for listing in listings for each in listing.listed]
    assert len(joined) == len(set(joined)) == 500
    assert all(len(listing.listed) <= 60 for listing in listings) or moods.unfiltered
    assert (behaviour.filter_support is Honoured.TIMES) is not moods.unfiltered
