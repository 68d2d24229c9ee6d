"""The header frame that some encoders put first: Xing/Info, VBRI, and LAME's extension.

It counts the frames and bytes that follow. It is a witness, not the judge: a cut file still tells
its old length, and a broken writer tells anything. Sources: the Xing "VBR header SDK",
Fraunhofer's VBRI header as described by G. Appel ("MPEG Audio Frame Header", codeproject.com), and
LAME's "Mp3 Info Tag rev 1" (gabriel.mp3-tech.org).
"""

from typing import Final

from msgspec import Struct

from archiver.audio.mpeg.frame_header import CRC_BYTES, HEADER_BYTES, StreamFormat
from archiver.domain.audio_facts import Flaw

MARKS: Final = (b"Xing", b"Info")
VBRI: Final = b"VBRI"
VBRI_AT: Final = 36
"""VBRI stands behind 32 bytes of side information, however long that really is."""

_HAS_FRAMES, _HAS_BYTES, _HAS_TOC, _HAS_QUALITY = 1, 2, 4, 8
_UNTOLD = {0, 0xFFFFFFFF}
_GAPLESS_ENCODERS = (b"LAME", b"Lavf", b"Lavc")


class VbrHeader(Struct, frozen=True):
    """What a header frame claims; ``None`` where it doesn't say, or says what no encoder means.

    ``frames`` leaves the header's own frame out, ``bytes`` counts it. ``trimmed`` is how many
    samples LAME's extension says are not the speaker's (encoder delay and padding together).
    """

    name: str
    frames: int | None
    bytes: int | None
    trimmed: int = 0
    lies: bool = False


def read(frame: bytes, kind: StreamFormat) -> VbrHeader | None:
    """Read the header out of a stream's first frame; ``None`` when it carries audio instead."""
    if frame[VBRI_AT : VBRI_AT + 4] == VBRI:
        return _told("VBRI", _be32(frame, VBRI_AT + 14), _be32(frame, VBRI_AT + 10), trimmed=0)
    for skipped in (0, CRC_BYTES):
        at = HEADER_BYTES + skipped + kind.side.bytes
        if frame[at : at + 4] in MARKS:
            return _xing(frame[at:])
    return None


def disagreement(header: VbrHeader, frames: int, size: int, slack: int) -> Flaw | None:
    """Hold the header against ``frames`` audio frames in ``size`` bytes (the header's included).

    A cut lowers both counts. When the bytes are all there and the frames are not, the header is
    wrong, not the file. ``slack`` is how many bytes a header may leave out (its own frame).
    """
    whole = header.bytes is not None and size - slack <= header.bytes <= size
    if header.frames is not None and header.frames > frames:
        return Flaw.HEADER_LIES if whole else Flaw.HEADER_FRAMES
    if header.frames == frames:
        return None
    if header.bytes is not None and header.bytes > size:
        return Flaw.HEADER_BYTES
    if header.frames is None or header.bytes is None or whole:
        return Flaw.HEADER_LIES if header.lies or header.frames is not None else None
    return Flaw.HEADER_FEWER


def _xing(block: bytes) -> VbrHeader:
    flags = _be32(block, 4)
    at = 8
    counts: list[int | None] = []
    for flag in (_HAS_FRAMES, _HAS_BYTES):
        counts.append(_be32(block, at) if flags & flag else None)
        at += 4 if flags & flag else 0
    at += (100 if flags & _HAS_TOC else 0) + (4 if flags & _HAS_QUALITY else 0)
    lame = block[at : at + 24]
    trimmed = 0
    if lame.startswith(_GAPLESS_ENCODERS):
        both = int.from_bytes(lame[21:24])
        trimmed = (both >> 12) + (both & 0xFFF)
    return _told(block[:4].decode("ascii"), counts[0], counts[1], trimmed=trimmed)


def _told(name: str, frames: int | None, size: int | None, *, trimmed: int) -> VbrHeader:
    return VbrHeader(
        name,
        None if frames in _UNTOLD else frames,
        None if size in _UNTOLD else size,
        trimmed,
        lies=frames in _UNTOLD or size in _UNTOLD,
    )


def _be32(text: bytes, at: int) -> int:
    return int.from_bytes(text[at : at + 4])
