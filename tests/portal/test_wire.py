"""The wire: three shapes read alike, nonsense refused by name, nothing secret kept."""

import json
import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.portal.wire import BadAnswer, Failure, Shape, filter_text, parse_page
from archiver.recordings import Essential, Report, Row
from archiver.windows import Window
from tests.canaries import SIGNATURE
from tests.conftest import Figure
from tests.portal.memory import NOW
from tests.portal.shapes import ANSWERS, LINK, ROW

HALF_MB = 500_000
DEEP = b"[" * 24 + b"1" + b",1" * (HALF_MB // 20) + b"]" * 24
MOST_S = 5.0


@pytest.mark.parametrize("shape", Shape)
def test_three_shapes_say_the_same(shape: Shape) -> None:
    page = parse_page(json.dumps(ANSWERS[shape]).encode(), Report.RECORDINGS)
    (row,) = page.rows
    assert (page.shape, page.total) == (shape, None if shape is Shape.FLAT else 1)
    assert (row.id, row.reported_ms, str(row.at)) == (ROW["id"], 93_000, ROW["created_at"])
    assert row.link is not None
    assert row.link.reveal() == LINK
    assert [*row.fields] == [*ROW]
    assert SIGNATURE not in repr(row)
    assert SIGNATURE not in json.dumps(row.fields)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({"status": 401}, 401),
        ({"status": "ERROR", "code": 500}, 500),
        ({"status": True}, None),
        ({}, None),
    ],
)
def test_what_is_not_success_has_failed(answer: dict[str, object], code: int | None) -> None:
    with pytest.raises(Failure) as failed:
        parse_page(json.dumps({**answer, "data": []}).encode(), Report.RECORDINGS)
    assert failed.value.code == code


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"[" * 100_000,
        b'{"status": "OK", "data": {"data": 7}}',
        b'{"status": "OK", "data": {"data": [], "total": -1}}',
        b'{"status": "OK", "status": "OK", "data": []}',
        b'{"status": "OK", "data": {"data": [], "total": ' + b"9" * 5_000 + b"}}",
    ],
)
def test_nonsense_is_refused_by_name(body: bytes, figure: Figure) -> None:
    with pytest.raises(BadAnswer):
        parse_page(body, Report.RECORDINGS)
    figure("A13", f"refused in one sentence: {body[:40].decode()}")


@given(
    st.binary(max_size=300)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["status", "data", "meta", "total", "id", "audio"]), inner
            )
        ),
    ).map(lambda value: json.dumps({"status": "OK", "data": value}).encode())
)
def test_any_answer_is_a_page_or_refused(body: bytes) -> None:
    try:
        page = parse_page(body, Report.RECORDINGS)
    except (BadAnswer, Failure):
        return
    assert page.total is None or page.total >= 0


@pytest.mark.parametrize(
    "body",
    [
        b'{"status": "' + b'\\"' * HALF_MB,
        b'{"status": 422, "message": "' + b"a" * 2 * HALF_MB + b'"}',
        b'{"status": "OK", "data": [{"id": 1, "audio": "' + b"/" * 2 * HALF_MB + b'"}]}',
        b'{"status": "OK", "data": [{"id": 1, "' + b"//a " * (HALF_MB // 2) + b'": 1}]}',
    ],
)
def test_a_megabyte_that_is_hard_to_read_takes_no_longer(body: bytes, figure: Figure) -> None:
    """Text after text that never ends, or begins an address again and again."""
    started = time.perf_counter()
    with suppress(BadAnswer, Failure):
        parse_page(body, Report.RECORDINGS)
    took = time.perf_counter() - started
    assert took < MOST_S
    figure("A13", f"{len(body) / 1e6:.1f} MB of {body[10:40].decode()}…: read in {took:.2f} s")


def test_an_id_that_is_a_query_alone_is_none() -> None:
    ids = ["?token=one", "?token=two"]
    rows = [{"id": id_, "number": number} for number, id_ in enumerate(ids)]
    page = parse_page(json.dumps({"status": "OK", "data": rows}).encode(), Report.RECORDINGS)
    made = [row.id for row in page.rows]
    assert all(id_.startswith("no-id-") for id_ in made)
    assert len({*made}) == len(ids)


def test_filters_are_english_and_plain() -> None:
    window = Window.day(NOW.date())
    assert filter_text(window, whole_days=True) == "Apr 20, 2021 - Apr 20, 2021"
    assert filter_text(window, whole_days=False) == "Apr 20, 2021 00:00:00 - Apr 20, 2021 23:59:59"


def listed(**fields: object) -> Row:
    (row,) = parse_page(
        json.dumps({"status": "OK", "data": [{"id": 7, **fields}]}).encode(), Report.RECORDINGS
    ).rows
    return row


def test_what_is_not_understood_is_told_apart_from_what_is_not_there() -> None:
    assert listed(duration=None, created_at="", audio="-").unread == {}
    row = listed(duration="a while", created_at="noon", audio={"url": "k"})
    assert (row.at, row.reported_ms, row.link) == (None, None, None)
    told = "the portal gives its {} in a form that is not understood{}"
    assert row.unread == {
        Essential.AUDIO: told.format("audio", ""),
        Essential.TIME: told.format("time", ' ("noon")'),
        Essential.LENGTH: told.format("length", ' ("a while")'),
    }
    assert row.fields["duration"] == "a while", "the sidecar keeps it as it came"


@pytest.mark.parametrize(
    "served",
    [
        "call +44 7700 900123",
        "07700/900123",
        "see https://portal.example/k?token=1",
        "sk-verylongsecret",
        "\x1b[2Jgone",
        "so many words that nobody would read them all",
        ["07700900123"],
    ],
)
def test_nothing_of_anybody_is_quoted(served: object) -> None:
    said = listed(duration=served).unread[Essential.LENGTH]
    assert said == "the portal gives its length in a form that is not understood"
