"""A portal without pages lists a hundred thousand rows at once: a stop is heard within them."""

import json
import pickle
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from archiver.catalog import Catalog
from archiver.concurrency.stop import PIECE, in_pieces
from archiver.domain.recordings import RecordingId, Report, Row
from archiver.domain.times.clocks import Clocks
from archiver.domain.times.portal_zone import Offset
from archiver.domain.times.window import Window
from archiver.errors import StopRun
from archiver.portal.proving.page_query import PageQuery
from archiver.portal.proving.walk import Listed
from archiver.portal.proving.window_listing import Listing
from archiver.portal.session import PortalSession
from archiver.portal.wire.answers import AnswerShape, Page, parse_page
from archiver.portal.wire.rows import LOOK_EVERY
from archiver.pull.ledger.observed import ObservedReport
from archiver.pull.plan import divide, sharing_objects
from archiver.scrubbing import NO_SECRETS
from tests.conftest import Figure

DAY = datetime(2021, 4, 6)  # noqa: DTZ001 - the portal's own clock has no zone
MANY = 20_000
MOST_BYTES = 4_000
MOST_S = 5.0
"""Of a processor, for so many rows: what takes each of them for each other takes minutes."""
ASK = PageQuery.first(Report.RECORDINGS, None)


def rows(count: int) -> tuple[Row, ...]:
    return tuple(
        Row(RecordingId(str(n)), DAY + timedelta(seconds=n), None, None, {"id": str(n)})
        for n in range(count)
    )


def after(looks: int) -> Callable[[], bool]:
    """Return what asks to stop at that look."""
    left = iter(range(looks))
    return lambda: next(left, None) is None


def test_between_two_pieces_a_stop_is_heard() -> None:
    items = list(range(3 * PIECE + 1))
    assert [len(piece) for piece in in_pieces(items, bool)] == [PIECE, PIECE, PIECE, 1]
    assert [item for piece in in_pieces(items, bool) for item in piece] == items
    assert [len(piece) for piece in in_pieces(list[int](), bool)] == [0], "one piece at least"
    pieces = in_pieces(items, after(2))
    assert [*next(pieces), *next(pieces)] == items[: 2 * PIECE]
    with pytest.raises(KeyboardInterrupt):
        next(pieces)


@pytest.mark.parametrize("looks", [0, 1, 4, 7])
def test_a_listing_is_taken_in_piece_by_piece(looks: int, tmp_path: Path, figure: Figure) -> None:
    listed = tuple(Listed(row, ASK) for row in rows(4 * PIECE))
    listing = Listing(Report.RECORDINGS, Window.day(DAY.date()), listed, None, 1, True, "")  # noqa: FBT003 - proven
    with (
        closing(Catalog(tmp_path)) as catalog,
        closing(ObservedReport(Report.RECORDINGS, catalog)) as sighted,
        closing(ObservedReport(Report.RECORDINGS, catalog)) as whole,
    ):
        with pytest.raises(KeyboardInterrupt):
            sighted.add(sighted.named(listing, after(looks)), after(0))
        assert len(whole.add(whole.named(listing))) == len(listed)
    figure("D7", f"a listing of {len(listed)} rows: a stop is heard at look {looks + 1}")


def test_an_answer_is_read_no_further_than_a_look() -> None:
    served = [{"id": n, "created_at": f"{DAY}"} for n in range(3 * LOOK_EVERY)]
    body = json.dumps({"status": "OK", "data": served}).encode()
    looks = [0]

    def look() -> None:
        looks[0] += 1
        if looks[0] == 3:
            raise StopRun("The run is stopping.")

    with pytest.raises(StopRun):
        parse_page(body, Report.RECORDINGS, NO_SECRETS, look)
    assert looks == [3]
    assert len(parse_page(body, Report.RECORDINGS).rows) == len(served)


def test_rows_of_one_object_are_not_listed_for_each_of_them(figure: Figure) -> None:
    listed = [Listed(row, ASK) for row in rows(MANY)]
    began = time.process_time()
    sharing = sharing_objects({each.row.id: "one" for each in listed})
    work = divide(listed, {}, {}).beside(sharing, {}).work
    took = time.process_time() - began
    assert took < MOST_S
    assert {id(each.same_object) for each in work} == {id(work[0].same_object)}
    assert work[0].same_object.count == len(work) == MANY
    assert len(pickle.dumps(work[-1])) < MOST_BYTES, "what is sent of each to a worker process"
    figure("D7", f"{MANY} rows of one object are planned in {took:.1f} s")


def test_the_rows_of_an_opening_are_looked_through_once(figure: Figure) -> None:
    now = datetime(2021, 4, 8, tzinfo=UTC)
    page = Page(rows(MANY), AnswerShape.FLAT)
    session = PortalSession(page, ASK, Offset(0, "default"), False, Clocks(now, now))  # noqa: FBT003 - not fixed
    began = time.process_time()
    behaviour = session.behaviour()
    took = time.process_time() - began
    assert took < MOST_S
    assert behaviour.stands_at == session.stands_at
    figure("D7", f"an opening of {MANY} rows: looked through in {took:.2f} s")
