"""Containers made byte by byte, by another way of reckoning than the product's.

Checksums are divided as the standards write them down, so that they are a second opinion on
:mod:`archiver.audio.kinds.crc` as well.
"""

import struct
from collections.abc import Iterable, Sequence
from functools import cache


def divided(data: bytes, degree: int, divisor: int) -> int:
    """Return the rest of ``data``, moved up by ``degree`` bits, over a divisor of that degree."""
    rest, rests, mask = 0, _rests(degree, divisor), (1 << degree) - 1
    for byte in data:
        rest = (rest << 8 & mask) ^ rests[rest >> degree - 8 ^ byte]
    return rest


@cache
def _rests(degree: int, divisor: int) -> tuple[int, ...]:
    """Return the rest of each byte, divided bit by bit."""

    def of(rest: int) -> int:
        rest <<= degree - 8
        for _ in range(8):
            rest <<= 1
            if rest >> degree:
                rest ^= 1 << degree | divisor
        return rest

    return tuple(map(of, range(256)))


def page(  # noqa: PLR0913 - one argument for each field of a page
    body: bytes,
    number: int,
    granule: int,
    *,
    flags: int = 0,
    serial: int = 7,
    lacing: bytes | None = None,
) -> bytes:
    """Return an Ogg page with one packet in it, unless ``lacing`` says otherwise."""
    if lacing is None:
        lacing = b"\xff" * (len(body) // 255) + bytes([len(body) % 255])
    head = struct.pack("<4sBBqII", b"OggS", 0, flags, granule, serial, number)
    tail = bytes([len(lacing)]) + lacing + body
    crc = divided(head + bytes(4) + tail, 32, 0x04C11DB7)
    return head + struct.pack("<I", crc) + tail


OPUS_HEAD = b"OpusHead\x01\x01" + struct.pack("<HIHB", 312, 8000, 0, 0)
OPUS_20_MS = 960
OPUS_PACKET = b"\x08" + b"speech" * 4
"""SILK, narrow band, 20 ms, one frame (RFC 6716 table 2, configuration 1)."""


def opus(packets: int, *, serial: int = 7) -> list[bytes]:
    """Return the pages of so many packets of 20 ms, each on its own, behind the headers."""
    first = page(OPUS_HEAD, 0, 0, flags=2, serial=serial)
    tags = page(b"OpusTags" + bytes(8), 1, 0, serial=serial)
    sound = (
        page(OPUS_PACKET, k + 1, k * OPUS_20_MS, flags=4 * (k == packets), serial=serial)
        for k in range(1, packets + 1)
    )
    return [first, tags, *sound]


FLAC_BLOCK = 256
FLAC_RATE = 8_000


def flac_info(samples: int, block: int = FLAC_BLOCK) -> bytes:
    """Return a FLAC file's beginning: 8 kHz, one channel, 8 bits."""
    numbers = FLAC_RATE << 44 | 0 << 41 | 7 << 36 | samples
    info = struct.pack(">HH6x", block, block) + numbers.to_bytes(8) + bytes(16)
    return b"fLaC\x80" + len(info).to_bytes(3) + info


def coded(number: int) -> bytes:
    """Code a number as a letter of UTF-8 is coded, up to 36 bits (RFC 9639 9.1.5)."""
    if number < 0x80:
        return bytes([number])
    more = next(n for n in range(1, 7) if number < 1 << 5 * n + 6)
    lead = 0xFF << 7 - more & 0xFF | number >> 6 * more
    return bytes([lead, *(0x80 | number >> 6 * k & 0x3F for k in reversed(range(more)))])


def flac_frame(number: int, sound: bytes | None = None, *, by_samples: bool = False) -> bytes:
    """Return a frame of 8-bit samples as they are, 256 of them unless others are given."""
    sound = bytes(range(256)) if sound is None else sound
    size = struct.pack(">H", len(sound) - 1)
    head = bytes([0xFF, 0xF9 if by_samples else 0xF8, 0x74, 0x02]) + coded(number) + size
    head += divided(head, 8, 0x07).to_bytes(1)
    body = head + b"\x02" + sound
    return body + divided(body, 16, 0x8005).to_bytes(2)


def flac(frames: int, *, counted: bool = True) -> list[bytes]:
    """Return a FLAC file in its parts: what is in front, then each frame."""
    info = flac_info(frames * FLAC_BLOCK if counted else 0)
    return [info, *(flac_frame(number) for number in range(frames))]


def chunk(name: bytes, body: bytes, size: int | None = None) -> bytes:
    """Return a RIFF chunk; ``size`` is what it claims where that is not its length."""
    told = len(body) if size is None else size
    return name + struct.pack("<I", told) + body + bytes(len(body) & 1)


def riff(*chunks: bytes, size: int | None = None) -> bytes:
    """Return a WAV file of these chunks."""
    return chunk(b"RIFF", b"WAVE" + b"".join(chunks), size)


def fmt(tag: int, rate: int = 8_000, *, align: int = 1, bits: int = 8, channels: int = 1) -> bytes:
    """Return a ``fmt `` chunk with nothing but what every kind has."""
    return chunk(b"fmt ", struct.pack("<HHIIHH", tag, channels, rate, rate * align, align, bits))


def box(name: bytes, *content: bytes) -> bytes:
    """Return an MP4 box."""
    body = b"".join(content)
    return struct.pack(">I4s", len(body) + 8, name) + body


def numbers(*values: int) -> bytes:
    """Return numbers of 32 bits, big endian."""
    return struct.pack(f">{len(values)}I", *values)


MP4_RATE = 8_000
MP4_TICKS = 1_024


def sound_track(
    sizes: Sequence[int], chunks: Iterable[tuple[int, int]], *, kind: bytes = b"soun"
) -> bytes:
    """Return a track of samples of these sizes, in chunks told as (offset, samples)."""
    offsets, counts = zip(*chunks, strict=True) if sizes else ((), ())
    runs = [n for index, count in enumerate(counts, 1) for n in (index, count, 1)]
    entry = box(b"mp4a", bytes(16), struct.pack(">HHII", 1, 16, 0, MP4_RATE << 16))
    stbl = box(
        b"stbl",
        box(b"stsd", numbers(0, 1), entry),
        box(b"stts", numbers(0, 1, len(sizes), MP4_TICKS)),
        box(b"stsz", numbers(0, 0, len(sizes), *sizes)),
        box(b"stsc", numbers(0, len(counts), *runs)),
        box(b"stco", numbers(0, len(offsets), *offsets)),
    )
    mdhd = box(b"mdhd", numbers(0, 0, 0, MP4_RATE, len(sizes) * MP4_TICKS, 0))
    hdlr = box(b"hdlr", numbers(0, 0), kind, bytes(12))
    tkhd = box(b"tkhd", numbers(0, 0, 0, 1, 0))
    return box(b"trak", tkhd, box(b"mdia", mdhd, hdlr, box(b"minf", stbl)))


def fragment(
    number: int, begins: int | None, sizes: Sequence[int], *, sound: bytes | None = None
) -> bytes:
    """Return a movie fragment of samples of these sizes, with its media."""
    tfdt = b"" if begins is None else box(b"tfdt", numbers(0, begins))
    trun = box(b"trun", numbers(0x200, len(sizes), *sizes))
    traf = box(b"traf", box(b"tfhd", numbers(0x8, 1, MP4_TICKS)), tfdt, trun)
    moof = box(b"moof", box(b"mfhd", numbers(0, number)), traf)
    return moof + box(b"mdat", b"\x21" * sum(sizes) if sound is None else sound)
