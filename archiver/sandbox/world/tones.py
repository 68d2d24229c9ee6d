"""Playable audio of any length, made of one-second tones.

The tones beside this module (``tones/README`` says how they were made) are bare MPEG frames that
never lean on an earlier frame, so repeating them gives a valid stream of any length; what makes a
kind (an Info, Xing or VBRI header, or none) is written in front here. Formats: ISO/IEC 11172-3 and
13818-3 (frames), LAME's Xing/Info header, Fraunhofer's VBRI header.

>>> Tone(Encoding.BARE, 10).frames
139
"""

import hashlib
import io
import math
import struct
import wave
from enum import StrEnum
from functools import cache, lru_cache
from importlib.resources import files

from msgspec import Struct

_WAV_RATE = 8_000
_WAV_SILENCE = 128
_TAKE_FRAMES, _TAKE_BYTES = 6, 8
_VBRI_OFFSET = 36
_KBPS_MPEG1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_KBPS_MPEG2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_RATES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}


class Encoding(StrEnum):
    """The encodings that a sandbox can serve."""

    CBR = "cbr"
    """MPEG-2, 22.05 kHz mono, 24 kbit/s, Info header."""
    VBR = "vbr"
    """MPEG-1, 44.1 kHz mono, variable bitrate, Xing header."""
    VBRI = "vbri"
    """MPEG-2, 16 kHz mono, 16 kbit/s, VBRI header."""
    BARE = "bare"
    """MPEG-2.5, 8 kHz mono, 8 kbit/s, no header at all: what a telephone exchange writes."""
    STEREO = "stereo"
    """MPEG-1, 48 kHz stereo, 64 kbit/s, Info header."""
    WAV = "wav"
    """RIFF WAVE, 8 kHz mono, 8 bit."""


_TONES = {
    Encoding.CBR: "mpeg2-22k-mono.mp3",
    Encoding.VBR: "mpeg1-44k-mono-vbr.mp3",
    Encoding.VBRI: "mpeg2-16k-mono.mp3",
    Encoding.BARE: "mpeg25-8k-mono.mp3",
    Encoding.STEREO: "mpeg1-48k-stereo.mp3",
}


class Tone(Struct, frozen=True):
    """A sound of ``seconds``: exact for WAV, to the nearest frame (at most 72 ms) for the rest.

    No two takes of a kind and a length have the same bytes, as no two calls have.
    """

    kind: Encoding
    seconds: int
    take: int = 0

    @property
    def frames(self) -> int:
        """How many MPEG frames of sound it has (its header's frame not counted); 0 for WAV."""
        if self.kind is Encoding.WAV:
            return 0
        first = _frames(self.kind)[0]
        return round(self.seconds * first.rate / first.samples)

    @property
    def ms(self) -> int:
        """Its exact length in milliseconds, rounded."""
        if self.kind is Encoding.WAV:
            return self.seconds * 1_000
        first = _frames(self.kind)[0]
        return round(self.frames * first.samples * 1_000 / first.rate)

    @property
    def extension(self) -> str:
        """``wav`` or ``mp3``."""
        return "wav" if self.kind is Encoding.WAV else "mp3"


class StoredObject(Struct, frozen=True):
    """An object as the media server keeps it; ``etag`` is its MD5 in quotes, as S3's."""

    body: bytes
    content_type: str
    etag: str

    @classmethod
    def of(cls, body: bytes, content_type: str = "audio/mpeg") -> "StoredObject":
        """Return ``body`` with the ETag that S3 gives an object put in one piece."""
        digest = hashlib.md5(body, usedforsecurity=False).hexdigest()
        return cls(body, content_type, f'"{digest}"')


@lru_cache(maxsize=64)
def render(tone: Tone) -> StoredObject:
    """Return the file of ``tone``. The most recent 64 are kept, to bound a big world's memory."""
    if tone.kind is Encoding.WAV:
        return StoredObject.of(_wav(tone.seconds, tone.take), "audio/wav")
    frames = _frames(tone.kind)
    opening = _opening(frames, tone.take)
    whole, rest = divmod(tone.frames - len(opening), len(frames))
    sound = b"".join(f.data for f in (*opening, *frames * whole, *frames[:rest]))
    return StoredObject.of(_header(tone.kind, frames[0], tone.frames, len(sound)) + sound)


class _Frame(Struct, frozen=True):
    """One layer III frame: its bytes, hertz, samples for each channel, and size of side info."""

    data: bytes
    rate: int
    samples: int
    side: int


_MPEG1 = 0b11
"""The version bits of a frame's header."""
_SINGLE_CHANNEL = 0b11
"""A channel mode."""


@lru_cache(maxsize=len(Encoding))
def _frames(kind: Encoding) -> tuple[_Frame, ...]:
    """Return the frames of a kind's tone."""
    data = (files(__package__) / "tones" / _TONES[kind]).read_bytes()
    frames: list[_Frame] = []
    at = 0
    while at < len(data):
        frame = _frame(data[at:])
        frames.append(frame)
        at += len(frame.data)
    return tuple(frames)


def _frame(data: bytes) -> _Frame:
    """Return the frame at the start of ``data`` (ISO/IEC 11172-3, 2.4.1.3 and 2.4.2.3)."""
    version = data[1] >> 3 & 3
    mono, mpeg1 = data[3] >> 6 == _SINGLE_CHANNEL, version == _MPEG1
    kbps = (_KBPS_MPEG1 if mpeg1 else _KBPS_MPEG2)[data[2] >> 4]
    rate = _RATES[version][data[2] >> 2 & 3]
    samples = 1_152 if mpeg1 else 576
    size = samples * kbps * 125 // rate + (data[2] >> 1 & 1)
    side = (17 if mono else 32) if mpeg1 else (9 if mono else 17)
    return _Frame(data[:size], rate, samples, side)


def _opening(frames: tuple[_Frame, ...], take: int) -> list[_Frame]:
    """Return the frames that tell a take from all others: its number, a digit each."""
    digits = [*{frame.data: frame for frame in frames}.values()]
    return [digits[take // len(digits) ** place % len(digits)] for place in range(_TAKE_FRAMES)]


def _header(kind: Encoding, first: _Frame, frames: int, size: int) -> bytes:
    """Return the frame that describes ``frames`` frames in ``size`` bytes, silent when played."""
    if kind is Encoding.BARE:
        return b""
    total = size + len(first.data)
    if kind is Encoding.VBRI:
        tag = struct.pack(">4sHHHIIHHHHH", b"VBRI", 1, 0, 75, total, frames, 1, 1, 2, 1, 0)
        return _with_tag(first, _VBRI_OFFSET, tag)
    name = b"Xing" if kind is Encoding.VBR else b"Info"
    return _with_tag(first, 4 + first.side, struct.pack(">4sIII", name, 3, frames, total))


def _with_tag(frame: _Frame, offset: int, tag: bytes) -> bytes:
    """Return ``frame``'s own header, silence, and ``tag`` at ``offset``."""
    return (frame.data[:4].ljust(offset, b"\0") + tag).ljust(len(frame.data), b"\0")


@cache
def _second() -> bytes:
    """Return a second of a 400 Hz tone."""
    return bytes(
        _WAV_SILENCE + round(60 * math.sin(2 * math.pi * 400 * n / _WAV_RATE))
        for n in range(_WAV_RATE)
    )


def _wav(seconds: int, take: int) -> bytes:
    """Return ``seconds`` of a tone, in front of which stands the number of the take."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(_WAV_RATE)
        file.writeframes(take.to_bytes(_TAKE_BYTES) + (_second() * seconds)[_TAKE_BYTES:])
    return out.getvalue()
