"""Which disks a crash may leave: a pure model of what a POSIX file system promises, and no more.

- Bytes that were written after a file's last ``fsync`` may be there, be cut, be zeros in part or in
  whole, or be what was there before.
- A change of names after its folder's last ``fsync`` may have happened or not, each by itself:
  nothing is in order. A rename is one change, and so is there in both folders or in neither.
- What was synced is there. Syncing a file says nothing of its name, nor of the folder's own.

Real file systems are kinder (ext4 commits names in order), so what holds here holds on them.
"""

from collections.abc import Iterator
from enum import Enum
from functools import cache, lru_cache
from itertools import compress, product
from random import Random

from tests.power.steps import (
    ROOT,
    Create,
    Link,
    Mkdir,
    Moving,
    Promised,
    Rename,
    Step,
    Sync,
    Unlink,
    Write,
)

BLOCK = 512
"""What a disk writes at once, in bytes."""
MOST_TOGETHER = 8
"""So many changes of names are tried in every combination; of more, the extremes and some drawn."""
DRAWN = 48
DRAWN_OF_SCRATCH = 3

Files = dict[str, bytes]
"""What a disk holds, by path."""
Change = tuple[tuple[int, str, int | None], ...]
"""Names that change together: in this folder, this name, leads there or nowhere."""
_Folders = dict[int, dict[str, int]]


class Loss(Enum):
    """What becomes of bytes that were not synced."""

    NOTHING = "all is there"
    ALL = "what was there before"
    CUT = "half is there"
    ZEROED = "zeros"
    HOLED = "zeros in every other block"


LOSSES = tuple(Loss)


class Disk:
    """The disk under a running system that has done some steps.

    In folders called ``scratch`` nothing is promised, nor below them, so what becomes of their
    files is drawn, and only what lies elsewhere is tried in every combination.
    """

    def __init__(self, scratch: str) -> None:
        self._scratch_name = scratch
        self._scratch: set[int] = set()
        self._elsewhere: set[int] = set()
        self._folders: _Folders = {ROOT: {}}
        self._seen: _Folders = {ROOT: {}}
        self._pending: list[Change] = []
        self._synced: dict[int, bytes] = {}
        self._unsynced: dict[int, bytes] = {}

    def do(self, step: Step) -> None:
        """Let the running system do one step."""
        match step:
            case Create(folder, name, inode) | Link(folder, name, inode):
                self._change((folder, name, inode))
            case Mkdir(folder, name, inode):
                if name == self._scratch_name or folder in self._scratch:
                    self._scratch.add(inode)
                self._folders[inode], self._seen[inode] = {}, {}
                self._change((folder, name, inode))
            case Unlink(folder, name):
                self._change((folder, name, None))
            case Rename(folder, name, new_folder, new_name):
                moved = self._seen[folder][name]
                self._change((folder, name, None), (new_folder, new_name, moved))
            case Write(inode, data):
                self._unsynced[inode] = data
            case Sync(inode):
                self._sync(inode)
            case Promised() | Moving():
                pass

    def running(self) -> Files:
        """Return what the running system sees."""
        return {
            path: self._unsynced.get(inode, self._synced.get(inode, b""))
            for path, inode in _paths(ROOT, "", self._seen)
        }

    def crashes(self, chance: Random) -> Iterator[Files]:
        """Yield what the disk may hold when the power goes now; the same may come twice."""
        exposed = self._elsewhere & self._unsynced.keys()
        losses = [*Loss, None] if exposed else [None] * DRAWN_OF_SCRATCH
        names = cache(self._names)
        for kept in self._combinations(chance):
            for loss in losses:
                happened = (chance.random() < 1 / 2 if each is None else each for each in kept)
                yield {
                    path: self._bytes(inode, loss or chance.choice(LOSSES))
                    for path, inode in names(tuple(happened))
                }

    def _change(self, *change: tuple[int, str, int | None]) -> None:
        if not self._is_scratch(change):
            self._elsewhere |= {inode for _, _, inode in change if inode is not None}
        _apply(change, self._seen)
        self._pending.append(change)

    def _sync(self, inode: int) -> None:
        if inode not in self._folders:
            self._synced[inode] = self._unsynced.pop(inode, self._synced.get(inode, b""))
            return
        left = []
        for change in self._pending:
            if any(folder == inode for folder, _, _ in change):
                _apply(change, self._folders)
            else:
                left.append(change)
        self._pending = left

    def _names(self, happened: tuple[bool, ...]) -> list[tuple[str, int]]:
        """Return every file by its path, and its inode, if these of the pending changes happened.

        What a disk holds is asked for thousands of times, under the same few names.
        """
        folders = {inode: dict(names) for inode, names in self._folders.items()}
        for change in compress(self._pending, happened):
            _apply(change, folders)
        return [*_paths(ROOT, "", folders)]

    def _combinations(self, chance: Random) -> Iterator[tuple[bool | None, ...]]:
        """Yield which of the pending changes happen; ``None`` for those of scratch folders."""
        lasting = [not self._is_scratch(change) for change in self._pending]
        for kept in _subsets(sum(lasting), chance):
            each = iter(kept)
            yield tuple(next(each) if lasts else None for lasts in lasting)

    def _is_scratch(self, change: Change) -> bool:
        return all(folder in self._scratch for folder, _, _ in change)

    def _bytes(self, inode: int, loss: Loss) -> bytes:
        synced, data = self._synced.get(inode, b""), self._unsynced.get(inode)
        return synced if data is None else _left(data, synced, loss)


@lru_cache(maxsize=1_024)
def _left(data: bytes, synced: bytes, loss: Loss) -> bytes:
    """Return what is there of ``data`` that was not synced, where ``synced`` was before."""
    match loss:
        case Loss.NOTHING:
            return data
        case Loss.ALL:
            return synced
        case Loss.CUT:
            return data[: len(data) // 2]
        case Loss.ZEROED:
            return bytes(len(data))
        case Loss.HOLED:
            return b"".join(
                data[at : at + BLOCK] if at // BLOCK % 2 else bytes(len(data[at : at + BLOCK]))
                for at in range(0, len(data), BLOCK)
            )


def _apply(change: Change, folders: _Folders) -> None:
    for folder, name, inode in change:
        if inode is None:
            folders[folder].pop(name, None)
        else:
            folders[folder][name] = inode


def _paths(folder: int, path: str, folders: _Folders) -> Iterator[tuple[str, int]]:
    """Yield every file below a folder, by its path, and its inode."""
    for name, inode in folders[folder].items():
        if inode in folders:
            yield from _paths(inode, f"{path}{name}/", folders)
        else:
            yield path + name, inode


def _subsets(count: int, chance: Random) -> Iterator[tuple[bool, ...]]:
    """Yield which of ``count`` things are chosen: all ways if they are few, else the telling ones.

    These are all, none, one alone and all but one, and as many more as :data:`DRAWN`.
    """
    if count <= MOST_TOGETHER:
        yield from product((False, True), repeat=count)
        return
    for most in (False, True):
        yield (most,) * count
        for one in range(count):
            yield tuple(most != (each == one) for each in range(count))
    for _ in range(DRAWN):
        yield tuple(chance.random() < 1 / 2 for _ in range(count))
