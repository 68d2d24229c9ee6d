"""Around an answer that can't be read, all else is listed, and none of it is proven."""

from datetime import timedelta

import pytest

from archiver.domain.recordings import RecordingId, Report
from archiver.domain.times.window import Window
from archiver.portal.http_errors import AnswerNotUnderstood
from archiver.portal.proving.narrowing import MOST_IN_A_ROW, narrowed
from archiver.portal.proving.page_query import PageQuery
from archiver.portal.proving.portal_behaviour import Honoured
from archiver.portal.wire.answers import Page
from tests.conftest import Figure
from tests.portal.memory import NOW, Moods, Portal

DAY = Window.day((NOW - timedelta(days=3)).date())
ROWS = {RecordingId(f"r{n:03}"): DAY.first + n * timedelta(minutes=9) for n in range(100)}
WHY = AnswerNotUnderstood("not JSON")


class Spoilt:
    """A portal whose answers can't be read when they have one of some rows."""

    def __init__(self, portal: Portal, *odd: str) -> None:
        self.portal = portal
        self.odd = {*odd}
        self.asks = 0

    def fetch(self, asks: tuple[PageQuery, ...]) -> tuple[Page, ...]:
        self.asks += len(asks)
        pages = self.portal.fetch(asks)
        if any(row.id in self.odd for page in pages for row in page.rows):
            raise WHY
        return pages


@pytest.mark.parametrize(
    ("filter_support", "moods", "lost"),
    [
        (Honoured.TIMES, Moods(), 1),
        (Honoured.DAYS, Moods(blind_to_times=True), 15),
        (Honoured.NOTHING, Moods(unfiltered=True), 15),
    ],
)
def test_all_that_can_be_read_is_listed(
    filter_support: Honoured, moods: Moods, lost: int, figure: Figure
) -> None:
    portal = Portal(dict(ROWS), moods)
    behaviour = portal.behaviour()
    behaviour.filter_support = filter_support
    spoilt = Spoilt(portal, "r050")
    listing = narrowed(Report.RECORDINGS, DAY, behaviour, spoilt.fetch, WHY)
    ids = {each.row.id for each in listing.listed}
    assert "r050" not in ids
    assert len(ids) == len(ROWS) - lost
    assert (listing.proven, listing.window) == (False, DAY)
    assert "can't be read (not JSON)" in listing.note
    figure(
        "R2", f"{filter_support.name.lower()}: {len(ids)} of 100 listed in {spoilt.asks} requests"
    )


def test_a_portal_that_is_out_is_given_up_soon() -> None:
    portal = Portal(dict(ROWS))
    spoilt = Spoilt(portal, *ROWS)
    with pytest.raises(AnswerNotUnderstood):
        narrowed(Report.RECORDINGS, DAY, portal.behaviour(), spoilt.fetch, WHY)
    assert spoilt.asks <= MOST_IN_A_ROW * 32
