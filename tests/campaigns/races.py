"""Writers that race for the numbers of one chain: each number is won once, and none is left out.

Every writer is a machine of its own, with its own workroom and connection, and appends manifests
through the journal. A number counts as raced for when several writers have built a manifest for it,
each on the same head, and so have sent it.
"""

import itertools
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from msgspec import Struct, field

from archiver.manifest.journal import Journal
from archiver.manifest.model import Manifest
from archiver.manifest.records.files import Head
from archiver.store.base import Store
from tests.archives import PORTAL, manifest_of


class Races(Struct):
    """The numbers that were tried for, each as often, and the heads that writers say they made."""

    tried: list[int] = field(default_factory=list)
    made: list[Head] = field(default_factory=list)

    @property
    def contested(self) -> int:
        """How many numbers several writers tried for."""
        return sum(times > 1 for times in Counter(self.tried).values())

    def broken(self, store: Store) -> list[str]:
        """Return what is wrong with the chain that came of it; nothing may be."""
        chain = [head for head, _ in Journal(store).manifests()]  # itself raises at a break
        bad = []
        if [head.number for head in chain] != [*range(1, len(self.made) + 1)]:
            bad.append(f"{len(self.made)} manifests were made, {len(chain)} are in the chain")
        if lost := {*self.made} - {*chain}:
            bad.append(f"manifests that were made and are not in the chain: {len(lost)}")
        return bad


def race(stores: Sequence[Store], contests: int) -> Races:
    """Let every writer append, all at once and again, until so many numbers were raced for."""
    archive = Journal(stores[0]).create_or_open(PORTAL).archive
    races, runs = Races(), itertools.count()

    def build(below: Head | None) -> Manifest:
        manifest = manifest_of(archive, [], run=f"run-{next(runs)}")(below)
        races.tried.append(manifest.number)
        return manifest

    journals = [Journal(store) for store in stores]
    with ThreadPoolExecutor(len(journals)) as pool:
        while races.contested < contests:
            races.made += pool.map(lambda journal: journal.append(build), journals)
    return races
