"""Measuring a file: which kind it is, and whose walk measures it; any bytes whatever give facts.

A file begins with the mark of a container, with bare frames, or with MPEG audio, whose first frames
mutagen reads as well for a second opinion. ``mutagen.mp3.MP3`` is never used: it parses tags, and a
small compressed tag takes it past a gigabyte. Only mutagen's stream reader is, on a file that hands
out a bounded number of bytes. mutagen is imported when the first file is measured, so that starting
up stays quick.

>>> measure(Path("call.mp3")).duration_ms  # doctest: +SKIP
93024
"""

import io
import struct
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import BinaryIO, Final

from archiver.audio import container, raw_frames, stream, tags
from archiver.audio.measured import Oddity, Part, no_audio, unmeasured, with_oddities
from archiver.audio.mpeg import HEADER_BYTES, is_free_format
from archiver.facts import EDITION, Facts, Flaw

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


def measure(path: Path) -> Facts:
    """Measure one file; any bytes whatever give facts. Raises ``OSError`` when it can't be read."""
    with path.open("rb") as file:
        return measure_open(file)


def measure_open(file: BinaryIO) -> Facts:
    """Do the same for a file that is open, whatever its position."""
    size = file.seek(0, io.SEEK_END)

    def read(offset: int, count: int) -> bytes:
        file.seek(offset)
        return file.read(count)

    start, end = tags.audio_span(read, size)
    part = Part(read, start, end, size)
    return replace(_measured(part, file), edition=EDITION)


def _measured(part: Part, file: BinaryIO) -> Facts:
    head = part.read(part.start, container.NAMING_BYTES)
    if kind := container.kind_of(head):
        return container.measure(kind, part)
    if facts := raw_frames.measure(part):
        return facts
    if facts := stream.measure(part):
        return with_oddities(facts, *_second_opinion(file, part.start, facts))
    if missing := tags.missing(part.read, part.start, part.size):
        told = f"its tag needs {part.size + missing} bytes, {part.size} are there"
        nothing = replace(
            no_audio(part.size, told), codec="mp3", extension="mp3", judged_by="frames"
        )
        return replace(nothing, flaws=(Flaw.CUT_CONTAINER,))
    if is_free_format(head[:HEADER_BYTES]):
        return unmeasured("mp3", part, "MPEG audio of free format, which cannot be measured")
    return no_audio(part.size, "no audio was found in it" if part.size else "the file is empty")


def _second_opinion(file: BinaryIO, start: int, facts: Facts) -> Iterator[Oddity]:
    """Ask mutagen what the first frames are; whatever it says is worth a remark at most."""
    if facts.frames < _ENOUGH_FRAMES:
        return
    mutagen, mp3 = import_module("mutagen"), import_module("mutagen.mp3")
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
