"""The checksums of Ogg pages and FLAC frames, at the speed of C.

Both are unreflected and begin at 0, so neither is a call into the standard library. Ogg's CRC-32 is
zlib's over bytes whose bits are mirrored. FLAC's CRC-16 is a division of polynomials: that it comes
out even is seen on one large number, folded in halves. An hour of FLAC at 8 kHz takes 0.2 s.
"""

import zlib
from typing import Final

_ALL: Final = 0xFFFFFFFF
_MIRRORED: Final = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_Q_DEGREE: Final = 15


def ogg(page: bytes) -> int:
    """Return the CRC-32 of a page whose own CRC is zeroed (RFC 3533 section 6, 0x04C11DB7).

    >>> hex(ogg(b"123456789"))
    '0x89a1897f'
    """
    mirrored = zlib.crc32(page.translate(_MIRRORED), _ALL) ^ _ALL
    return int.from_bytes(mirrored.to_bytes(4, "little").translate(_MIRRORED))


def flac_header(header: bytes) -> int:
    """Return the CRC-8 of a frame's header (RFC 9639 9.1.8, x^8 + x^2 + x + 1).

    >>> hex(flac_header(b"123456789"))
    '0xf4'
    """
    crc = 0
    for byte in header:
        crc = _CRC8[crc ^ byte]
    return crc


def flac_frame_holds(frame: bytes) -> bool:
    """Whether a frame fits the CRC-16 at its end (RFC 9639 9.3, x^16 + x^15 + x^2 + 1).

    That is so if the whole is divisible by (x + 1)(x^15 + x + 1). By the first if it has an even
    number of bits. By the second: x^15 is x + 1 there, and, squared over and over, x^15m is
    x^m + 1 for every power m of two, so that the upper half can be added to the lower.

    >>> flac_frame_holds(b"123456789" + 0xFEE8.to_bytes(2))
    True
    >>> flac_frame_holds(b"123456788" + 0xFEE8.to_bytes(2))
    False
    """
    rest = int.from_bytes(frame)
    if rest.bit_count() & 1:
        return False
    m = 1 << (rest.bit_length() // _Q_DEGREE).bit_length()
    while m:
        while high := rest >> _Q_DEGREE * m:
            rest ^= high << _Q_DEGREE * m ^ high << m ^ high
        m >>= 1
    return not rest


def _crc8_row(byte: int) -> int:
    for _ in range(8):
        byte = (byte << 1 ^ (0x07 if byte & 0x80 else 0)) & 0xFF
    return byte


_CRC8: Final = tuple(_crc8_row(byte) for byte in range(256))
