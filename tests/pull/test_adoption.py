"""What earlier runs left: whole pairs are entered, all else is used or set aside, nothing lost."""

import hashlib

import pytest
from msgspec.structs import replace

from archiver.domain.layout import Shelf, audio_key, is_set_aside
from archiver.pull.stored.orphans import Orphans
from archiver.removal.making_way import set_aside
from tests.archives import MORNING, PORTAL, audio_of, row, store_one
from tests.store.memory import MemoryStore

DAYS = [MORNING.date(), None]


def orphans(store: MemoryStore, *entered: str, portal: str = PORTAL) -> Orphans:
    return Orphans(store, set(entered).intersection, portal)


def only(store: MemoryStore, *keys: str) -> MemoryStore:
    """Return a store with some of another's objects."""
    some = MemoryStore()
    for key in keys:
        some.put(key, store.open(key).read())
    return some


def all_set_aside(store: MemoryStore, found: Orphans) -> list[str]:
    return [set_aside(store, key) for key in found.unused()]


def keys(store: MemoryStore) -> list[str]:
    return [item.key for item in store.items("")]


def test_what_was_left_is_found_once_and_what_is_entered_never() -> None:
    store = MemoryStore()
    left, entered = store_one(store, row("1")), store_one(store, row("2"))
    names = [file.path for file in (entered.audio, entered.sidecar) if file]
    found = orphans(store, *names)

    (pair,) = found.pairs(DAYS)

    assert pair.entry(None) == replace(left, attempts=0)
    assert [*found.pairs(DAYS)] == []
    assert not found.has_stray("1", MORNING)
    assert not found.has_stray("2", MORNING)


def test_what_makes_no_pair_is_a_stray() -> None:
    store = MemoryStore()
    sidecar, audio = store_one(store, row("1")).sidecar, store_one(store, row("2")).audio
    assert sidecar is not None
    assert audio is not None
    halves = only(store, sidecar.path, audio.path)
    found = orphans(halves)

    assert [*found.pairs(DAYS)] == []
    assert found.has_stray("1", MORNING)
    assert found.has_stray("2", MORNING)
    aside = all_set_aside(halves, found)

    assert keys(halves) == sorted(aside)
    assert all(map(is_set_aside, aside))
    again = orphans(halves)
    assert [*again.pairs(DAYS)] == []
    assert not again.has_stray("1", MORNING)


def test_a_stray_that_is_entered_meanwhile_stays() -> None:
    store = MemoryStore()
    audio = store_one(store, row("1")).audio
    assert audio is not None
    alone, entered = only(store, audio.path), set[str]()
    found = Orphans(alone, entered.intersection, PORTAL)
    assert [*found.pairs(DAYS)] == []
    entered.add(audio.path)
    assert all_set_aside(alone, found) == []
    assert keys(alone) == [audio.path]


@pytest.mark.parametrize("defect", ["portal", "bytes"])
def test_a_pair_that_contradicts_itself_is_none(defect: str) -> None:
    store = MemoryStore()
    left = store_one(store, row("1"))
    assert left.audio is not None
    if defect == "bytes":
        rotten = MemoryStore()
        for key in keys(store):
            rotten.put(key, b"\0" * 600 if key == left.audio.path else store.open(key).read())
        store = rotten
    portal = "https://other.example/api/v2/" if defect == "portal" else PORTAL
    found = orphans(store, portal=portal)
    assert [*found.pairs(DAYS)] == []
    assert found.has_stray("1", MORNING)


def test_what_was_set_aside_is_named_by_what_it_is() -> None:
    store, audio = MemoryStore(), audio_of("42")
    key = audio_key(Shelf.RECORDINGS, "42", MORNING, hashlib.sha256(audio).hexdigest(), "mp3")
    damaged = b"\0" + audio[1:]
    store.put(key, damaged)

    aside = set_aside(store, key)

    assert keys(store) == [aside]
    assert aside.split(".")[-2] == hashlib.sha256(damaged).hexdigest()[:12]
    assert is_set_aside(aside)
    assert store.put(key, audio).created


def test_what_this_run_stores_is_nothing_left() -> None:
    store = MemoryStore()
    found = orphans(store)
    assert [*found.pairs(DAYS)] == []
    store_one(store, row("2"))
    assert [*found.pairs(DAYS)] == []
    assert not found.has_stray("2", MORNING)
    assert all_set_aside(store, found) == []
