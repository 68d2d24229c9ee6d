"""Known bugs, sown into sound records: a model that misses one of them proves nothing.

Each is one change to the order of the steps, or leaves steps out, as a wrong store would have it.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from archiver.keys import PRIVATE
from tests.power.cases import AT, Case, set_aside, stored
from tests.power.steps import (
    Create,
    Link,
    Mkdir,
    Promised,
    Rename,
    Step,
    Sync,
    Unlink,
    Write,
    paths,
)

Steps = list[Step]


def sown(folder: Path) -> Iterator[Case]:
    """Yield every bug, as a case named after it."""
    whole = stored(folder / "whole")
    for name, steps in _in_storing(whole.steps):
        yield replace(whole, name=name, steps=steps)
    yield from _in_adopting(whole.steps, folder)
    yield from _in_setting_aside(folder)


def _in_storing(steps: Steps) -> Iterator[tuple[str, Steps]]:
    where = paths(steps)
    for inode in sorted({step.inode for step in steps if isinstance(step, Sync)}):
        if PRIVATE not in where[inode]:
            yield f"no fsync of {_told(where[inode])}", _without_syncs(steps, inode)
    links = [step for step in steps if isinstance(step, Link)]
    for link in links:
        for bug, sow in _BUGS.items():
            yield f"{_told(where[link.inode])} {bug}", sow(steps, link)
    _, audio, sidecar, manifest = links
    for early, late, name in (
        (manifest, audio, "manifest before audio"),
        (manifest, sidecar, "manifest before sidecar"),
        (sidecar, audio, "sidecar before audio"),
    ):
        yield name, _before(steps, early, late)


def _in_adopting(steps: Steps, folder: Path) -> Iterator[Case]:
    """Yield runs that take what a killed one left as if it were on disk."""
    where = paths(steps)
    for path, synced in (
        (AT, Path(AT).parent),
        (next(path for path in where.values() if path.endswith(".mp3")), None),
        (f"{AT}/manifests/00000001.json", None),
    ):
        named = next(
            at
            for at, step in enumerate(steps)
            if isinstance(step, Mkdir | Link) and where[step.inode] == path
        )
        case = stored(folder / f"killed-{named}", named + 1)
        parent = str(synced or Path(path).parent)
        inode = next(each for each, there in paths(case.steps).items() if there == parent)
        end = _next_link(case, inode)
        yield replace(
            case,
            name=f"{_told(path)} of a killed run is not synced again",
            steps=[
                *case.steps[: case.first],
                *_without_syncs(case.steps[case.first : end], inode),
                *case.steps[end:],
            ],
        )


def _in_setting_aside(folder: Path) -> Iterator[Case]:
    for copied in (False, True):
        yield from ()
