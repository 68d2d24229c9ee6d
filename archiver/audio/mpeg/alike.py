"""Layer III frames in a row that have one header: whether all is well with them, at once. Pure.

An exchange writes frames of one size and one kind by the thousand. Then the same byte of each lies
at a fixed distance, and a slice with a step has them all. Four such slices make a word of each, and
all words one long integer: what is computed of it is computed of all frames.

>>> data = bytes.fromhex("ffe318c4 05 01f8") + bytes(65)
>>> AlikeFrames.at(data * 3, 0, 72).count, AlikeFrames.at(data * 70, 0, 72).count
(0, 70)
>>> frames, side = AlikeFrames.at(data * 70, 0, 72), SideInfo.of(full_rate=False, mono=True)
>>> frames.left_over(side, free=5), frames.left_over(side, free=4)
(56, None)
"""

from functools import lru_cache
from typing import Final, Self

from msgspec import Struct

from archiver.audio.mpeg.frame_header import HEADER_BYTES, SideInfo

MANY: Final = 64
"""From so many frames with one header on, they are read at once."""
_WORD: Final = 4
_WORD_BITS: Final = 8 * _WORD
_NEED_BITS: Final = 12
_ZERO: Final = 1 << 20
"""Stands for 0 where a number may be less, so that nothing is borrowed from the next frame's."""


class AlikeFrames(Struct, frozen=True):
    """So many whole frames of ``size`` bytes with one header, from ``begin`` on in ``data``."""

    data: bytes
    begin: int
    size: int
    count: int

    @classmethod
    def at(cls, data: bytes, begin: int, size: int) -> Self:
        """Find how many there are of the one that stands there.

        None, where the last of :data:`MANY` has another header: then it isn't worth while to look.
        """
        header = data[begin : begin + HEADER_BYTES]
        far = begin + (MANY - 1) * size
        if data[far : far + HEADER_BYTES] != header:
            return cls(data, begin, size, 0)
        frames = cls(data, begin, size, (len(data) - begin) // size)
        headers, wanted = frames.words(0), header * frames.count
        if headers == wanted:
            return frames
        others = int.from_bytes(headers) ^ int.from_bytes(wanted)
        return cls(data, begin, size, frames.count - -(-others.bit_length() // _WORD_BITS))

    def words(self, place: int) -> bytes:
        """Return the four bytes of each that stand so many bytes behind its begin."""
        words = bytearray(_WORD * self.count)
        for number in range(_WORD):
            begin = self.begin + place + number
            end = begin + (self.count - 1) * self.size + 1
            words[number::_WORD] = self.data[begin : end : self.size]
        return bytes(words)

    def left_over(self, side: SideInfo, *, free: int) -> int | None:
        """Return how many bytes the last one leaves to the next; ``None`` where one lacks some.

        The first may use ``free`` bytes that were left to it, each other one what the one before
        left; and each needs no more than that and its own.
        """
        bits = side.bytes * 8
        used = self._numbers(0, bits - side.begin)
        needed = sum(self._numbers(bits - part - _NEED_BITS, _NEED_BITS) for part in side.parts)
        needed = (needed + self._each(7)) >> 3 & self._each(0xFFFF)
        own = self.size - HEADER_BYTES - side.bytes
        left = used + self._each(own + _ZERO) - needed
        before = left >> _WORD_BITS | free + _ZERO << _WORD_BITS * (self.count - 1)
        none_lacks = self._each(_ZERO)
        if left & (before - used) & none_lacks != none_lacks:
            return None
        return (left & (1 << _WORD_BITS) - 1) - _ZERO

    def _numbers(self, start: int, bits: int) -> int:
        """Return what stands in so many ``bits`` from bit ``start`` of the side information on."""
        first, skipped = divmod(start, 8)
        words = int.from_bytes(self.words(HEADER_BYTES + first))
        return words >> _WORD_BITS - skipped - bits & self._each((1 << bits) - 1)

    def _each(self, number: int) -> int:
        """Return the same number for each."""
        return _ones(self.count) * number


@lru_cache(8)
def _ones(count: int) -> int:
    """Return so many words that are 1: most blocks of a file have as many frames."""
    return int.from_bytes((1).to_bytes(_WORD) * count)
