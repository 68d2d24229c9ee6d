"""What a link says of itself, and that it never shows itself."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.download.link import Link, parse
from archiver.secret import Secret

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


def test_the_path_stays_as_it_came_and_the_query_is_no_part_of_the_object() -> None:
    link = parse(Secret("https://h.example/a/../b%2F./c?x=%41"))
    assert link.target == "/a/../b%2F./c?x=%41"
    assert link.object == "https://h.example:443/a/../b%2F./c"
    assert parse(Secret("https://H.example/a/../b%2F./c?other")).object == link.object


@given(st.text() | st.text().map(lambda text: f"https://{text}") | st.just(V4))
def test_any_text_parses_and_nothing_of_it_is_shown(text: str) -> None:
    link = parse(Secret(text))
    assert isinstance(link, Link)
    assert repr(link) == str(link) == "<link>"
