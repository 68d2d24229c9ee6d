"""What is kept of a chain for whoever asks it often: read once, then only what came since."""

from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from archiver.domain.layout import manifest_key
from archiver.errors import ChainBroken
from archiver.manifest.extract import Extract
from archiver.manifest.journal import Journal
from archiver.manifest.model import Manifest
from archiver.manifest.records.erasures import Cause, Erasure, ErasureStep, Tombstone
from archiver.manifest.records.files import ArchivedFile, Head
from tests.archives import entry, fill, manifest_of
from tests.store.memory import MemoryStore


class Counted(Journal):
    """A journal that counts the manifests that were read of it."""

    read = 0

    def manifests(self, after: int | Head = 0) -> Iterator[tuple[Head, Manifest]]:
        """Read on, and count."""
        for each in super().manifests(after):
            self.read += 1
            yield each


def appended(journal: Journal, *ids: str, erasure: Erasure | None = None) -> Head:
    entries = [entry(each, "failed") for each in ids]  # type: ignore[arg-type]  # as it is written
    build = manifest_of(journal.archive().archive, entries)
    return journal.append(lambda below: replace(build(below), erasure=erasure))


def erasure_of(*ids: str, files: tuple[ArchivedFile, ...] = ()) -> Erasure:
    stones = tuple(Tombstone(each, "recordings", None, files) for each in ids)  # type: ignore[arg-type]  # as it is written
    step, cause = ErasureStep.DONE, Cause.ERASURE
    return Erasure(step, cause, "Ann", None, "asked", None, stones, (), 0)


def kept(extract: Extract, *ids: str) -> list[list[str]]:
    return [[each.id for each in manifest.recordings] for _, manifest in extract.of(ids)]  # type: ignore[arg-type]  # ids are text


def test_a_chain_is_read_once_and_then_what_came_since() -> None:
    store = MemoryStore()
    fill(store, manifests=3, each=2)
    journal = Counted(store)
    assert kept(journal.extract, "3") == [[], ["3"], []]
    assert kept(journal.extract) == kept(journal.extract, "3") == [[], ["3"], []]
    assert journal.read == 3
    appended(Journal(store), "3", "9")
    assert kept(journal.extract, "3") == [[], ["3"], [], ["3"]]
    assert journal.read == 4


def test_what_was_not_asked_about_before_is_read_again() -> None:
    store = MemoryStore()
    fill(store, manifests=2, each=2)
    journal = Counted(store)
    assert kept(journal.extract, "1") == [["1"], []]
    assert kept(journal.extract, "4") == [["1"], ["4"]]
    assert journal.read == 4


def test_who_says_first_what_will_be_asked_spares_a_reading() -> None:
    store = MemoryStore()
    fill(store, manifests=2, each=2)
    journal = Counted(store)
    journal.extract.want(["1", "4"])  # type: ignore[list-item]  # ids are text
    assert kept(journal.extract) == kept(journal.extract, "4") == [["1"], ["4"]]
    assert journal.read == 2


def test_what_names_anything_erased_is_kept_unasked() -> None:
    """It may have come back: by its id, or as files that another entry names."""
    store = MemoryStore()
    fill(store, manifests=1, each=3)
    journal = Journal(store)
    ((_, first),) = journal.manifests()
    gone = tuple(filter(None, (first.recordings[0].audio, first.recordings[0].sidecar)))
    appended(journal, erasure=erasure_of("1", files=gone))
    again = replace(entry("8", "failed"), audio=gone[0])  # type: ignore[arg-type]  # as it is written
    build = manifest_of(journal.archive().archive, [again, first.recordings[1]])
    journal.append(build)
    appended(journal, "1", "2")
    assert kept(Journal(store).extract) == [[], [], ["8"], ["1"]]


def test_a_chain_with_another_manifest_where_it_was_read_is_broken() -> None:
    store, elsewhere = MemoryStore(), MemoryStore()
    fill(store, manifests=3)
    journal, other = Journal(store), Journal(elsewhere)
    elsewhere.put("ARCHIVE.json", journal.archive().to_json())
    for head, manifest in [*journal.manifests()][:2]:
        elsewhere.put(manifest_key(head.number), manifest.to_json())
    appended(other, "7")
    sources = [journal, other]
    extract = Extract(lambda head: sources.pop(0).manifests(head))
    assert len(kept(extract)) == 3
    with pytest.raises(ChainBroken, match="not the one that was read before"):
        kept(extract)
