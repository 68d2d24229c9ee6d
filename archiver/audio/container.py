"""Containers that are not MPEG streams: which one it is, and whether it ends where it says.

What they hold is measured elsewhere; this knows only their outermost structure, which is enough to
see a cut: RIFF chunks (Microsoft RIFF/WAVE), MP4 boxes (ISO/IEC 14496-12 4.2) and Ogg pages
(RFC 3533 section 6). FLAC (RFC 9639) has no such structure, and its header tells the old length of
a cut file: only a file with less than the least that its frames can take is seen to be cut.
"""

from collections.abc import Callable
from typing import Final

from archiver.audio.tags import Read
from archiver.facts import Flaw

_MAX_CHUNKS: Final = 1000
_MAX_PAGE: Final = 27 + 255 + 255 * 255
_LAST_PAGE: Final = 4
_STREAMED: Final = 0xFFFFFFFF
_LAST_BLOCK: Final = 0x80
_LEAST_FLAC_FRAME: Final = 10
"""A header with its CRC, one constant of one channel, and the frame's CRC."""

Oddity = tuple[Flaw, str]


def name(head: bytes) -> str | None:
    """Return ``wav``, ``ogg``, ``flac`` or ``m4a`` by a file's first twelve bytes."""
    if head.startswith(b"RIFF") and head[8:12] == b"WAVE":
        return "wav"
    if head[4:8] == b"ftyp":
        return "m4a"
    return {b"OggS": "ogg", b"fLaC": "flac"}.get(head[:4])


def cut(kind: str, read: Read, size: int, seconds: float) -> Oddity | None:
    """Say whether a file of ``size`` bytes ends before its structure does.

    Nothing takes less than a byte for each of the ``seconds`` that it claims to last.
    """
    if seconds > size:
        return Flaw.CUT_CONTAINER, f"it claims {seconds:.0f} s, which {size} bytes cannot hold"
    return _RULES[kind](read, size)


def _wav(read: Read, size: int) -> Oddity | None:
    at = 12
    for _ in range(_MAX_CHUNKS):
        head = read(at, 8)
        length = int.from_bytes(head[4:8], "little")
        if len(head) < 8:  # noqa: PLR2004 - a chunk's name and size
            return None
        if length == _STREAMED:
            return Flaw.UNSIZED, "it was written as a stream, and does not say how long it is"
        at += 8 + length
        if at > size:
            return _short(at, size)
        at += length & 1
    return None


def _mp4(read: Read, size: int) -> Oddity | None:
    at, has_media = 0, False
    for _ in range(_MAX_CHUNKS):
        head = read(at, 16)
        length = int.from_bytes(head[:4])
        if length == 1:
            length = int.from_bytes(head[8:16])
        has_media = has_media or head[4:8] == b"mdat"
        if not length or not head:
            break
        at += max(length, 8)
        if at > size:
            return _short(at, size)
    return None if has_media else (Flaw.CUT_CONTAINER, "it has no box of media")


def _ogg(read: Read, size: int) -> Oddity | None:
    window = max(0, size - _MAX_PAGE)
    tail = read(window, size - window)
    page = tail[max(0, tail.rfind(b"OggS")) :]
    segments = page[26] if len(page) > 26 else 0  # noqa: PLR2004 - where RFC 3533 counts them
    length = 27 + segments + sum(page[27 : 27 + segments])
    if length > len(page):
        return _short(size - len(page) + length, size)
    if not page[5] & _LAST_PAGE:
        return Flaw.CUT_LAST_FRAME, "the stream's last page is missing"
    return None


def _flac(read: Read, size: int) -> Oddity | None:
    at, info = 4, read(8, 34)
    for _ in range(_MAX_CHUNKS):
        head = read(at, 4)
        at += 4 + int.from_bytes(head[1:4])
        if not head or head[0] & _LAST_BLOCK:
            break
    block, frame = int.from_bytes(info[2:4]), int.from_bytes(info[4:7])
    samples = int.from_bytes(info[13:18]) & (1 << 36) - 1
    before_last = (samples - 1) // max(block, 1)
    least = at + before_last * max(frame, _LEAST_FLAC_FRAME) + _LEAST_FLAC_FRAME
    return _short(least, size) if least > size else None


def _short(claimed: int, size: int) -> Oddity:
    return Flaw.CUT_CONTAINER, f"its structure needs {claimed} bytes, {size} are there"


_RULES: Final[dict[str, Callable[[Read, int], Oddity | None]]] = {
    "wav": _wav,
    "m4a": _mp4,
    "ogg": _ogg,
    "flac": _flac,
}
