"""Manifests come back from a copy if the chain, or a kept head, says what they were."""

from collections.abc import Iterable

import pytest

from archiver.check.repairing.chain_repair import ChainMended, mend_chain
from archiver.domain.layout import ARCHIVE_KEY, manifest_key
from archiver.manifest.records.files import Head
from tests.archives import fill
from tests.store.memory import MemoryStore

WHOLE = MemoryStore()
HEADS = fill(WHOLE, manifests=4, each=1)


def read(store: MemoryStore, key: str) -> bytes:
    with store.open(key) as file:
        return file.read()


def without(numbers: Iterable[int], changed: Iterable[int] = ()) -> MemoryStore:
    """Return the archive without some of its manifests, and with some changed."""
    store = MemoryStore()
    for item in WHOLE.items(""):
        data = read(WHOLE, item.key)
        if item.key in map(manifest_key, changed):
            data = data.replace(b"verified", b"truncated")
        if item.key not in map(manifest_key, numbers):
            store.put(item.key, data)
    return store


def numbers(mended: ChainMended) -> tuple[list[str], list[str]]:
    return sorted(mended.put_back), sorted(each.path for each in mended.left)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_what_is_below_another_is_known_by_its_hash(number: int) -> None:
    for damaged in (without([number]), without([], [number])):
        assert numbers(mend_chain(damaged, None, None)) == ([], [manifest_key(number)])
        assert numbers(mend_chain(damaged, WHOLE, None)) == ([manifest_key(number)], [])
        assert read(damaged, manifest_key(number)) == read(WHOLE, manifest_key(number))
        assert numbers(mend_chain(damaged, WHOLE, HEADS[-1])) == ([], []), "it is whole now"


def test_the_highest_is_known_by_a_kept_head_only() -> None:
    rewritten = without([], [4])
    assert numbers(mend_chain(rewritten, WHOLE, None)) == ([], []), "nothing contradicts it"
    assert numbers(mend_chain(rewritten, WHOLE, HEADS[-1])) == ([manifest_key(4)], [])
    set_back = without([3, 4])
    both = [manifest_key(3), manifest_key(4)]
    assert numbers(mend_chain(set_back, WHOLE, HEADS[-1])) == (both, [])
    other = Head(4, "0" * 64)
    assert numbers(mend_chain(without([]), WHOLE, other)) == ([], [manifest_key(4)])


def test_no_copy_is_taken_at_its_word() -> None:
    damaged = without([2])
    for copy in (without([2]), without([], [2])):
        assert numbers(mend_chain(damaged, copy, HEADS[-1])) == ([], [manifest_key(2)])
    stranger = MemoryStore()
    fill(stranger, manifests=4, each=1)
    assert numbers(mend_chain(damaged, stranger, None)) == ([], [manifest_key(2)])


def test_the_file_that_names_the_archive_must_name_this_one() -> None:
    nameless = MemoryStore()
    for item in WHOLE.items("manifests/"):
        nameless.put(item.key, read(WHOLE, item.key))
    stranger = MemoryStore()
    fill(stranger, manifests=1, each=1)
    assert numbers(mend_chain(nameless, stranger, None)) == ([], [ARCHIVE_KEY])
    assert numbers(mend_chain(nameless, WHOLE, None)) == ([ARCHIVE_KEY], [])
