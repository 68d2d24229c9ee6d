"""What mutagen says of the first frames of MPEG audio: it is worth a remark at most.

``mutagen.mp3.MP3`` is never used: it parses tags, and a small compressed tag takes it past a
gigabyte. Only mutagen's stream reader is, on a file that hands out a bounded number of bytes.
"""

import io
import struct
from collections.abc import Iterator
from typing import BinaryIO, Final

import mutagen
from mutagen import mp3

from archiver.audio.measured import Oddity
from archiver.domain.audio_facts import Facts, Flaw

_RATION: Final = 4 << 20
_COST: Final = 128
"""What any read is charged at least."""
_ENOUGH_FRAMES: Final = 5
"""mutagen says nothing of a stream with fewer."""

# What hostile bytes draw from mutagen 1.47 besides its own errors.
_ESCAPES: Final = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
    struct.error,
)


def second_opinion(file: BinaryIO, start: int, facts: Facts) -> Iterator[Oddity]:
    """Ask mutagen what the first frames are; whatever it says is worth a remark at most."""
    if facts.frames < _ENOUGH_FRAMES:
        return
    try:
        theirs = mp3.MPEGInfo(_Rationed(file), start)
    except (mutagen.MutagenError, *_ESCAPES) as error:
        yield Flaw.SECOND_OPINION, f"mutagen cannot read it: {type(error).__name__}"
        return
    if (theirs.sample_rate, theirs.channels) != (facts.sample_rate, facts.channels):
        told = f"mutagen takes it for {theirs.sample_rate} Hz, {theirs.channels} channels"
        yield Flaw.SECOND_OPINION, told


class _Rationed(io.RawIOBase):
    """A file that hands out no more than :data:`_RATION` bytes in all, from its beginning on."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._left = _RATION
        file.seek(0)

    def read(self, size: int = -1, /) -> bytes:
        text = self._file.read(max(0, self._left if size < 0 else min(size, self._left)))
        self._left -= max(len(text), _COST)
        return text

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()
