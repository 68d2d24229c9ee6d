"""The headers of FLAC: STREAMINFO, and what stands in front of every frame (RFC 9639 8.2 and 9.1).

>>> info = read_info(bytes.fromhex("1000 1000 000000 000000 01f400f0 00001f8d") + bytes(16))
>>> info.sample_rate, info.channels, info.bits, info.samples
(8000, 1, 16, 8077)
>>> parse(bytes.fromhex("fff8c4080004"), info).samples
4096
"""

from typing import Final

from msgspec import Struct

from archiver.audio.kinds import crc

INFO_BYTES: Final = 34
LONGEST_HEADER: Final = 16
SHORTEST_HEADER: Final = 6
_RATES: Final = (
    *(0, 88_200, 176_400, 192_000, 8_000, 16_000, 22_050, 24_000),
    *(32_000, 44_100, 48_000, 96_000),
)
_BITS: Final = (0, 8, 12, -1, 16, 20, 24, 32)
_CHANNELS: Final = (1, 2, 3, 4, 5, 6, 7, 8, 2, 2, 2, 0, 0, 0, 0, 0)
"""From the ninth on, pairs of which one tells the difference, and what is reserved."""
_BLOCKS: Final = (0, 192, 576, 1152, 2304, 4608, 0, 0, *(256 << power for power in range(8)))


class Info(Struct, frozen=True):
    """What STREAMINFO says; ``samples`` is 0 where they were not counted."""

    longest_block: int
    sample_rate: int
    channels: int
    bits: int
    samples: int

    @property
    def longest_frame(self) -> int:
        """How many bytes a frame takes at most: one whose samples stand there as they are."""
        block = self.longest_block * self.channels * (self.bits + 1) // 8
        return LONGEST_HEADER + block + 4 * self.channels + 2


class FlacFrameHeader(Struct, frozen=True):
    """A frame's header of ``size`` bytes.

    ``number`` is of the frame or, ``by_samples``, of its first sample.
    """

    size: int
    by_samples: bool
    number: int
    samples: int

    @property
    def next(self) -> int:
        """The number of the frame that follows."""
        return self.number + (self.samples if self.by_samples else 1)


def read_info(block: bytes) -> Info:
    """Read STREAMINFO; of fewer than :data:`INFO_BYTES` bytes it is all zeroes."""
    numbers = int.from_bytes(block[10:18]) if len(block) >= INFO_BYTES else 0
    return Info(
        longest_block=int.from_bytes(block[2:4]),
        sample_rate=numbers >> 44,
        channels=(numbers >> 41 & 7) + 1,
        bits=(numbers >> 36 & 31) + 1,
        samples=numbers & (1 << 36) - 1,
    )


def parse(head: bytes, info: Info) -> FlacFrameHeader | None:
    """Read a frame's header, if these are one that fits the stream: its CRC-8 holds."""
    if len(head) < SHORTEST_HEADER or head[0] != 0xFF or head[1] & 0xFE != 0xF8:  # noqa: PLR2004 - the sync code
        return None
    bits = _BITS[head[3] >> 1 & 7]
    if _CHANNELS[head[3] >> 4] != info.channels or bits not in {0, info.bits} or head[3] & 1:
        return None
    number, at = _number(head)
    samples, at = _block_size(head, at)
    rate, at = _rate(head, at)
    fits = 0 < samples <= info.longest_block and rate in {0, info.sample_rate}
    if number < 0 or not fits or len(head) <= at or crc.flac_header(head[:at]) != head[at]:
        return None
    return FlacFrameHeader(at + 1, bool(head[1] & 1), number, samples)


def _number(head: bytes) -> tuple[int, int]:
    """Read the number, which is coded like a letter of UTF-8; -1 for none. And where it ends."""
    first, at = head[4], 5
    if first < 0x80:  # noqa: PLR2004 - one byte is itself
        return first, at
    more = 7 - (first ^ 0xFF).bit_length()
    number = first & (0x3F >> more)
    for byte in head[at : at + more]:
        if byte & 0xC0 != 0x80:  # noqa: PLR2004 - how a further byte begins
            return -1, at
        number = number << 6 | byte & 0x3F
    return (number if more else -1), at + more


def _block_size(head: bytes, at: int) -> tuple[int, int]:
    code = head[2] >> 4
    size = {6: 1, 7: 2}.get(code, 0)
    return (int.from_bytes(head[at : at + size]) + 1 if size else _BLOCKS[code]), at + size


def _rate(head: bytes, at: int) -> tuple[int, int]:
    """Read the sample rate, 0 where STREAMINFO tells it, -1 for none. And where it ends."""
    code = head[2] & 15
    if code < len(_RATES):
        return _RATES[code], at
    size, unit = {12: (1, 1000), 13: (2, 1), 14: (2, 10)}.get(code, (0, 0))
    return (int.from_bytes(head[at : at + size]) * unit if size else -1), at + size
