"""The boxes of MP4 and QuickTime (ISO/IEC 14496-12 4.2), and the tables in some of them."""

import struct
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from archiver.audio.mpeg.tags import Read

MOST_BOXES: Final = 50_000
"""Of a file; a fragment of a stream is two or three."""
_MOST_INNER: Final = 256
_HEADER: Final = 8
_LONG_HEADER: Final = 16
_TABLE_BLOCK: Final = 4096


class Box(Struct, frozen=True):
    """One box: its content begins ``at`` and claims to end at ``end``."""

    name: bytes
    at: int
    end: int


def boxes(read: Read, at: int, end: int, most: int = MOST_BOXES) -> Iterator[Box]:
    """Yield the boxes from ``at`` on, while they are boxes and begin before ``end``."""
    for _ in range(most):
        head = read(at, _LONG_HEADER)
        size, header = int.from_bytes(head[:4]), _HEADER
        if size == 1:
            size, header = int.from_bytes(head[8:]), _LONG_HEADER
        elif not size:
            size = end - at
        is_box = head[4:8].isascii() and head[4:8].decode().isprintable()
        if at + _HEADER > end or not is_box or size < header:
            return
        yield Box(head[4:8], at + header, at + size)
        at += size


def inner(read: Read, box: Box, name: bytes) -> Iterator[Box]:
    """Yield the boxes of a name that are in a box."""
    for each in boxes(read, box.at, box.end, _MOST_INNER):
        if each.name == name:
            yield each


def find(read: Read, box: Box | None, *path: bytes) -> Box | None:
    """Return the box that the path leads to, from box into box; the first where there are more."""
    for name in path:
        box = next(inner(read, box, name), None) if box else None
    return box


def number(read: Read, box: Box | None, at: int, size: int = 4) -> int:
    """Return the number that stands so far behind a box's beginning; 0 where there is none."""
    return int.from_bytes(read(box.at + at, min(size, max(0, box.end - box.at - at)))) if box else 0


def table(read: Read, box: Box | None, at: int, form: str, count: int) -> Iterator[tuple[int, ...]]:
    """Yield ``count`` rows of a table, or as many as the box and the file have."""
    if box is None:
        return
    row = struct.Struct(form)
    end = min(box.end, box.at + at + count * row.size)
    for begin in range(box.at + at, end, row.size * _TABLE_BLOCK):
        block = read(begin, min(row.size * _TABLE_BLOCK, end - begin))
        yield from row.iter_unpack(block[: len(block) // row.size * row.size])
        if not block:
            return
