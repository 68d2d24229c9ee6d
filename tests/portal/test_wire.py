"""The wire: three shapes read alike, nonsense refused by name, nothing secret kept."""

import json
import time
from collections.abc import Sequence
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from archiver.domain.recordings import Essential, Report, Row
from archiver.domain.times.window import Window
from archiver.portal.wire.answers import AnswerShape, BadAnswer, Failure, filter_text, parse_page
from tests.canaries import SIGNATURE
from tests.conftest import Figure
from tests.portal.memory import NOW
from tests.portal.shapes import ANSWERS, LINK, ROW

HALF_MB = 500_000
MOST_S = 5.0


@pytest.mark.parametrize("shape", AnswerShape)
def test_three_shapes_say_the_same(shape: AnswerShape) -> None:
    page = parse_page(json.dumps(ANSWERS[shape]).encode(), Report.RECORDINGS)
    (row,) = page.rows
    assert (page.shape, page.total) == (shape, None if shape is AnswerShape.FLAT else 1)
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


PAGES: dict[str, object] = {"data": [ROW], "current_page": 1, "last_page": 1, "total": 1}
PAGE: dict[str, object] = {"status": "OK", "data": PAGES}
TWO = [ROW, {**ROW, "id": "two"}]


@pytest.mark.parametrize(
    ("answer", "ids"),
    [
        ({"data": {**PAGES, "data": {"15": TWO[0], "17": TWO[1]}, "total": 2}}, 2),
        ({"data": {**PAGES, "data": {}, "total": 0}}, 0),
        ({"data": {"0": TWO[0], "2": TWO[1]}}, 2),
        ({"data": {}}, 0),
        ({"data": {"3": ROW}, "meta": {"current_page": 1, "last_page": 1, "total": 1.0}}, 1),
        ({"data": {**PAGES, "total": 1.0, "last_page": "1", "current_page": 1.0}}, 1),
    ],
)
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf", b"\r\n\xef\xbb\xbf\xef\xbb\xbf\n"])
def test_answers_that_other_clients_read(
    answer: dict[str, object], ids: int, mark: bytes, figure: Figure
) -> None:
    """A mark of UTF-8, rows by number, an object that is empty, counts as fractions."""
    body = mark + json.dumps({"status": "OK", **answer}).encode()
    page = parse_page(body, Report.RECORDINGS)
    assert [row.id for row in page.rows] == [ROW["id"], "two"][:ids]
    assert page.total in {None, ids}
    figure("R3", f"{body[:60]!r}…: {len(page.rows)} rows")


@pytest.mark.parametrize("total", [1.5, -1.0, True, "one", 1e300])
def test_what_is_no_count_stays_none(total: object) -> None:
    body = json.dumps({**PAGE, "data": {**PAGES, "total": total}}).encode()
    with pytest.raises(BadAnswer, match="total is not a count"):
        parse_page(body, Report.RECORDINGS)


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["id", "audio", "created_at", "notes", "x"]),
            st.none() | st.integers() | st.text() | st.lists(st.text(max_size=3), max_size=3),
        )
        | st.text(max_size=4)
        | st.none(),
        max_size=5,
    ),
    st.sampled_from([None, 2]),
)
def test_an_answer_that_is_taken_apart_says_what_it_says_whole(
    rows: list[object], indent: int | None
) -> None:
    """A part that nobody reads is spoilt, so that each row is read for itself."""
    body = json.dumps({**PAGE, "data": {**PAGES, "data": rows, "links": "X"}}, indent=indent)
    whole = parse_page(body.encode(), Report.RECORDINGS)
    spoilt = body.replace('"links": "X"', '"links": "\t"')
    apart = parse_page(spoilt.encode(), Report.RECORDINGS)
    assert replace(apart, bytes=0) == replace(whole, bytes=0)


@given(st.binary(max_size=6), st.integers(0, 400), st.integers(0, 400))
def test_a_page_that_is_spoilt_anywhere_is_read_or_refused(
    junk: bytes, first: int, length: int
) -> None:
    body = json.dumps({**PAGE, "data": {**PAGES, "data": TWO, "total": 2}}).encode()
    spoilt = body[:first] + junk + body[first + length % 5 :]
    with suppress(BadAnswer, Failure):
        page = parse_page(spoilt, Report.RECORDINGS)
        assert all(row.id for row in page.rows)


def test_what_nobody_reads_of_an_answer_may_be_as_it_likes() -> None:
    """Its links, for one: their labels are in whatever charset, and PHP escapes them anyhow."""
    body = json.dumps(PAGE).encode()
    links = b'"links": [{"label": "\xab Pr\xe9c\xe9dent"}], "data"'
    page = parse_page(body.replace(b'"data"', links), Report.RECORDINGS)
    assert [row.odd for row in page.rows] == [None]
    with pytest.raises(BadAnswer, match="not UTF-8"):
        parse_page(body.replace(b'"total": 1', b'"total": "\xe9"'), Report.RECORDINGS)


def test_an_odd_row_tells_its_id_and_its_time_and_no_more() -> None:
    body = json.dumps(PAGE).encode().replace(b'"duration"', b'"duration": "a\tb", "duration"')
    (row,) = parse_page(body, Report.RECORDINGS).rows
    assert (row.id, str(row.at)) == (ROW["id"], ROW["created_at"])
    assert (row.link, row.reported_ms, [*row.fields]) == (None, None, ["id", "created_at"])
    assert row.odd is not None
    assert row.odd.position == 1


def test_an_odd_row_is_named_alike_whatever_signs_its_link() -> None:
    def named(signature: str) -> str:
        link = f"https:\\/\\/b.example\\/k?X-Amz-Signature={signature}"
        text = b'{"audio": "' + link.encode() + b'", "note": "\xe9"}'
        body = b'{"status": "OK", "data": [' + text + b", null, null]}"
        rows = parse_page(body, Report.RECORDINGS).rows
        assert len({row.id for row in rows}) == 3
        return " ".join(row.id for row in rows)

    assert named("one") == named("two")


def test_rows_without_anything_are_told_apart_by_where_they_stand(figure: Figure) -> None:
    """Who accepts one accepts no other: of each answer, and of another question's."""

    def names(rows: Sequence[object], asked: str = "https://portal.example/?page=1") -> list[str]:
        body = json.dumps({"status": "OK", "data": rows}).encode()
        return [row.id for row in parse_page(body, Report.RECORDINGS, asked=asked).rows]

    other = {**ROW, "id": "other"}
    once = [
        *names([None]),
        *names([None], "https://portal.example/?page=2"),
        *(name for name in names([None, None, ROW, None, None, other, None]) if "no-id" in name),
    ]
    assert len({*once}) == len(once) == 7
    assert names([None, None])[0] == once[0]
    assert names([None, ROW])[0] == once[3], "a row that comes before it takes no name of it"
    assert names([ROW, None])[1] == once[4]
    empty = {"id": None, "created_at": "", "duration": 12}
    assert len({*names([{}, {}, empty, empty])}) == 4
    figure("R2", f"null rows, alone or in a row: {len({*once})} names of {len(once)}")


@pytest.mark.parametrize("report", Report)
def test_a_row_that_says_nothing_of_itself_cannot_be_read(report: Report) -> None:
    rows: list[object] = [{}, {"id": "", "created_at": None, "end_at": None, "audio": ""}]
    rows += [{"id": [7], "duration": 7}, {"created_at": "soon", "end_at": "soon", "audio": 7}]
    body = json.dumps({"status": "OK", "data": rows}).encode()
    for row in parse_page(body, report).rows:
        assert row.odd is not None
        assert row.odd.why == "it has neither an id nor a time nor audio"


def test_links_without_a_host_are_the_endpoints(figure: Figure) -> None:
    host = "https://portal.example:8443"
    base = f"{host}/api/v2/recordings?page=2"
    for audio, link in (
        ("storage/k.mp3?h=s3cret", f"{host}/api/v2/storage/k.mp3?h=s3cret"),
        ("../../media/my k.mp3?h=s3cret", f"{host}/media/my k.mp3?h=s3cret"),
        ("./k.mp3?h=s3cret", f"{host}/api/v2/k.mp3?h=s3cret"),
        ("/media/../k.mp3?h=s3cret", f"{host}/media/../k.mp3?h=s3cret"),
        ('"https://x.example/k?h=s3cret"', "https://x.example/k?h=s3cret"),
        ("https:\\/\\/x.example\\/k?h=s3cret", "https://x.example/k?h=s3cret"),
        ("\\/storage\\/k.mp3?h=s3cret", f"{host}/storage/k.mp3?h=s3cret"),
        ("/storage/k.mp3?h=s3cret", "https://portal.example:8443/storage/k.mp3?h=s3cret"),
        ("//cdn.example/k.mp3?h=s3cret", "https://cdn.example/k.mp3?h=s3cret"),
        (" https://x.example/k?h=s3cret\n", "https://x.example/k?h=s3cret"),
    ):
        body = json.dumps({"status": "OK", "data": [{**ROW, "audio": audio}]}).encode()
        (row,) = parse_page(body, Report.RECORDINGS, asked=base).rows
        assert row.link is not None
        assert row.link.reveal() == link
        assert "s3cret" not in json.dumps(row.fields)
        figure(
            "R5", f"{audio.partition('?')[0]!r} is asked for at {link.partition('?')[0].strip()}"
        )
