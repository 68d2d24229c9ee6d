"""A track of sound in an MP4 file: how long its samples last, and how many of them are there.

A sample here is what the format calls one: a frame of AAC, or one instant of PCM. The tables say
how long each lasts (``stts``), how long it is (``stsz``), and where each chunk of them lies
(``stsc``, ``stco``): ISO/IEC 14496-12 8.6.1 and 8.7. A chunk is there if media lie where it should.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

from msgspec import Struct

from archiver.audio.kinds.mp4.boxes import Box, find, inner, number, table
from archiver.audio.mpeg.tags import Read

Media = list[tuple[int, int]]
"""Where the bytes of media begin and end, in the order of the file."""

_MOST_TRACKS: Final = 16
_ENTRY_BYTES: Final = 256
_AAC_CONFIG: Final = re.compile(rb"esds.{4}\x03\x80*.{4}\x04\x80*.{14}\x05\x80*.(..)", re.DOTALL)
"""ISO/IEC 14496-1 7.2.6: descriptors in each other, and in the last one how to decode (14496-3)."""
_TABLE: Final = 8
_LINEAR: Final = frozenset(
    {
        b"raw ",
        b"sowt",
        b"twos",
        b"in24",
        b"in32",
        b"fl32",
        b"fl64",
        b"lpcm",
        b"ipcm",
        b"fpcm",
        b"NONE",
    }
)


class Track(Struct):
    """One track, be it sound or not. ``ticks`` of ``timescale`` a second are there, so far.

    ``missing`` counts samples that its tables name and that are not there; ``clock`` is the time at
    which the next fragment should begin.
    """

    number: int
    is_sound: bool
    timescale: int
    codec: bytes
    channels: int
    sample_rate: int
    ticks: int = 0
    missing: int = 0
    clock: int = 0

    @property
    def is_linear(self) -> bool:
        """Whether zeroes may be silence."""
        return self.codec in _LINEAR

    @property
    def ms(self) -> int:
        """How long what is there lasts, in milliseconds."""
        return round(self.ticks * 1000 / self.timescale) if self.timescale else 0


def tracks(read: Read, moov: Box, media: Media) -> Iterator[Track]:
    """Yield the tracks of a movie, measured by their tables."""
    for trak in islice(inner(read, moov, b"trak"), _MOST_TRACKS):
        track = _track(read, trak)
        tables = find(read, trak, b"mdia", b"minf", b"stbl")
        if track.is_sound and tables:
            ticks = sum(count * ticks for count, ticks in _pairs(read, find(read, tables, b"stts")))
            there, counted = _samples(read, tables, media)
            track.missing = counted - there
            track.ticks = ticks * there // max(counted, 1)
            track.clock = ticks
        yield track


def _track(read: Read, trak: Box) -> Track:
    tkhd, mdhd, stsd = (
        find(read, trak, *path)
        for path in ((b"tkhd",), (b"mdia", b"mdhd"), (b"mdia", b"minf", b"stbl", b"stsd"))
    )
    return Track(
        number=number(read, tkhd, 20 if number(read, tkhd, 0, 1) else 12),
        is_sound=number(read, find(read, trak, b"mdia", b"hdlr"), 8) == int.from_bytes(b"soun"),
        timescale=number(read, mdhd, 20 if number(read, mdhd, 0, 1) else 12),
        codec=number(read, stsd, 12).to_bytes(4),
        channels=_channels(read, stsd) or number(read, stsd, 32, 2),
        sample_rate=number(read, stsd, 40, 2),
    )


def _channels(read: Read, stsd: Box | None) -> int:
    """Return how many channels AAC's own configuration says: the table mostly says two."""
    entry = read(stsd.at, min(_ENTRY_BYTES, stsd.end - stsd.at)) if stsd else b""
    found = _AAC_CONFIG.search(entry)
    return int.from_bytes(found[1]) >> 3 & 15 if found else 0


def _samples(read: Read, tables: Box, media: Media) -> tuple[int, int]:
    """Return how many samples are there, and how many the tables count."""
    stsz = find(read, tables, b"stsz")
    same, counted = number(read, stsz, 4), number(read, stsz, 8)
    sizes = (size for (size,) in table(read, stsz, 12, ">I", 0 if same else counted))
    starts = [begin for begin, _ in media]
    there, left = 0, counted
    for offset, held in _chunks(read, tables):
        count = min(held, left)
        size, empty = (count * same, 0) if same else _sum(islice(sizes, count))
        at = bisect_right(starts, offset) - 1
        if at >= 0 and offset + size <= media[at][1]:
            there += count - empty
        left -= count
    return there, counted


def _sum(sizes: Iterable[int]) -> tuple[int, int]:
    """Return the sum of the sizes, and how many are 0: there is no such sample."""
    total = empty = 0
    for size in sizes:
        total += size
        empty += not size
    return total, empty


def _chunks(read: Read, tables: Box) -> Iterator[tuple[int, int]]:
    """Yield where each chunk begins, and how many samples it holds."""
    stco, co64 = (find(read, tables, name) for name in (b"stco", b"co64"))
    form = ">Q" if stco is None else ">I"
    stco = stco or co64
    runs = table(read, find(read, tables, b"stsc"), _TABLE, ">III", 1 << 32)
    held, following = 0, next(runs, None)
    for index, (offset,) in enumerate(table(read, stco, _TABLE, form, number(read, stco, 4)), 1):
        while following and following[0] <= index:
            held, following = following[1], next(runs, None)
        yield offset, held


def _pairs(read: Read, box: Box | None) -> Iterator[tuple[int, ...]]:
    return table(read, box, _TABLE, ">II", number(read, box, 4))
