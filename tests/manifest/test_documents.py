"""What is read again, and what is not: a version's bytes never change, a name's may."""

import io
from collections import Counter
from typing import BinaryIO

import pytest
from msgspec import Struct, field

from archiver.errors import Missing
from archiver.manifest.documents import Documents

KEY = "manifests/00000001.json"


class Shelf(Struct):
    """Holds what lies under a name and its versions, and counts who asks."""

    texts: dict[str | None, bytes]
    asked: Counter[str | None] = field(default_factory=Counter)

    def open(self, key: str, version: str | None = None) -> BinaryIO:
        assert key == KEY
        self.asked[version] += 1
        if version not in self.texts:
            raise Missing(f"The archive has no {key}.")
        return io.BytesIO(self.texts[version])


@pytest.mark.parametrize("version", [None, "null"])
def test_what_may_be_replaced_is_read_each_time(version: str | None) -> None:
    shelf = Shelf({version: b"before"})
    documents = Documents(shelf)
    assert documents.read(KEY, version) == b"before"
    shelf.texts[version] = b"after"
    assert documents.read(KEY, version) == b"after"


def test_a_version_is_read_once() -> None:
    shelf = Shelf({"one": b"1", "two": b"2"})
    documents = Documents(shelf)
    told = [documents.read(KEY, version) for version in ("one", "two", "one", "two")]
    assert told == [b"1", b"2", b"1", b"2"]
    assert shelf.asked == {"one": 1, "two": 1}


def test_few_versions_are_kept_in_memory() -> None:
    shelf = Shelf({str(number): b"text" for number in range(9)})
    documents = Documents(shelf)
    for _ in range(2):
        for version in shelf.texts:
            documents.read(KEY, version)
    assert set(shelf.asked.values()) == {2}


def test_a_version_that_was_not_there_is_asked_for_again() -> None:
    shelf = Shelf({})
    documents = Documents(shelf)
    with pytest.raises(Missing):
        documents.read(KEY, "one")
    shelf.texts["one"] = b"1"
    assert documents.read(KEY, "one") == b"1"
