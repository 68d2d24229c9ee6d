"""MPEG audio frame headers: every version, layer, bitrate and rate; free format by name.

Sources: ISO/IEC 11172-3 2.4.1-2.4.2 (MPEG-1), ISO/IEC 13818-3 2.4.2 (MPEG-2, half rates), and
Fraunhofer's unofficial MPEG-2.5 (quarter rates). It decodes nothing: a header says how long its
frame is and how many samples it stands for, and that is all that measuring takes.

>>> frame = parse(bytes.fromhex("ffe344c4"))
>>> frame.kind.codec, frame.kind.sample_rate, frame.kind.channels, frame.size
('mp3', 12000, 1, 192)
"""

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

from msgspec import Struct

HEADER_BYTES: Final = 4
CRC_BYTES: Final = 2

_VERSIONS: Final = {0b00: 2.5, 0b10: 2.0, 0b11: 1.0}
_LAYERS: Final = {0b01: 3, 0b10: 2, 0b11: 1}
_RATES: Final = (44_100, 48_000, 32_000)
_KBITS: Final[dict[tuple[bool, int], tuple[int, ...]]] = {
    (True, 1): (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 3): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RESERVED: Final = 3
_RESERVED_EMPHASIS: Final = 2
_BAD_KBITS: Final = 15

MAX_FRAME_BYTES: Final = 2881
"""The longest frame there is: layer II, 8 kHz, 160 kbit/s, padded."""

_SECOND = rb"[\xe2-\xe7\xf2-\xf7\xfa-\xff]"
_THIRD = rb"[" + b"".join(b"\\x%x0-\\x%xb" % (kbits, kbits) for kbits in range(1, 15)) + rb"]"
CANDIDATE: Final = re.compile(rb"\xff(?=" + _SECOND + _THIRD + rb")")
"""Finds where a header may begin, at the speed of ``re``; :func:`parse` has the last word."""


@dataclass(frozen=True)
class StreamFormat:
    """What stays the same from frame to frame: version, layer, rate (Hz), one channel or two."""

    version: float
    layer: int
    sample_rate: int
    channels: int

    @property
    def codec(self) -> str:
        """``mp1``, ``mp2`` or ``mp3``."""
        return f"mp{self.layer}"

    @cached_property
    def samples(self) -> int:
        """How many samples of each channel a frame stands for."""
        if self.layer == 1:
            return 384
        return 576 if self.layer == _LAYERS[0b01] and self.version != 1 else 1152

    @cached_property
    def side(self) -> "SideInfo":
        """The layout of a layer III frame's side information."""
        return SideInfo.of(full_rate=self.version == 1, mono=self.channels == 1)


class SideInfo(Struct, frozen=True):
    """Where a layer III frame's side information keeps what the bit reservoir needs.

    ``bytes`` is its length. Read as one big-endian number, ``number >> begin`` is
    ``main_data_begin`` (how many bytes of earlier frames this one uses), and for each of
    ``parts``, ``number >> part & 0xFFF`` is a granule's ``part2_3_length`` in bits.
    """

    bytes: int
    begin: int
    parts: tuple[int, ...]

    @classmethod
    def of(cls, *, full_rate: bool, mono: bool) -> "SideInfo":
        """Lay it out as ISO/IEC 11172-3 2.4.1.7 and 13818-3 2.4.1.7 do."""
        channels = 1 if mono else 2
        if full_rate:
            length, begin, private, granules, granule = (17 if mono else 32), 9, 5, 2, 59
            before = begin + (private if mono else 3) + 4 * channels
        else:
            length, begin, granules, granule = (9 if mono else 17), 8, 1, 63
            before = begin + channels
        bits = length * 8
        starts = (before + granule * k for k in range(granules * channels))
        return cls(length, bits - begin, tuple(bits - start - 12 for start in starts))


class Frame(Struct, frozen=True):
    """One frame by its header: ``size`` in bytes with the header, ``protected`` by a CRC."""

    kind: StreamFormat
    size: int
    protected: bool

    @property
    def side_at(self) -> int:
        """Where the side information begins, in bytes from the frame's first."""
        return HEADER_BYTES + (CRC_BYTES if self.protected else 0)


@lru_cache(maxsize=4096)
def parse(word: bytes) -> Frame | None:
    """Read a header's four bytes; ``None`` when they are none, or of free format."""
    if len(word) != HEADER_BYTES or word[0] != 0xFF or word[1] < 0xE0:  # noqa: PLR2004 - the sync
        return None
    version = _VERSIONS.get(word[1] >> 3 & 3)
    layer = _LAYERS.get(word[1] >> 1 & 3)
    rate_index, kbits_index = word[2] >> 2 & 3, word[2] >> 4
    if version is None or layer is None or rate_index == _RESERVED:
        return None
    if kbits_index in {0, _BAD_KBITS} or word[3] & 3 == _RESERVED_EMPHASIS:
        return None
    rate = int(_RATES[rate_index] / {1.0: 1, 2.0: 2, 2.5: 4}[version])
    kind = StreamFormat(version, layer, rate, 1 if word[3] >> 6 == _RESERVED else 2)
    slot = 4 if layer == 1 else 1
    kbits = _KBITS[version == 1, layer][kbits_index]
    slots = kind.samples * kbits * 125 // (rate * slot)
    return Frame(kind, (slots + (word[2] >> 1 & 1)) * slot, protected=not word[1] & 1)


def is_free_format(word: bytes) -> bool:
    """Whether a header says that its bitrate is free: its frames' length is nowhere written."""
    if len(word) != HEADER_BYTES or word[2] >> 4:
        return False
    return parse(word[:2] + bytes([word[2] | 0x10]) + word[3:]) is not None


def crc_holds(frame: bytes, side_bytes: int) -> bool:
    """Whether a protected layer III frame's CRC-16 fits its header and side information.

    ISO/IEC 11172-3 2.4.3.1: generator 0x8005, preset 0xFFFF, over the header's last two bytes and
    the side information. The CRC of layers I and II covers a varying part and is not checked.
    """
    crc = 0xFFFF
    for byte in frame[2:HEADER_BYTES] + frame[6 : 6 + side_bytes]:
        crc = (crc << 8 & 0xFF00) ^ _CRC[crc >> 8 ^ byte]
    return crc == int.from_bytes(frame[HEADER_BYTES:6])


def _crc_row(byte: int) -> int:
    crc = byte << 8
    for _ in range(8):
        crc = (crc << 1 ^ (0x8005 if crc & 0x8000 else 0)) & 0xFFFF
    return crc


_CRC: Final = tuple(_crc_row(byte) for byte in range(256))
