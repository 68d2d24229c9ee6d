"""How many pages are asked for at once: one, until a second page is known to be another one."""

import pytest
from msgspec.structs import replace

from archiver.domain.recordings import Report
from archiver.domain.times.window import SECOND, Window
from archiver.portal.proving.page_query import PageQuery
from archiver.portal.proving.slicing import drive
from archiver.portal.proving.walk import BATCH, RequestBudget, walk
from archiver.portal.wire.answers import Page
from tests.portal.memory import NOW, Moods, filled

PAGES = BATCH + 10
PER_PAGE = 3


@pytest.mark.parametrize(
    ("moods", "in_order", "first", "again"),
    [
        (Moods(), False, [1, 1, BATCH, PAGES - BATCH - 2], [1, BATCH, PAGES - BATCH - 1]),
        (Moods(), True, [1] * PAGES, [1] * PAGES),
        (Moods(first_page_again=True), False, [1, 1], [1]),
    ],
    ids=["pages that work", "in order", "the first page again"],
)
def test_pages_come_in_batches_once_they_are_known_to_work(
    moods: Moods,
    in_order: bool,  # noqa: FBT001 - a case
    first: list[int],
    again: list[int],
) -> None:
    times = [NOW - (n + 10) * SECOND for n in range(PAGES * PER_PAGE - 1)]
    portal = filled(times, replace(moods, per_page=PER_PAGE))
    behaviour, ask = portal.behaviour(), PageQuery.first(Report.RECORDINGS, Window(times[-1], NOW))

    def sizes() -> list[int]:
        asked: list[int] = []

        def fetch(asks: tuple[PageQuery, ...]) -> tuple[Page, ...]:
            asked.append(len(asks))
            return portal.fetch(asks)

        drive(walk(ask, behaviour, RequestBudget(), in_order=in_order), fetch)
        return asked

    assert (sizes(), sizes()) == (first, again)
