"""Known bugs, sown into sound records: a model that misses one of them proves nothing.

Each is one change to the order of the steps, or leaves steps out, as a wrong store would have it.
"""

from collections.abc import Callable, Iterator
from pathlib import Path, PurePath

from msgspec.structs import replace

from archiver.domain.layout import PRIVATE
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
    """Yield every bug as a case that is named after it."""
    whole = stored(folder / "whole")
    for name, steps in _in_storing(whole.steps):
        yield replace(whole, name=name, steps=steps)
    yield from _in_taking_over(whole.steps, folder)
    yield from _in_setting_aside(folder)


def _in_storing(steps: Steps) -> Iterator[tuple[str, Steps]]:
    """Sow into a run that stores an identity, audio, a sidecar and a manifest."""
    where = paths(steps)
    for inode in sorted({step.inode for step in steps if isinstance(step, Sync)}):
        if PRIVATE not in where[inode]:
            yield f"no fsync of {_told(where[inode])}", _unsynced(steps, inode)
    identity, audio, sidecar, manifest = (step for step in steps if isinstance(step, Link))
    for link in (identity, audio, sidecar, manifest):
        for bug, sow in _BUGS.items():
            yield f"{bug}: {_told(where[link.inode])}", sow(steps, link)
    yield "manifest before audio", _before(steps, manifest, audio)
    yield "manifest before sidecar", _before(steps, manifest, sidecar)
    yield "sidecar before audio", _before(steps, sidecar, audio)


def _in_taking_over(steps: Steps, folder: Path) -> Iterator[Case]:
    """Sow into runs after one that was killed between making a name and syncing it."""
    where = paths(steps)
    for at, step in enumerate(steps):
        if not isinstance(step, Mkdir | Link) or PRIVATE in where[step.inode]:
            continue
        path = where[step.inode]
        case = stored(folder / f"killed-{at}", at + 1)
        (parent,) = (each for each, there in paths(case.steps).items() if there == _above(path))
        later = _unsynced(case.steps[case.first :], parent)
        name = f"what a killed run made is taken as it is: {_told(path)}"
        yield replace(case, name=name, steps=case.steps[: case.first] + later)


def _in_setting_aside(folder: Path) -> Iterator[Case]:
    """Sow into moves of a file out of its name."""
    for copied in (False, True):
        case = set_aside(folder / f"aside-{copied}", copied=copied)
        link = [step for step in case.steps if isinstance(step, Link)][-1]
        bugs = {"new name not synced": _unsynced(case.steps, link.folder)}
        if copied:
            bugs["bytes not synced"] = _unsynced(case.steps, link.inode)
        else:
            unlink = [step for step in case.steps if isinstance(step, Unlink)][-1]
            bugs["old name goes first"] = _moved(case.steps, unlink, case.steps.index(link))
        for name, steps in bugs.items():
            yield replace(case, name=f"{case.name}: {name}", steps=steps)


def _unsynced(steps: Steps, inode: int) -> Steps:
    """Leave out every ``fsync`` of a file or folder."""
    return [step for step in steps if step != Sync(inode)]


def _moved(steps: Steps, step: Step, place: int) -> Steps:
    """Put a step where another one is."""
    others = [each for each in steps if each is not step]
    return [*others[:place], step, *others[place:]]


def _linked_unsynced(steps: Steps, link: Link) -> Steps:
    """Bring the bytes to disk only when the name is there."""
    sync = steps[steps.index(Sync(link.inode))]
    return _moved(steps, sync, steps.index(Sync(link.folder), steps.index(link)))


def _linked_unwritten(steps: Steps, link: Link) -> Steps:
    """Link the empty part, then write and sync it."""
    write = next(step for step in steps if isinstance(step, Write) and step.inode == link.inode)
    after = _moved(steps, write, steps.index(link))
    return _linked_unsynced(after, link)


def _renamed_unsynced(steps: Steps, link: Link) -> Steps:
    """Rename instead of linking, as many programs do, before the bytes are on disk."""
    part = _part(steps, link)
    renamed = Rename(part.folder, part.name, link.folder, link.name)
    late = _linked_unsynced(steps, link)
    gone = Unlink(part.folder, part.name)
    return [renamed if step is link else step for step in late if step != gone]


def _written_in_place(steps: Steps, link: Link) -> Steps:
    """Open the final name and write to it."""
    part = _part(steps, link)
    own = [step for step in steps if step == Sync(link.inode) or _writes(step, link.inode)]
    left_out = [*own, part, Unlink(part.folder, part.name)]
    steps = [step for step in steps if step not in left_out]
    at = steps.index(link)
    return [*steps[:at], Create(link.folder, link.name, link.inode), *own, *steps[at + 1 :]]


def _promised_early(steps: Steps, link: Link) -> Steps:
    """Return from the store before the name is on disk."""
    at = steps.index(link)
    promise = next(step for step in steps[at:] if isinstance(step, Promised))
    return _moved(steps, promise, at + 1)


_BUGS: dict[str, Callable[[Steps, Link], Steps]] = {
    "linked before its fsync": _linked_unsynced,
    "linked before it is written": _linked_unwritten,
    "renamed before its fsync": _renamed_unsynced,
    "written under its final name": _written_in_place,
    "acknowledged before its folder's fsync": _promised_early,
}


def _before(steps: Steps, late: Link, early: Link) -> Steps:
    """Store one file, from its part to its promise, where another is about to be linked."""
    first = steps.index(_part(steps, late))
    last = next(at for at in range(first, len(steps)) if isinstance(steps[at], Unlink))
    at = steps.index(early)
    moved = steps[first : last + 1]
    return [*steps[:at], *moved, *steps[at:first], *steps[last + 1 :]]


def _part(steps: Steps, link: Link) -> Create:
    return next(s for s in steps if isinstance(s, Create) and s.inode == link.inode)


def _writes(step: Step, inode: int) -> bool:
    return isinstance(step, Write) and step.inode == inode


def _above(path: str) -> str:
    above = str(PurePath(path).parent)
    return "" if above == "." else above


def _told(path: str) -> str:
    return path.removeprefix(f"{AT}/") or "the folder above all"
