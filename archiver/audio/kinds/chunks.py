"""Chunks: a name of four letters, a length, and so many bytes. RIFF's and IFF's are alike.

Sources: IBM's and Microsoft's "Multimedia Programming Interface and Data Specifications 1.0" (RIFF,
little endian) and EA's "IFF-85" (AIFF's, big endian). The file is one chunk itself, and its own
length is believed only for what stands behind the sound. A chunk of odd length is followed by one
more byte.
"""

from collections.abc import Iterator
from typing import Final, Literal

from msgspec import Struct, field
from msgspec.structs import replace

from archiver.audio.measured import AudioSpan, Oddity, behind, short, unsized
from archiver.audio.mpeg.tags import Read

_HEADER: Final = 8
_FORM: Final = 12
"""The outermost header, with the four letters of its kind."""
_HEAD: Final = 40
_MOST: Final = 1_000
_TOO_LONG: Final = 0xFFFF_FFFF
_STREAMED: Final = 0x7F00_0000
"""A length from here on, where so much is not there, was written before anybody knew it."""

Order = Literal["little", "big"]


class Chunk(Struct, frozen=True):
    """One chunk: ``size`` is what it claims, its bytes begin ``at``."""

    name: bytes
    at: int
    size: int

    @property
    def end(self) -> int:
        """Where it claims to end."""
        return self.at + self.size

    @property
    def next(self) -> int:
        """Where the next one begins."""
        return self.end + (self.size & 1)


class ChunkLayout(Struct):
    """What a file's chunks say. Its sound lies from ``begin`` to ``end``; 0 where there is none.

    ``heads`` holds the first bytes of each other chunk by its name, ``told`` how many bytes of
    sound there should be (``None`` where nobody knew), ``behind`` where the last chunk ends, or
    claims to, and ``claimed`` where the whole file does.
    """

    behind: int
    claimed: int
    heads: dict[bytes, bytes] = field(default_factory=dict)
    begin: int = 0
    end: int = 0
    told: int | None = None

    @property
    def is_whole(self) -> bool:
        """Whether as much sound is there as was told."""
        return self.told is not None and self.told <= self.end - self.begin

    def oddities(self, part: AudioSpan, duration_ms: int) -> Iterator[Oddity]:
        """Hold what the chunks claim against the end of the file."""
        if self.behind > part.size:
            yield short(self.behind, part.size)
        if self.told is None:
            yield unsized("it was written as a stream")
        rest, audio = part.end - self.behind, self.end - self.begin
        is_whole = self.is_whole
        yield from behind(rest, audio, duration_ms, complete=is_whole, may_be_sound=True)


def layout(part: AudioSpan, order: Order, sound: bytes, long: int | None = None) -> ChunkLayout:
    """Read the chunks of a file whose sound is in the chunk that is called so.

    ``long`` is the size of that chunk if it is too long for its own field and told elsewhere.
    """
    read, at = part.read, part.start + _FORM
    end = part.start + _HEADER + int.from_bytes(read(part.start + 4, 4), order)
    found = ChunkLayout(behind=at, claimed=end)
    for _ in range(_MOST):
        chunk = _chunk(read, at, order) if at < part.end else None
        if chunk is None or (found.begin and chunk.at > end >= found.end):
            break
        if chunk.name != sound:
            found.heads.setdefault(chunk.name, read(chunk.at, min(chunk.size, _HEAD)))
        elif not found.begin:
            if chunk.size == _TOO_LONG and long is not None:
                chunk = replace(chunk, size=long)
            found.begin = chunk.at
            if _is_streamed(chunk, read, part.size, order):
                found.end = found.behind = part.end
                break
            found.told, found.end = chunk.size, min(chunk.end, part.end)
        at = chunk.next
        found.behind = min(at, max(chunk.end, part.size))
    return found


def _chunk(read: Read, at: int, order: Order) -> Chunk | None:
    """Return the chunk whose header stands there, if its name is one."""
    head = read(at, _HEADER)
    if len(head) < _HEADER or not head[:4].isascii() or not head[:4].decode().isprintable():
        return None
    return Chunk(head[:4], at + _HEADER, int.from_bytes(head[4:], order))


def _is_streamed(chunk: Chunk, read: Read, size: int, order: Order) -> bool:
    """Whether the length of the chunk with the sound was not known to whoever wrote it.

    Then it is huge, or 0 although what follows is no other chunk of the file.
    """
    if chunk.size:
        return chunk.size >= _STREAMED and chunk.end > size
    following = _chunk(read, chunk.at, order)
    return chunk.at < size and (following is None or following.end > size)
