"""Layer III frames in a row that have one header: what many of them say, read at once. Pure.

An exchange writes frames of one size and one kind by the thousand. Then the same byte of each lies
at a fixed distance, and a slice with a step has them all: no frame is looked at by itself.

>>> sides = SideInfo.of(full_rate=False, mono=True)
>>> frames = bytes.fromhex("ffe318c4 05 01f8") + bytes(65)
>>> alike(frames * 70, 0, frames[:4], 72), alike(frames * 3, 0, frames[:4], 72)
(70, 0)
>>> backs, needs = reservoirs(frames * 3, 4, 72, 3, sides)
>>> [*backs], needs
([5, 5, 5], [63, 63, 63])
"""

from collections.abc import Sequence
from operator import add
from typing import Final

from archiver.audio.mpeg.frame_header import SideInfo

MANY: Final = 64
"""From so many frames with one header on, they are read at once."""


def alike(data: bytes, at: int, word: bytes, size: int) -> int:
    """Return how many whole frames of so many bytes follow each other with this very header.

    None, where the last of :data:`MANY` has another: then it isn't worth while to look at more.
    """
    far = at + (MANY - 1) * size
    if data[far : far + len(word)] != word:
        return 0
    count = (len(data) - at) // size
    end = at + count * size
    for number in range(len(word)):
        column = data[at + number : end : size]
        count = min(count, len(column) - len(column.lstrip(word[number : number + 1])))
    return count


def reservoirs(
    data: bytes, at: int, size: int, count: int, side: SideInfo
) -> tuple[Sequence[int], list[int]]:
    """Return of each frame how many bytes it takes from earlier ones, and how many bits it needs.

    ``at`` is where the first one's side information begins.
    """
    end, bits = at + count * size, side.bytes * 8
    backs: Sequence[int] = data[at:end:size]
    if side.begin == bits - 9:
        backs = [a << 1 | b >> 7 for a, b in zip(backs, data[at + 1 : end : size], strict=True)]
    starts = (bits - part - 12 for part in side.parts)
    first, *more = (
        _twelve_bits(data, at + (start >> 3), size, count, start & 7) for start in starts
    )
    for each in more:
        first = [*map(add, first, each)]
    return backs, first


def _twelve_bits(data: bytes, at: int, size: int, count: int, skipped: int) -> list[int]:
    """Return the number in twelve bits behind the ``skipped`` ones of a byte, of each frame."""
    end = at + (count - 1) * size + 1
    one, two, three = (data[at + more : end + more : size] for more in range(3))
    if skipped <= 4:  # noqa: PLR2004 - then two bytes have them all
        down, mask = 4 - skipped, 0xFF >> skipped
        up = 8 - down
        return [(a & mask) << up | b >> down for a, b in zip(one, two, strict=True)]
    down = 12 - skipped
    return [(a << 16 | b << 8 | c) >> down & 0xFFF for a, b, c in zip(one, two, three, strict=True)]
