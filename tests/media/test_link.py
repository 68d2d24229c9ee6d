"""What a link says of itself, and that it never shows itself."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from archiver.listing.slices import has_young_links
from archiver.media.link import Link, parse
from archiver.portal.wire.answers import AnswerShape, Page
from archiver.secret import Secret
from tests.archives import row
from tests.conftest import Figure

SIGNED = "https://bucket.s3.ap-south-1.amazonaws.com/c-12025550143.mp3"
V4 = f"{SIGNED}?X-Amz-Date=20210412T045621Z&X-Amz-Expires=3600&X-Amz-Signature=canary"
BORN = datetime(2021, 4, 12, 4, 56, 21, tzinfo=UTC)


def test_version_4_says_deadline_and_life() -> None:
    link = parse(Secret(V4))
    assert (link.deadline, link.life_s) == (BORN + timedelta(hours=1), 3600)
    assert (link.scheme, link.host, link.port) == (
        "https",
        "bucket.s3.ap-south-1.amazonaws.com",
        443,
    )


def test_version_2_says_a_deadline_only() -> None:
    link = parse(Secret(f"{SIGNED}?AWSAccessKeyId=x&Expires=1618203381&Signature=y"))
    assert (link.deadline, link.life_s) == (BORN, None)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?X-Amz-Date=20210412T045621Z",
        "?X-Amz-Expires=3600",
        "?X-Amz-Date=soon&X-Amz-Expires=3600",
        "?X-Amz-Date=20210412T045621Z&X-Amz-Expires=-1",
        "?X-Amz-Date=20210412T045621Z&X-Amz-Expires=999999999999",
        f"?Expires={'9' * 12}",
        "?Expires=never",
    ],
)
def test_nonsense_is_no_deadline_and_counts_as_fresh(query: str) -> None:
    link = parse(Secret(SIGNED + query))
    assert link.deadline is None
    assert link.is_fresh(datetime.max.replace(tzinfo=UTC))


@pytest.mark.parametrize(("life_s", "margin_s"), [(3600, 60), (600, 60), (100, 10), (10, 1)])
def test_the_margin_is_a_minute_or_a_tenth_of_a_short_life(life_s: int, margin_s: int) -> None:
    link = parse(Secret(f"{SIGNED}?X-Amz-Date=20210412T045621Z&X-Amz-Expires={life_s}"))
    last = BORN + timedelta(seconds=life_s - margin_s)
    assert link.is_fresh(last - timedelta(milliseconds=1))
    assert not link.is_fresh(last)


def test_a_link_is_young_while_nine_tenths_of_its_life_are_left() -> None:
    link, last = parse(Secret(V4)), BORN + timedelta(minutes=6)
    assert link.is_young(last)
    assert not link.is_young(last + timedelta(seconds=1))
    assert not parse(Secret(SIGNED)).is_young(BORN), "it does not say how old it is"


def test_the_path_stays_as_it_came_and_the_query_is_no_part_of_the_object() -> None:
    link = parse(Secret("https://h.example/a/../b%2F./c?x=%41"))
    assert link.target == "/a/../b%2F./c?x=%41"
    assert link.object == "https://h.example:443/a/../b%2F./c"
    assert parse(Secret("https://H.example/a/../b%2F./c?other")).object == link.object


@pytest.mark.parametrize(
    ("served", "host", "target"),
    [
        (" https://h.example/k?s=1\n", "h.example", "/k?s=1"),
        ("https://h.example/Call 12 Nov.mp3?s=1", "h.example", "/Call%2012%20Nov.mp3?s=1"),
        ("https://h.example/José.mp3?s=1", "h.example", "/Jos%C3%A9.mp3?s=1"),
        ("https://h.example/a%20b?f=c d", "h.example", "/a%20b?f=c%20d"),
        ("https://h.example/k?s=1#t=0", "h.example", "/k?s=1"),
        ("https://h.example/Call #3.mp3?s=1", "h.example", "/Call%20%233.mp3?s=1"),
        ("https://h.example/k?s=1&amp;t=2", "h.example", "/k?s=1&t=2"),
        ("HTTPS://H.Example./k?s=1", "h.example", "/k?s=1"),
        ("https://h.example./k", "h.example", "/k"),
        ("https://h.example/\ud83d", "h.example", "/%ED%A0%BD"),
    ],
)
def test_links_as_php_writes_them(served: str, host: str, target: str, figure: Figure) -> None:
    link = parse(Secret(served))
    assert (link.host, link.target, link.flaw) == (host, target, "")
    figure("R5", f"{served!r} goes out as {link.target!r} of {host}")


@pytest.mark.parametrize(
    ("served", "why"),
    [
        ("s3://bucket/k", "it begins with s3:"),
        ("secret://bucket/k", "it has no http:// or https://"),
        ("http:/h.example/k", "it has no http:// or https://"),
        ('<a href="https://h.example/k">k</a>', "it is HTML, and no link by itself"),
        ("https://me:pw@h.example/k", "it names a user"),
        ("https://h.example", "it has no path"),
        ("https://h.example/k\r\nHost: evil", "it has control characters in it"),
        ("https://jos\u00e9.example/k", "its host or its port is in no form that is known"),
        ("https://h.example:99999/k", "its host or its port is in no form that is known"),
        ("https://h.example/" + "k" * 20_000, "it is longer than 16384 characters"),
    ],
)
def test_a_flaw_is_named_without_a_word_of_the_link(served: str, why: str, figure: Figure) -> None:
    link = parse(Secret(served))
    assert (link.host, link.flaw) == ("", why)
    figure("R5", f"refused: {why}")


@given(st.text() | st.text().map(lambda text: f"https://{text}") | st.just(V4))
def test_any_text_parses_and_nothing_of_it_is_shown(text: str) -> None:
    link = parse(Secret(text))
    assert isinstance(link, Link)
    assert repr(link) == str(link) == "<link>"


@pytest.mark.parametrize(
    ("links", "minutes", "young"),
    [((V4, V4), 6, True), ((V4, V4), 7, False), ((V4, SIGNED), 0, False), ((None, V4), 6, True)],
)
def test_a_page_is_as_good_as_new_by_its_links(
    links: tuple[str | None, ...], minutes: int, *, young: bool
) -> None:
    """A tenth of an hour is six minutes; of a link that tells no age, and of none, nothing does."""
    rows = tuple(
        replace(row(str(n)), link=Secret(link) if link else None) for n, link in enumerate(links)
    )
    now = BORN + timedelta(minutes=minutes)
    assert has_young_links(Page(rows, AnswerShape.NESTED), now) is young
    assert not has_young_links(Page((row("7"),), AnswerShape.NESTED), now)
