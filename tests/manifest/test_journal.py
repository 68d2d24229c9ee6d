"""The chain in its archive: one identity, numbers without gaps, losers that decide again."""

import threading
from collections.abc import Iterator
from datetime import datetime
from typing import BinaryIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.check.audit import audit
from archiver.domain.layout import ARCHIVE_KEY, manifest_key
from archiver.domain.outcomes import Outcome
from archiver.errors import ChainBroken, UsageError
from archiver.json_documents import BadDocument
from archiver.manifest.archive import ArchiveFile
from archiver.manifest.journal import Journal
from archiver.manifest.model import Manifest
from archiver.manifest.records.files import Head
from archiver.store.base import Item
from tests.archives import PORTAL, entry, fill, manifest_of
from tests.conftest import Figure
from tests.store.memory import MemoryStore
from tests.store.unreadable import unreadable


def test_an_archive_is_made_once_and_for_one_portal() -> None:
    store = MemoryStore()
    made = Journal(store).create_or_open(PORTAL)
    assert Journal(store).create_or_open(PORTAL) == made
    store.put("recordings/undated/1.0123456789ab.mp3", b"audio")
    with pytest.raises(UsageError, match="other"):
        Journal(store).create_or_open("https://other.example/")


@pytest.mark.junk_documents
def test_a_higher_format_is_refused_in_words() -> None:
    store = MemoryStore()
    text = ArchiveFile.new(PORTAL).to_json().replace(b'"format": 1', b'"format": 2')
    store.put("ARCHIVE.json", text)
    with pytest.raises(UsageError, match="format 2"):
        Journal(store).create_or_open(PORTAL)


def test_the_chain_is_read_from_any_number() -> None:
    store = MemoryStore()
    heads = fill(store, manifests=4)
    journal = Journal(store)
    assert journal.head() == heads[-1]
    assert [head for head, _ in journal.manifests()] == heads
    assert [head for head, _ in journal.manifests(after=2)] == heads[2:]
    assert journal.head_at(9) is None


def test_a_manifest_that_is_entered_while_the_chain_is_listed_is_in_it() -> None:
    class Growing(MemoryStore):
        """Another run adds to the chain behind the first listing of it."""

        grows = False

        def versions(self, prefix: str) -> Iterator[Item]:
            listed = [*super().versions(prefix)]
            if prefix == "manifests/" and self.grows:
                self.grows = False
                other = Journal(self)
                other.append(manifest_of(other.archive().archive, [], run="another"))
            return iter(listed)

    store = Growing()
    fill(store, manifests=1)
    store.grows = True
    head = Journal(store).head()
    assert head is not None
    assert head.number == 2
    store.grows = True
    assert (audit(store).is_clean, Journal(store).head()) == (True, audit(store).head)


def test_a_missing_manifest_stops_everything() -> None:
    store = MemoryStore()
    fill(store)
    store.clearing.set_aside("manifests/00000002.json", "manifests/00000009.json")
    journal = Journal(store)
    with pytest.raises(ChainBroken, match="00000002"):
        journal.head()
    with pytest.raises(ChainBroken):
        list(journal.manifests())
    with pytest.raises(ChainBroken):
        journal.append(manifest_of(journal.archive().archive, []))


def test_what_another_wrote_is_held_once_it_is_built_upon() -> None:
    """Who only reads locks nothing."""
    store = MemoryStore()
    heads = fill(store)
    journal, held = Journal(store), list[str]()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store.locking, "hold", lambda key, _version: held.append(key))
        assert [head for head, _ in journal.manifests()] == heads
        assert (journal.head(), held) == (heads[-1], [])
        for _ in range(2):
            journal.append(manifest_of(journal.archive().archive, []))
    assert held == [manifest_key(heads[-1].number)], "its own is locked as it is written"


def test_rivals_for_a_number_build_again(figure: Figure) -> None:
    store = MemoryStore()
    archive = Journal(store).create_or_open(PORTAL).archive
    built = []

    def write(name: str) -> None:
        def build(below: Head | None) -> Manifest:
            built.append(name)
            return manifest_of(archive, [], run=name)(below)

        for _ in range(50):
            Journal(store).append(build)

    writers = [threading.Thread(target=write, args=(str(n),)) for n in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    numbers = [manifest.number for _, manifest in Journal(store).manifests()]
    assert numbers == list(range(1, 201))
    figure("S11", f"4 writers, 200 manifests, built {len(built)} times: gaps 0, lost 0")


def test_a_loser_decides_on_what_the_winner_wrote() -> None:
    store = MemoryStore()
    journal = Journal(store)
    archive = journal.create_or_open(PORTAL).archive
    seen: list[Head | None] = []

    def build(below: Head | None) -> Manifest:
        if not seen:
            Journal(store).append(manifest_of(archive, [], run="winner"))
        seen.append(below)
        return manifest_of(archive, [])(below)

    head = journal.append(build)
    assert head.number == 2
    assert [one.number if one else None for one in seen] == [None, 1]


def test_a_head_of_another_run_is_synced_before_it_is_built_on() -> None:
    store = MemoryStore()
    fill(store, manifests=2)
    journal, synced = Journal(store), list[str]()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "sync", synced.append)
        for _ in range(2):
            journal.append(manifest_of(journal.archive().archive, []))
    assert synced == [manifest_key(2)], "the other run's alone, and once"


@given(st.text(), st.sampled_from(Outcome), st.lists(st.text()), st.none() | st.datetimes())
def test_a_manifest_is_what_its_file_says(
    recording: str, outcome: Outcome, reasons: list[str], at: datetime | None
) -> None:
    if outcome is Outcome.ARCHIVED:
        outcome = Outcome.GONE
    at = at.replace(microsecond=0) if at else None
    one = entry(recording, outcome, reasons=tuple(reasons), created_at=at)
    manifest = manifest_of("a", [one])(None)
    assert Manifest.from_json(manifest.to_json()) == manifest


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (b'"attempts":0', b'"attempts":"0"', "attempts is not a whole number"),
        (b'"attempts":0', b'"attempts":1.5', "attempts is not a whole number"),
        (b'"attempts":0', b'"attempts":true', "attempts is not a whole number"),
        (b'"attempts":0,', b'"attempts":0,"note":1,', "note is unknown"),
        (b'"attempts":0,', b"", "attempts is missing"),
        (b'"outcome":"gone"', b'"outcome":"lost"', "outcome is none of"),
        (b'"number":1', b'"number":7', "does not follow"),
        (b'"number":1', b'"number":1,\n"number":1', "the same key twice"),
        (b'"number":1,', b'"number": 1,', "line 3"),
        (b"2026-01-02T03:04:05Z", b"2026-01-02T03:04:05", "UTC"),
        (b"2026-01-02T03:04:05Z", b"yesterday", "is not a time"),
    ],
)
def test_anything_else_is_refused_by_name(old: bytes, new: bytes, told: str) -> None:
    text = manifest_of("a", [entry("1", Outcome.GONE)])(None).to_json()
    assert old in text
    with pytest.raises(BadDocument, match=told):
        Manifest.from_json(text.replace(old, new, 1))


@pytest.mark.junk_documents
def test_a_file_that_cannot_be_read_is_told_with_the_reason() -> None:
    class Failing(MemoryStore):
        def open(self, key: str, _version: str | None = None) -> BinaryIO:
            return unreadable(key)

    store = Failing()
    store.put(ARCHIVE_KEY, b"{}")
    with pytest.raises(ChainBroken, match=r"reading ARCHIVE.json: the disk reported an error"):
        Journal(store).archive()
