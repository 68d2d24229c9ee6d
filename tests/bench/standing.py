"""How long ``archiver status`` takes over such a catalog, from its start to its end."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from archiver.catalog import Catalog
from archiver.domain.layout import manifest_key
from archiver.errors import ExitCode
from archiver.manifest.chain import head_of
from archiver.manifest.journal import Journal
from archiver.manifest.records.files import Head
from archiver.store.local import LocalStore
from tests.archives import PORTAL, manifest_of
from tests.bench.timing import Took, took

LIMIT_MS = 500
TIMES = 20
EACH = 500
"""A run enters so many recordings with a manifest."""


def lay_chain(archive: Path, recordings: int) -> tuple[str, Head]:
    """Write an archive with the manifests of so many recordings; they name none of them.

    Its id and its head are returned.
    """
    store = LocalStore(archive)
    identity = Journal(store).create_or_open(PORTAL)
    build, head = manifest_of(identity.archive, []), None
    for number in range(1, 2 + recordings // EACH):
        key, text = manifest_key(number), build(head).to_json()
        store.claim(key, text)
        head = head_of(key, text)
    if head is None:
        raise AssertionError("there is at least one manifest")
    return identity.archive, head


def take_for_followed(catalog: Catalog, archive: str, head: Head) -> None:
    """Let a catalog say that it has taken in a chain: what that names is laid in it already."""
    file = catalog._file  # noqa: SLF001 - nobody else may say so
    with file.exclusively(), file.change() as database:
        database.execute("DELETE FROM followed")
        followed = (archive, head.number, head.sha256)
        database.execute("INSERT INTO followed VALUES (?, ?, ?)", followed)


class Status(Struct, frozen=True):
    """What the command took: once by the catalog, and then by the figures that were kept."""

    by_catalog: Took
    by_figures: tuple[Took, ...]

    @property
    def is_in_time(self) -> bool:
        """Whether nineteen of twenty took no more of the processor than they may."""
        return _p95([_busy_ms(each) for each in self.by_figures]) <= LIMIT_MS

    def text(self) -> str:
        """Return the figures in a sentence."""
        busy = [_busy_ms(each) for each in self.by_figures]
        clock = [1_000 * each.wall_s for each in self.by_figures]
        return (
            f"`archiver status`, {len(busy)} times, from its start, at most {LIMIT_MS} ms: "
            f"processor {_median(busy):.0f} ms, {_p95(busy):.0f} ms at p95; "
            f"clock {_median(clock):.0f} ms, {_p95(clock):.0f} ms at p95. "
            f"Where no figures are kept of the head, once: {self.by_catalog.wall_s:.1f} s."
        )


def ask_status(archive: Path, times: int = TIMES) -> Status:
    """Run the command over an archive of which no figures are kept yet."""
    command = [sys.executable, "-m", "archiver", "status", "-a", str(archive)]
    environ = {**os.environ, "HOME": str(archive.parent)}
    first, *others = (took(command, environ, ExitCode.FINDINGS) for _ in range(1 + times))
    return Status(first, tuple(others))


def _busy_ms(each: Took) -> float:
    return 1_000 * (each.user_s + each.system_s)


def _median(some: Sequence[float]) -> float:
    return sorted(some)[len(some) // 2]


def _p95(some: Sequence[float]) -> float:
    return sorted(some)[min(len(some) - 1, int(0.95 * len(some)))]
