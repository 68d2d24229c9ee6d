"""Classes to JSON and back: fields that came into a format later."""

import pytest
from msgspec import Struct

from archiver.json_documents import BadDocument, Later
from archiver.manifest.codec import plain, read
from archiver.manifest.records.listings import AskedWindow


class Grown(Struct, frozen=True):
    """A document whose second field was not there at first."""

    name: str
    tags: Later[tuple[str, ...]] = ()


def test_a_later_field_is_left_out_while_it_says_nothing() -> None:
    assert plain(Grown("a")) == {"name": "a"}
    assert plain(Grown("a", ("b",))) == {"name": "a", "tags": ["b"]}


def test_what_was_written_before_the_field_is_read() -> None:
    assert read(Grown, {"name": "a"}) == Grown("a")
    assert read(Grown, {"name": "a", "tags": ["b"]}) == Grown("a", ("b",))


@pytest.mark.parametrize("document", [{}, {"tags": []}, {"name": "a", "tag": []}])
def test_all_else_is_as_strict_as_ever(document: dict[str, object]) -> None:
    with pytest.raises(BadDocument):
        read(Grown, document)  # type: ignore[arg-type]  # what a file may hold


def test_a_window_that_was_asked_for_ends_after_it_begins() -> None:
    first, last = "2019-06-11T00:00:00", "9999-12-31T23:59:59"
    asked = read(AskedWindow, {"from": first, "to": last})
    assert plain(asked) == {"from": first, "to": last}
    for begins, ends in ((last, first), (f"{first}Z", f"{last}Z")):
        with pytest.raises(BadDocument, match="does not hold together"):
            read(AskedWindow, {"from": begins, "to": ends})
