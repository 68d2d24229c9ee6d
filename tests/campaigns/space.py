"""Pulls onto a disk that fills up, by size and by number of files: what is stored, what is left.

The disk is a small tmpfs in a mount namespace of its own (user_namespaces(7)), where this module
runs once more and prints its figures as JSON.
"""

import hashlib
import json
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct, field
from msgspec.structs import asdict

from archiver.domain.layout import Shelf, parse
from archiver.sandbox import Sandbox
from archiver.store.free_space import RESERVE_BYTES, RESERVE_FILES
from archiver.store.local import LocalStore
from tests.campaigns.mounts import NotHereError, mounted
from tests.campaigns.report import Report
from tests.pulls import DAY, Archive, State, portal

RECORDINGS = 12
OPTIONS = ("--day", f"{DAY:%Y-%m-%d}", "--rate", "60000", "--workers", "2")
"""Few workers, since all that begin at once find the same room."""
TMPFS = 'mount -t tmpfs -o size=40m,nr_inodes=3000 none "$1"'
MODULE = "tests.campaigns.space"
KIB = 1_024
ROOMS = tuple(range(0, 257 * KIB, 32 * KIB))
FILES = tuple(range(0, 61, 10))
KEEPING = (
    "import sys; from archiver.store import free_space as room; "
    "room.RESERVE_BYTES, room.RESERVE_FILES = {keep}; "
    "from archiver.cli.main import run; sys.exit(run(sys.argv[1:]))"
)
"""A pull that keeps other reserves."""
WORDS = ("is full", "are free", "can take")
SHARE = (RESERVE_BYTES, RESERVE_FILES)
NOTHING = (0, 0)


class Figures(Struct):
    """What full disks came to. ``bad`` must stay empty."""

    disks: int = 0
    stopped: int = 0
    stored: int = 0
    entered: int = 0
    bad: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{self.disks} disks that fill up: stopped with exit 4 {self.stopped}, stored "
            f"{self.stored}, entered {self.entered}, the rest adopted; partial finals 0, part "
            "files left 0; clean when there is room again"
        )


def campaign(
    folder: Path,
    rooms: tuple[int, ...] = ROOMS,
    files: tuple[int, ...] = FILES,
    keeps: tuple[tuple[int, int], ...] = (SHARE, NOTHING),
) -> Figures:
    """Fill a disk at ``folder`` until so many bytes and so many files are left beside the reserves.

    Raises :class:`NotHereError`.
    """
    words = json.dumps([rooms, files, keeps])
    return Figures(**json.loads(mounted(TMPFS, folder, MODULE, words)))


def add(report: Report, folder: Path) -> None:
    """Run the campaign and tell what came of it."""
    try:
        figures = campaign(folder)
    except NotHereError as error:
        report.skipped.append(f"full disks: {error}")
        return
    report.figures["disks that filled up under a pull"] = figures.disks
    report.figures["of these stopped with exit 4"] = figures.stopped
    report.figures["recordings stored on them, entered on them"] = (
        f"{figures.stored}, {figures.entered}"
    )
    report.bad += figures.bad


def _fill_up(folder: Path, rooms: list[int], files: list[int], keeps: list[list[int]]) -> Figures:
    """Do the campaign on the disk that is mounted at ``folder``."""
    figures = Figures()
    with portal(RECORDINGS) as sandbox:
        whole = Archive(sandbox, folder / "whole")
        whole.pull_here()
        states = whole.states()
        shutil.rmtree(whole.folder)
        for keep in ((size, count) for size, count in keeps):
            for room in rooms:
                pulls = _archive(sandbox, folder, keep, f"bytes-{room}")
                with _few_bytes(folder, keep[0] + room):
                    _pull(pulls, f"{room} bytes beside {keep}", keep, figures)
                _finish(pulls, f"{room} bytes beside {keep}", states, figures)
            for count in files:
                pulls = _archive(sandbox, folder, keep, f"files-{count}")
                with _few_files(folder, keep[1] + count):
                    _pull(pulls, f"{count} files beside {keep}", keep, figures)
                _finish(pulls, f"{count} files beside {keep}", states, figures)
    return figures


def _archive(sandbox: Sandbox, folder: Path, keep: tuple[int, int], name: str) -> Archive:
    """Return an archive of a name that none had before: where one was, none is begun anew."""
    keeping = ("-c", KEEPING.format(keep=keep))
    return Archive(sandbox, folder / f"{name}-{keep[0]}", options=OPTIONS, program=keeping)


@contextmanager
def _few_bytes(folder: Path, free: int) -> Iterator[None]:
    ballast = folder / "ballast"
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, (LocalStore(folder).free().bytes or 0) - free or 1)
    yield
    ballast.unlink()


@contextmanager
def _few_files(folder: Path, free: int) -> Iterator[None]:
    ballast = folder / "ballast"
    ballast.mkdir()
    for number in range((LocalStore(folder).free().files or 0) - free):
        (ballast / str(number)).touch()
    yield
    shutil.rmtree(ballast)


def _pull(archive: Archive, case: str, keep: tuple[int, int], figures: Figures) -> None:
    """Pull onto the full disk, and look at what that leaves."""
    ended = archive.pull()
    figures.disks += 1
    figures.stopped += ended.code == 4
    stored, entered = set[str](), set[str]()
    if (archive.folder / "ARCHIVE.json").exists():
        stored, entered = archive.stored(), {*archive.known()}
        report = archive.verified()
        if report.missing or report.differ or report.chain or report.unreadable:
            figures.bad.append(f"{case}: what is entered is not there")
    figures.stored += len(stored)
    figures.entered += len(entered)
    if ended.code not in {0, 4} or "Traceback" in ended.err:
        figures.bad.append(f"{case}: exit {ended.code}: {ended.err}")
    if ended.code == 4 and not any(words in ended.err for words in WORDS):
        figures.bad.append(f"{case}: not told: {ended.err}")
    if keep != NOTHING and stored != entered:
        figures.bad.append(f"{case}: stored {len(stored)}, entered {len(entered)}")
    if archive.parts():
        figures.bad.append(f"{case}: part files are left")
    figures.bad += [f"{case}: {name} is torn" for name in _torn(archive.folder)]


def _finish(archive: Archive, case: str, states: dict[str, State], figures: Figures) -> None:
    """Pull again, now that there is room, and clear the disk."""
    again = archive.pull()
    if again.code or archive.states() != states or not archive.verified().is_clean:
        figures.bad.append(f"{case}: not whole when there was room: {again.err}")
    shutil.rmtree(archive.folder)


def _torn(folder: Path) -> Iterator[str]:
    """Yield the files whose names deny their content."""
    for path in (path for shelf in Shelf for path in (folder / shelf).rglob("*.*")):
        named = parse(str(path.relative_to(folder)))
        if named and not hashlib.sha256(path.read_bytes()).hexdigest().startswith(named.sha12):
            yield path.name


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asdict(_fill_up(Path(sys.argv[1]), *json.loads(sys.argv[2])))))
