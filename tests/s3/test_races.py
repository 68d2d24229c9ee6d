"""Writers in turns of chance: hundreds of numbers raced for, where nothing refuses the second.

The model (:mod:`tests.s3.shelf`) lets all create-only PUTs through that come at once. Writers may
be killed at any request, and lose the answer to any PUT.
"""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import pytest
from msgspec.structs import replace

from archiver.config.s3_options import Options, place
from archiver.domain.layout import ARCHIVE_KEY
from archiver.domain.outcomes import Outcome
from archiver.errors import DestinationError
from archiver.manifest.journal import Journal
from archiver.manifest.model import Manifest
from archiver.manifest.records.files import Head
from archiver.store.s3.bucket_store import BucketStore
from archiver.store.s3.trying.bucket_capabilities import BucketCapabilities
from tests.archives import PORTAL, entry, manifest_of
from tests.conftest import Figure
from tests.s3.shelf import Shelf
from tests.s3.turns import Turns

EACH, WRITERS = 4, 3
AS_CEPH_20 = BucketCapabilities(
    creates_only=True, keeps_apart=False, keeps_hashes=True, versioned=True, in_order=True
)
AS_CEPH_16 = replace(AS_CEPH_20, creates_only=False)


@dataclass
class Race:
    """Some writers of one archive, each of which writes a few manifests and says their heads.

    Somebody looks for the head meanwhile, again and again, and remembers every one.
    """

    home: Path
    chance: Random
    does: BucketCapabilities = AS_CEPH_20
    deadly: float = 0.0
    lost: float = 0.0
    seen: set[Head] = field(default_factory=set)
    said: list[tuple[Head, str]] = field(default_factory=list)
    begun: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.turns = Turns(self.chance, self.deadly)
        self.shelf = Shelf(
            self.turns.take,
            lambda: self.chance.random() < self.lost,
            refuses=self.does.creates_only,
        )
        (self.home / "bucket.json").write_text(json.dumps(self.does.plain()))

    def run(self) -> None:
        """Let them write, all at once, and read meanwhile."""
        self.turns.run([*map(self._writer, range(WRITERS)), self._read])

    def store(self) -> BucketStore:
        """Return the archive as a machine has it that knows what the bucket does."""
        client: Any = self.shelf
        return BucketStore(client, place("s3://calls"), Options(), self.home)

    def chain(self) -> list[tuple[Head, Manifest]]:
        """Return the chain, as somebody reads it afterwards."""
        return [*Journal(self.store()).manifests()]

    def _read(self) -> None:
        journal = Journal(self.store())
        while not self.turns.is_alone:
            if (head := journal.head()) is not None:
                self.seen.add(head)

    def _writer(self, writer: int) -> Callable[[], None]:
        def write() -> None:
            journal = Journal(self.store())
            archive = journal.create_or_open(PORTAL).archive
            for number in range(EACH):
                self._append(journal, archive, f"{writer}-{number}")

        return write

    def _append(self, journal: Journal, archive: str, said: str) -> None:
        def build(below: Head | None) -> Manifest:
            self.begun.append(said)
            return manifest_of(archive, [entry(said, Outcome.GONE)], run=said)(below)

        try:
            head = journal.append(build)
        except DestinationError:
            return  # The answer was lost before anything was there: nothing was said either.
        self.said.append((head, said))


@pytest.mark.parametrize(
    ("races", "does", "deadly", "lost"),
    [
        (100, AS_CEPH_20, 0.0, 0.0),
        (50, AS_CEPH_20, 0.01, 0.0),
        (50, AS_CEPH_20, 0.01, 0.2),
        (50, AS_CEPH_16, 0.01, 0.2),
    ],
    ids=["plain", "killed", "unheard", "unrefused"],
)
def test_hundreds_of_races_make_one_chain(  # noqa: PLR0913, PLR0917 - as pytest gives them
    races: int,
    does: BucketCapabilities,
    deadly: float,
    lost: float,
    tmp_path: Path,
    figure: Figure,
) -> None:
    chance, counted = Random(20), Counter[str]()
    while counted["races"] < races:
        race = Race(tmp_path, chance, does, deadly, lost)
        race.run()
        counted["races"] += race.shelf.doubled
        counted["numbers"] += len(examined(race, killed=bool(deadly)))
        counted["heads said"] += len(race.said)
        counted["heads read meanwhile"] += len(race.seen)
        counted["taken back"] += race.shelf.taken_back
        counted["left over"] += sum(len(each) - 1 for each in race.shelf.kept.values() if each)
    assert deadly or not counted["left over"]
    figure("S11", f"PUTs let through beside another: {dict(counted)}, false heads 0, lost 0")


def examined(race: Race, *, killed: bool) -> list[tuple[Head, Manifest]]:
    """Return the chain, after holding it against all that was said."""
    if not race.shelf.kept.get(ARCHIVE_KEY):
        assert killed
        return []
    chain = race.chain()
    heads = {head for head, _ in chain}
    assert [head.number for head, _ in chain] == [*range(1, len(chain) + 1)]
    assert {head for head, _ in race.said} <= heads, "a head was said that is not in the chain"
    assert race.seen <= heads, "somebody read what is not in the chain any more"
    entered = Counter(str(one.id) for _, manifest in chain for one in manifest.recordings)
    for head, said in race.said:
        assert [one.id for one in chain[head.number - 1][1].recordings] == [said]
        assert entered[said] == 1
    assert set(entered) <= set(race.begun)
    if not killed:
        assert len(race.said) == len(chain) == WRITERS * EACH
    return chain
