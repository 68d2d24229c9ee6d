"""Movie fragments (ISO/IEC 14496-12 8.8): each says itself how long its samples last and are.

So is MP4 written where nobody can go back in it: a stream, or what a crash must not cost. Each
fragment has its own place in time (``tfdt``), so that a missing one is seen by the next.
"""

from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from archiver.audio.kinds.mp4.boxes import Box, find, inner, number, table
from archiver.audio.mpeg.tags import Read

_HAS_OFFSET, _HAS_DESCRIPTION, _HAS_DURATION, _HAS_SIZE = 0x1, 0x2, 0x8, 0x10
_RUN_OFFSET, _RUN_FIRST_FLAGS = 0x1, 0x4
_EACH_DURATION, _EACH_SIZE = 0x100, 0x200
_EACH: Final = (_EACH_DURATION, _EACH_SIZE, 0x400, 0x800)
"""What a run may tell of each sample, in this order: flags and the time of composition as well."""


class Defaults(Struct, frozen=True):
    """What a sample lasts and takes where nothing else is said."""

    ticks: int
    size: int


class Fragment(Struct, frozen=True):
    """What a fragment holds of one track; ``begins`` is its time, ``None`` where it isn't told.

    ``empty`` counts samples that take no bytes: they are not there, though they last ``ticks``.
    """

    track: int
    begins: int | None
    ticks: int
    size: int
    empty: int


def defaults(read: Read, moov: Box) -> dict[int, Defaults]:
    """Return what a movie says of the samples of its fragments, by track."""
    mvex = find(read, moov, b"mvex")
    boxes = inner(read, mvex, b"trex") if mvex else ()
    return {
        number(read, box, 4): Defaults(number(read, box, 12), number(read, box, 16))
        for box in boxes
    }


def pieces(read: Read, moof: Box, known: dict[int, Defaults]) -> Iterator[Fragment]:
    """Yield what one fragment holds of each track."""
    for traf in inner(read, moof, b"traf"):
        tfhd, tfdt = find(read, traf, b"tfhd"), find(read, traf, b"tfdt")
        flags, track = number(read, tfhd, 1, 3), number(read, tfhd, 4)
        base = known.get(track, Defaults(0, 0))
        at = 8 + 8 * bool(flags & _HAS_OFFSET) + 4 * bool(flags & _HAS_DESCRIPTION)
        ticks = number(read, tfhd, at) if flags & _HAS_DURATION else base.ticks
        at += 4 * bool(flags & _HAS_DURATION)
        size = number(read, tfhd, at) if flags & _HAS_SIZE else base.size
        runs = [_run(read, run, Defaults(ticks, size)) for run in inner(read, traf, b"trun")]
        yield Fragment(
            track=track,
            begins=number(read, tfdt, 4, 8 if number(read, tfdt, 0, 1) else 4) if tfdt else None,
            ticks=sum(ticks for ticks, _, _ in runs),
            size=sum(size for _, size, _ in runs),
            empty=sum(empty for _, _, empty in runs),
        )


def _run(read: Read, trun: Box, base: Defaults) -> tuple[int, int, int]:
    """Return what all samples of a run last and take, and how many take nothing."""
    flags, count = number(read, trun, 1, 3), number(read, trun, 4)
    at = 8 + 4 * bool(flags & _RUN_OFFSET) + 4 * bool(flags & _RUN_FIRST_FLAGS)
    each = [flag for flag in _EACH if flags & flag]
    if not each:
        return count * base.ticks, count * base.size, 0 if base.size else count
    ticks_at = each.index(_EACH_DURATION) if _EACH_DURATION in each else None
    size_at = each.index(_EACH_SIZE) if _EACH_SIZE in each else None
    ticks = total = empty = 0
    for row in table(read, trun, at, f">{len(each)}I", count):
        ticks += base.ticks if ticks_at is None else row[ticks_at]
        size = base.size if size_at is None else row[size_at]
        total += size
        empty += not size
    return ticks, total, empty
