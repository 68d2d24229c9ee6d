"""What Ogg streams carry: by a stream's first packet, and how much sound its packets stand for.

Vorbis I (xiph.org, "Vorbis I specification" 4.2.2), Opus (RFC 7845 5.1 and RFC 6716 3.1), Speex
("The Speex Codec Manual", Ogg file format) and FLAC (RFC 9639 10.1). Nothing is decoded: a packet
of Opus or Speex says how many samples it makes, one of Vorbis or FLAC how many at most.

>>> codec_of(b"OpusHead" + bytes.fromhex("01013801803e0000000000")).pre_skip
312
"""

from collections.abc import Callable
from typing import Final

from msgspec import Struct

OPUS_RATE: Final = 48_000
"""What Opus counts in, whatever was recorded (RFC 7845 section 4)."""
_LONGEST_OPUS: Final = OPUS_RATE * 120 // 1000
_OPUS_FRAMES: Final = (
    *(480, 960, 1920, 2880) * 3,
    *(480, 960) * 2,
    *(120, 240, 480, 960) * 4,
)
"""Samples of one frame for each configuration (RFC 6716 table 2)."""
_COUNTED: Final = 3

Held = Callable[[bytes], int]
"""How many samples the packet that begins with these two bytes stands for, at most."""


class Codec(Struct, frozen=True):
    """One kind of sound: ``sample_rate`` is what granule positions count in (hertz).

    ``pre_skip`` samples at the beginning are no sound; ``longest`` is the most in one packet.
    """

    name: str
    sample_rate: int
    channels: int
    pre_skip: int
    longest: int
    held: Held


def codec_of(packet: bytes) -> Codec | None:
    """Read a stream's first packet; ``None`` where it is of no kind known here, or says nothing."""
    for mark, read in _READERS.items():
        if packet.startswith(mark):
            codec = read(packet)
            return codec if codec.sample_rate and codec.channels and codec.longest else None
    return None


def _vorbis(packet: bytes) -> Codec:
    longest = (1 << (packet[28] >> 4 if len(packet) > 28 else 0)) // 2  # noqa: PLR2004 - blocksize_1
    return _steady("vorbis", _le32(packet, 12), packet[11:12], longest)


def _speex(packet: bytes) -> Codec:
    longest = _le32(packet, 56) * max(1, _le32(packet, 64))
    return _steady("speex", _le32(packet, 36), packet[48:49], longest)


def _flac(packet: bytes) -> Codec:
    rate = int.from_bytes(packet[27:30]) >> 4
    channels = (packet[29] >> 1 & 7) + 1 if len(packet) > 29 else 0  # noqa: PLR2004 - STREAMINFO's
    return _steady("flac", rate, bytes([channels]), int.from_bytes(packet[19:21]))


def _opus(packet: bytes) -> Codec:
    pre_skip = int.from_bytes(packet[10:12], "little")
    channels = int.from_bytes(packet[9:10])
    return Codec("opus", OPUS_RATE, channels, pre_skip, _LONGEST_OPUS, opus_samples)


def opus_samples(head: bytes) -> int:
    """Return how many samples at 48 kHz a packet of Opus makes (RFC 6716 3.1 and 3.2)."""
    if not head:
        return 0
    code = head[0] & 3
    frames = (head[1] & 63 if len(head) > 1 else 0) if code == _COUNTED else min(code, 1) + 1
    return min(_OPUS_FRAMES[head[0] >> 3] * frames, _LONGEST_OPUS)


def _steady(name: str, rate: int, channels: bytes, longest: int) -> Codec:
    def held(head: bytes) -> int:
        return longest if head else 0

    return Codec(name, rate, int.from_bytes(channels), 0, longest, held)


def _le32(text: bytes, at: int) -> int:
    return int.from_bytes(text[at : at + 4], "little")


_READERS: Final[dict[bytes, Callable[[bytes], Codec]]] = {
    b"\x01vorbis": _vorbis,
    b"OpusHead": _opus,
    b"Speex   ": _speex,
    b"\x7fFLAC": _flac,
}
