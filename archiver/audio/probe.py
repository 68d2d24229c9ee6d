"""Measuring a file: walk its frames, or let mutagen measure what is no MPEG stream.

``mutagen.mp3.MP3`` and its kind are never used: they parse tags, and a small compressed tag takes
them past a gigabyte. Only mutagen's stream readers are, on a file that hands out a bounded number
of bytes. mutagen is imported when the first file is measured, so that starting up stays quick.

>>> measure(Path("call.mp3")).duration_ms  # doctest: +SKIP
93024
"""

import io
import math
import struct
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import BinaryIO, Final

from archiver.audio import container, tags
from archiver.audio.account import facts_of
from archiver.audio.mpeg import HEADER_BYTES, is_free_format
from archiver.audio.walk import Walk
from archiver.facts import Facts, Flaw

_CHUNK: Final = 1 << 18
_RATION: Final = 4 << 20
_COST: Final = 128
"""What any read is charged at least: mutagen keeps about as much for each box it finds."""
_LONGEST: Final = 1 << 31
"""Seconds; a container that claims more is no recording."""

_ENOUGH_FRAMES: Final = 5
"""mutagen says nothing of a stream with fewer."""
_OPUS_RATE: Final = 48_000
"""What Opus always decodes to (RFC 7845 section 4), so that mutagen doesn't say it."""

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
_OGG_READERS: Final = {
    b"OpusHead": "mutagen.oggopus.OggOpusInfo",
    b"Speex   ": "mutagen.oggspeex.OggSpeexInfo",
    b"\x7fFLAC": "mutagen.oggflac.OggFLACStreamInfo",
    b"\x01vorbis": "mutagen.oggvorbis.OggVorbisInfo",
}


class _Unreadable(ValueError):
    """mutagen cannot make sense of the bytes."""


@dataclass(frozen=True, slots=True)
class _Stream:
    """What mutagen says of a stream: seconds, hertz, channels."""

    length: float
    sample_rate: int
    channels: int


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
    head = read(start, 12)
    if kind := container.name(head):
        return _contained(kind, file, read, size)
    facts = facts_of(_walked(read, start, end), size, start)
    if facts is None:
        if short := tags.missing(read, start, size):
            return _cut_in_tag(size, short)
        return _nothing(size, _why(head, size))
    return _with(facts, _second_opinion(file, start, facts))


def _walked(read: tags.Read, start: int, end: int) -> Walk:
    walk = Walk()
    for at in range(start, end, _CHUNK):
        walk.feed(read(at, min(_CHUNK, end - at)))
    walk.finish()
    return walk


def _why(head: bytes, size: int) -> str:
    if not size:
        return "the file is empty"
    if is_free_format(head[:HEADER_BYTES]):
        return "MPEG audio of free format, which cannot be measured"
    return "no audio was found in it"


def _nothing(size: int, why: str) -> Facts:
    return Facts(None, "bin", size, 0, 0, None, None, None, "nothing", details=(why,))


def _cut_in_tag(size: int, short: int) -> Facts:
    told = f"its tag needs {size + short} bytes, {size} are there"
    nothing = replace(_nothing(size, told), codec="mp3", extension="mp3", judged_by="frames")
    return replace(nothing, flaws=(Flaw.CUT_CONTAINER,))


def _with(facts: Facts, oddity: container.Oddity | None) -> Facts:
    if oddity is None:
        return facts
    flaw, detail = oddity
    return replace(facts, flaws=(*facts.flaws, flaw), details=(*facts.details, detail))


def _second_opinion(file: BinaryIO, start: int, facts: Facts) -> container.Oddity | None:
    """Ask mutagen what the first frames are; whatever it says is worth a remark at most."""
    if facts.frames < _ENOUGH_FRAMES:
        return None
    try:
        theirs = _ask("mutagen.mp3.MPEGInfo", _Rationed(file), start)
    except _Unreadable as error:
        return Flaw.SECOND_OPINION, f"mutagen cannot read it: {error}"
    if (theirs.sample_rate, theirs.channels) == (facts.sample_rate, facts.channels):
        return None
    told = f"mutagen takes it for {theirs.sample_rate} Hz, {theirs.channels} channels"
    return Flaw.SECOND_OPINION, told


def _contained(kind: str, file: BinaryIO, read: tags.Read, size: int) -> Facts:
    try:
        stream = _opened(kind, file, read)
    except _Unreadable as error:
        return _nothing(size, f"its {kind} structure cannot be read: {error}")
    facts = Facts(
        codec=kind,
        extension=kind,
        bytes=size,
        duration_ms=round(stream.length * 1000),
        frames=0,
        header_ms=None,
        sample_rate=stream.sample_rate,
        channels=stream.channels,
        judged_by="container",
    )
    return _with(facts, container.cut(kind, read, size, stream.length))


def _opened(kind: str, file: BinaryIO, read: tags.Read) -> _Stream:
    first = read(0, 64)
    ration = _Rationed(file)
    match kind:
        case "wav":
            return _ask("mutagen.wave.WaveStreamInfo", ration)
        case "flac":
            return _ask("mutagen.flac.StreamInfo", io.BytesIO(read(8, 34)))
        case "m4a":
            return _ask("mutagen.mp4.MP4Info", _ask_for("mutagen.mp4.Atoms", ration), ration)
        case _:
            reader = next((name for mark, name in _OGG_READERS.items() if mark in first), None)
            if reader is None:
                raise _Unreadable("no audio that mutagen knows")
            return _ask(reader, ration)


def _ask(reader: str, *arguments: object) -> _Stream:
    """Let one of mutagen's stream readers read. Raises :class:`_Unreadable`."""
    info = _ask_for(reader, *arguments)
    length, channels = getattr(info, "length", 0.0), getattr(info, "channels", 0)
    if not (math.isfinite(length) and 0 <= length < _LONGEST):
        raise _Unreadable(f"a length of {length} s")
    return _Stream(length, getattr(info, "sample_rate", _OPUS_RATE), channels)


def _ask_for(reader: str, *arguments: object) -> object:
    """Call ``reader``, a dotted name in mutagen, and map what it raises, here and nowhere else."""
    module, _, name = reader.rpartition(".")
    mutagen, part = import_module("mutagen"), import_module(module)
    # mutagen.mp4 has an error that is no MutagenError.
    own = getattr(part, "AtomError", mutagen.MutagenError)
    try:
        info: object = getattr(part, name)(*arguments)
        # mutagen learns an Ogg stream's length from its last page, in this step alone.
        if last_page := getattr(info, "_post_tags", None):
            last_page(*arguments)
    except (mutagen.MutagenError, own, *_ESCAPES) as error:
        raise _Unreadable(type(error).__name__) from error
    return info


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
