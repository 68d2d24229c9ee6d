"""Where the audio lies between tags: they are measured by their own size fields, never parsed.

Known are ID3v2 in front and behind (id3.org, ID3v2.4.0 section 3), ID3v1 and its ``TAG+``
extension, APEv1 and APEv2 (wiki.hydrogenaud.io, "APEv2 specification"), and LYRICS3 v1 and v2
(id3.org, "Lyrics3"). A tag that claims more bytes than the file has is no tag. However the sizes
lie, at most :data:`MAX_TAGS` are skipped on either side and a few hundred bytes read for each.
"""

from collections.abc import Callable
from typing import Final

Read = Callable[[int, int], bytes]
"""``read(offset, count)`` returns that part of the file, shorter at its end."""

MAX_TAGS: Final = 16
NAMES: Final = (b"ID3", b"TAG", b"APETAGEX", b"LYRICSBEGIN")
"""What tags begin with, to name one where none should be."""

LOOKS: Final = 256
"""So many bytes from its beginning tell whether something is tags: an ID3v1, and one behind it."""

_ID3V2_BYTES = 10
_ID3V2_HAS_FOOTER = 0x10
_ID3V1_BYTES = 128
_ID3V1_EXTENDED_BYTES = 227
_APE_BYTES = 32
_APE_HAS_HEADER = 1 << 31
_APE_IS_HEADER = 1 << 29
_LYRICS_V1_MAX = 5100


def audio_span(read: Read, size: int) -> tuple[int, int]:
    """Return the offsets where the audio of a file of ``size`` bytes begins and ends."""
    start, end = 0, size
    for _ in range(MAX_TAGS):
        skipped = _front(read(start, _APE_BYTES))
        if not 0 < skipped <= end - start:
            break
        start += skipped
    for _ in range(MAX_TAGS):
        skipped = _behind(read, start, end)
        if not 0 < skipped <= end - start:
            break
        end -= skipped
    return start, end


def missing(read: Read, start: int, size: int) -> int:
    """Return how many bytes a tag at ``start`` claims beyond a file of ``size`` bytes."""
    return max(0, start + _front(read(start, _APE_BYTES)) - size)


def are_whole(looks: bytes, size: int) -> bool:
    """Whether ``size`` bytes that begin with ``looks`` are tags and nothing else."""
    at = 0
    while at < size:
        head = looks[at : at + _APE_BYTES]
        length = _ID3V1_BYTES if head.startswith(b"TAG") else _front(head)
        if not length:
            return False
        at += length
    return at == size


def _front(head: bytes) -> int:
    if head.startswith(b"ID3"):
        return _id3v2(head[:_ID3V2_BYTES])
    if head.startswith(b"APETAGEX") and _le32(head, 20) & _APE_IS_HEADER:
        return _APE_BYTES + _le32(head, 12)
    return 0


def _behind(read: Read, start: int, end: int) -> int:
    window = max(start, end - _ID3V1_BYTES - _ID3V1_EXTENDED_BYTES)
    tail = read(window, end - window)
    if tail[-_ID3V1_BYTES:].startswith(b"TAG") and len(tail) >= _ID3V1_BYTES:
        return len(tail) if tail.startswith(b"TAG+") else _ID3V1_BYTES
    if tail[-_APE_BYTES:].startswith(b"APETAGEX"):
        footer = tail[-_APE_BYTES:]
        return _le32(footer, 12) + (_APE_BYTES if _le32(footer, 20) & _APE_HAS_HEADER else 0)
    if tail[-_ID3V2_BYTES:].startswith(b"3DI"):
        return _id3v2(b"ID3" + tail[-_ID3V2_BYTES + 3 :])
    if tail.endswith(b"LYRICS200") and tail[-15:-9].isdigit():
        return int(tail[-15:-9]) + 15
    if tail.endswith(b"LYRICSEND"):
        window = max(start, end - _LYRICS_V1_MAX - len(b"LYRICSBEGINLYRICSEND"))
        begin = read(window, end - window).rfind(b"LYRICSBEGIN")
        return end - window - begin if begin >= 0 else 0
    return 0


def _id3v2(head: bytes) -> int:
    """Return the bytes of the whole tag: its size field has seven bits a byte."""
    if len(head) < _ID3V2_BYTES or any(byte > 0x7F for byte in head[6:]):  # noqa: PLR2004 - 7 bits
        return 0
    size = head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]
    return size + _ID3V2_BYTES * (2 if head[5] & _ID3V2_HAS_FOOTER else 1)


def _le32(text: bytes, at: int) -> int:
    return int.from_bytes(text[at : at + 4], "little")
