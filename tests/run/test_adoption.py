"""What earlier runs left: found by name, and never what was set aside as damaged."""

import hashlib
from dataclasses import replace

from archiver.keys import Shelf, audio_key, is_set_aside
from archiver.run.adoption import Leftovers, Remnant, set_damaged_aside
from archiver.store.memory import MemoryStore
from tests.archives import MORNING, audio_of, row, store_one


def entered(_: str) -> bool:
    return False


def left_of(store: MemoryStore) -> Remnant | None:
    leftovers = Leftovers(store, entered)
    assert leftovers.pairs([MORNING.date()]) == []
    return leftovers.take("42", MORNING)


def test_what_was_set_aside_is_never_adopted() -> None:
    store, one, audio = MemoryStore(), row("42"), audio_of("42")
    key = audio_key(Shelf.RECORDINGS, one.id, one.at, hashlib.sha256(audio).hexdigest(), "mp3")
    damaged = b"\0" + audio[1:]
    store.put(key, damaged)
    left = left_of(store)
    assert left is not None
    assert left.audio == key

    set_damaged_aside(store, key, one, hashlib.sha256(damaged).hexdigest())

    (aside,) = store.items("")
    assert is_set_aside(aside.key)
    assert left_of(store) is None
    store.put(key, audio)
    again = left_of(store)
    assert again is not None
    assert again.audio == key


def test_what_was_left_is_found_once_and_what_is_entered_never() -> None:
    store = MemoryStore()
    left, entered = store_one(store, row("1")), store_one(store, row("2"))
    names = {file.path for file in (entered.audio, entered.sidecar) if file}
    leftovers = Leftovers(store, names.__contains__)

    (found,) = leftovers.pairs([MORNING.date()])

    assert found.entry(None) == replace(left, attempts=0)
    assert leftovers.pairs([MORNING.date(), None]) == []
    assert leftovers.take("1", MORNING) is None
    assert leftovers.take("2", MORNING) is None


def test_what_makes_no_pair_is_left_for_the_listing_to_meet() -> None:
    store = MemoryStore()
    sidecar, audio = store_one(store, row("1")).sidecar, store_one(store, row("2")).audio
    assert sidecar is not None
    assert audio is not None
    halves = MemoryStore()
    for key in (sidecar.path, audio.path):
        halves.put(key, store.open(key).read())
    leftovers = Leftovers(halves, set[str]().__contains__)

    assert leftovers.pairs([MORNING.date()]) == []
    assert leftovers.take("1", MORNING) == Remnant(None)
    assert leftovers.take("2", MORNING) == Remnant(audio.path)
    assert leftovers.take("2", MORNING) is None


def test_what_this_run_stores_is_nothing_left() -> None:
    store = MemoryStore()
    leftovers = Leftovers(store, set[str]().__contains__)
    assert leftovers.pairs([MORNING.date()]) == []
    store_one(store, row("2"))
    assert leftovers.pairs([MORNING.date()]) == []
    assert leftovers.take("2", MORNING) is None
