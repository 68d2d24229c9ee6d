"""A portal that has one more page for ever: memory and requests have an end, and that is said."""

import itertools
import json
import tracemalloc
from datetime import datetime

import pytest
from msgspec import Struct, field

from archiver.domain.recordings import RecordingId, Report, Row
from archiver.domain.times.window import Window
from archiver.portal import renewal
from archiver.portal.proving import walk as paging
from archiver.portal.proving.page_query import FilterForm, PageQuery
from archiver.portal.proving.portal_behaviour import Honoured, PortalBehaviour
from archiver.portal.proving.proof import prove
from archiver.portal.proving.slicing import drive
from archiver.portal.proving.walk import ROOM, ROW_BYTES, STRAY_BYTES, Listed, RequestBudget, walk
from archiver.portal.proving.window_listing import Listing
from archiver.portal.renewal import find_again
from archiver.portal.wire.answers import MAX_PAGE_BYTES, AnswerShape, Page, parse_page
from tests.conftest import Figure

NOON = datetime(2021, 4, 6, 12)  # noqa: DTZ001 - the portal's own clock has no zone
SECOND = Window.around(NOON)
NOW = datetime(2021, 4, 8)  # noqa: DTZ001 - same


def row(number: int, at: datetime = NOON) -> Row:
    return Row(RecordingId(str(number)), at, 1_000, None, {"id": str(number), "notes": "x" * 50})


class Endless(Struct):
    """Gives rows that were never seen, whatever is asked: ``each`` a page of ``size`` bytes."""

    each: int
    size: int
    at: datetime = NOON
    served: list[int] = field(default_factory=list)
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    def fetch(self, asks: tuple[PageQuery, ...]) -> tuple[Page, ...]:
        self.served.append(len(asks))
        return tuple(self._page() for _ in asks)

    def _page(self) -> Page:
        rows = tuple(row(next(self._numbers), self.at) for _ in range(self.each))
        return Page(rows, AnswerShape.NESTED, None, 10**9, self.each, self.size)


def listed(portal: Endless, **behaviour: object) -> Listing:
    how = PortalBehaviour(NOW, **behaviour)  # type: ignore[arg-type]  # as given
    return drive(prove(Report.RECORDINGS, SECOND, how), portal.fetch)


@pytest.mark.parametrize("size", [100_000, 1_000_000, MAX_PAGE_BYTES])
def test_an_endless_second_ends_with_what_memory_allows(size: int, figure: Figure) -> None:
    portal = Endless(5, size)
    listing = listed(portal)
    pages = sum(portal.served)
    assert not listing.proven
    assert listing.note.endswith("; it has more rows than one listing can hold")
    assert ROOM <= pages * (size + 5 * ROW_BYTES) < ROOM + 3 * (size + 5 * ROW_BYTES)
    assert len(listing.listed) >= 5 * (pages - 2), "what was seen is archived"
    figure("A15", f"an endless second in pages of {size} bytes: {pages} pages, said in words")


def test_pages_of_a_row_each_end_too(monkeypatch: pytest.MonkeyPatch, figure: Figure) -> None:
    monkeypatch.setattr(paging, "MOST_PAGES", 300)
    portal = Endless(1, 500)
    listing = listed(portal)
    requests = sum(portal.served)
    assert not listing.proven
    assert listing.note.endswith("; it has more rows than one listing can hold")
    assert requests <= 64 + 4 * 300
    figure("A15", f"a row a page, of 300 pages at most: {requests} requests")


def test_memory_has_an_end_where_pages_have_none(figure: Figure) -> None:
    """With rows as a portal serves them, read from their text."""
    room = 2_000_000
    numbers = itertools.count()

    def fetch(asks: tuple[PageQuery, ...]) -> tuple[Page, ...]:
        return tuple(_read(ask.page) for ask in asks)

    def _read(number: int) -> Page:
        rows = [
            {
                "id": next(numbers), "created_at": f"{NOON}", "call_from": "x" * 12, "agent": "Ann",
                "audio": f"https://b.s3.amazonaws.com/k?X-Amz-Expires=3600&n={'5' * 300}",
            }
            for _ in range(200)
        ]  # fmt: skip
        about = {"current_page": number, "per_page": 200, "total": 10**9}
        answer = {"status": "OK", "data": {"data": rows, **about}}
        return parse_page(json.dumps(answer).encode(), Report.RECORDINGS)

    tracemalloc.start()
    try:
        walked = drive(
            walk(
                PageQuery.first(Report.RECORDINGS, SECOND),
                PortalBehaviour(NOW),
                RequestBudget(room=room),
            ),
            fetch,
        )
        kept, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert room <= walked.bytes < 2 * room
    assert kept < 2 * room
    assert peak < 4 * room
    told = f"{len(walked.listed)} rows kept in {kept} bytes, peak {peak}"
    figure("A15", f"room of {room} bytes: {told}")


def test_of_rows_that_are_not_wanted_little_is_kept() -> None:
    """A portal that ignores the filter has everything walked, and only the window's rows count."""
    portal = Endless(10, 3_000, datetime(2020, 1, 1))  # noqa: DTZ001 - portal time
    budget = RequestBudget(room=10 * STRAY_BYTES * 20)
    ask = PageQuery.first(Report.RECORDINGS, None)
    walked = drive(walk(ask, PortalBehaviour(NOW), budget, wanted=SECOND), portal.fetch)
    assert sum(portal.served) == 20
    assert {bool(each.row.fields) for each in walked.listed.values()} == {False}
    assert {each.row.at for each in walked.listed.values()} == {portal.at}
    assert budget.is_full


@pytest.mark.parametrize("filter_support", Honoured)
def test_everything_ends_as_well(filter_support: Honoured) -> None:
    portal = Endless(5, 4_000_000)
    listing = listed(portal, filter_support=filter_support)
    assert not listing.proven
    assert sum(portal.served) < 60


def test_any_answer_without_pages_has_room() -> None:
    """The shortest rows that a portal can serve, as many as one answer may have."""
    shortest = len('{"id":1,"created_at":"2021-04-06 12:00:00"},')
    budget = RequestBudget()
    rows = tuple(row(n) for n in range(3))
    page = Page(rows, AnswerShape.FLAT, bytes=MAX_PAGE_BYTES)
    one = paging.PageWalk(SECOND).weigh(page) - MAX_PAGE_BYTES
    weight = MAX_PAGE_BYTES + one // 3 * (MAX_PAGE_BYTES // shortest)
    budget.take(weight, weight)
    assert not budget.is_full
    assert budget.left > 0


def test_looking_for_one_row_has_less_room() -> None:
    portal = Endless(5, 4_000_000)
    sought = Listed(row(-1), PageQuery(Report.RECORDINGS, SECOND, FilterForm.TIMES))
    assert drive(find_again(Report.RECORDINGS, sought, PortalBehaviour(NOW)), portal.fetch) is None
    assert sum(portal.served) < renewal.ROOM // 4_000_000 + renewal.MAX_STEPS + 4
