"""A stray quotation mark costs its own row, wherever it stands and whatever else a row has."""

import json
from itertools import combinations

import pytest

from archiver.domain.recordings import Report
from archiver.portal.wire.answers import BadAnswer, Page, parse_page
from tests.conftest import Figure

COUNT = 5
STRAY = {
    "one too many": b'"5" wide"',
    "one too many, and punctuation": b'"5" wide}, [and, {high"',
    "one too few": b'"5 wide',
    "a backslash before the last": b'"C:\\"',
    "three": b'""a" b"',
}


def served(note: bytes, *odd: int, tags: bool = False) -> bytes:
    """Return an answer whose rows at these places have a note that is not JSON."""
    rows = []
    for place in range(COUNT):
        row = {"id": f"r{place}", "note": "NOTE", "created_at": f"2021-04-06 10:00:0{place}"}
        nested = {"tags": [{"id": 1}, {"id": 2}, {"id": 3}]} if tags else {}
        text = json.dumps(row | nested).encode()
        rows.append(text.replace(b'"NOTE"', note if place in odd else b'"as it \\" should"'))
    about = b'"current_page": 1, "last_page": 1, "total": 5, "links": [{"label": "]}"}]'
    listed = b'"data": [' + b", ".join(rows) + b"], "
    return b'{"status": "OK", "data": {' + listed + about + b"}}"


def read(answer: bytes) -> Page:
    return parse_page(answer, Report.RECORDINGS)


@pytest.mark.parametrize("what", STRAY)
@pytest.mark.parametrize("tags", [False, True])
def test_a_stray_mark_costs_its_own_row(what: str, *, tags: bool, figure: Figure) -> None:
    tried = 0
    for many in range(1, COUNT + 1):
        for odd in combinations(range(COUNT), many):
            page = read(served(STRAY[what], *odd, tags=tags))
            assert len(page.rows) == page.total == COUNT
            wrong = [place for place, row in enumerate(page.rows) if row.odd]
            assert wrong == [*odd]
            assert [row.odd.position for row in page.rows if row.odd] == [n + 1 for n in odd]
            assert [row.at.second for row in page.rows if row.at] == [*range(COUNT)]
            assert tags or [row.id for row in page.rows] == [f"r{n}" for n in range(COUNT)]
            tried += 1
    figure("R2", f"{what}: {tried} answers, each stray mark costs its own row")


def test_text_that_looks_like_a_row_is_none_where_it_was_written_as_json() -> None:
    """Its quotation marks are escaped; whoever calls himself so adds no row."""
    name = json.dumps('x"}, {"id": "r9", "created_at": "2021-04-06 10:00:00"}, {"id": "').encode()
    answer = served(STRAY["one too many"], 1).replace(b'"as it \\" should"', name)
    assert [row.id for row in read(answer).rows] == [f"r{n}" for n in range(COUNT)]


@pytest.mark.parametrize(
    "answer",
    [
        b'{"status": "OK", "data": "so "he" said, once"}',
        b'{"status": "OK", "data": [{"id": "a", "note": "5" wide"}',
        b'{"status": "OK", "data": [{"id": "a", "note": "5" wide"}], "meta": {"total: 1}}',
    ],
)
def test_where_no_rows_can_be_told_apart_nothing_is_read(answer: bytes) -> None:
    with pytest.raises(BadAnswer):
        read(answer)


def test_a_page_of_nothing_but_beginnings_is_refused() -> None:
    answer = b'{"status": "OK", "data": [{"id":' + b',{"id":' * 100_000
    with pytest.raises(BadAnswer):
        read(answer)
