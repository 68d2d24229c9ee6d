"""How many bytes of a WAV's data stand for how many samples: what its ``fmt `` chunk says.

Sources: Microsoft's "New Multimedia Data Types and Data Techniques" (1994), ``mmreg.h`` for the
numbers, and "RIFF WAVE (.WAV) file format" of EBU Tech 3306 for 0xFFFE. Compressed sound comes in
blocks, so the bytes of a second, which the chunk tells as well, are never what is measured by.

>>> form = read_form(bytes.fromhex("1100 0100 401f0000 d70f0000 0001 0400 0200 f901"))
>>> form.blocks
Blocks(size=256, samples=505)
"""

from collections.abc import Callable
from typing import Final

from msgspec import Struct

MPEG: Final = frozenset({0x50, 0x55})
"""Layers I and II, and layer III: their frames are walked."""
_EXTENSIBLE: Final = 0xFFFE
_PCM, _MS_ADPCM, _FLOAT, _A_LAW, _U_LAW, _IMA_ADPCM, _GSM = 1, 2, 3, 6, 7, 0x11, 0x31
_G726: Final = frozenset({0x14, 0x40, 0x45, 0x64})
_G722: Final = frozenset({0x65, 0x28F})
_NEVER_ZERO: Final = _G722 | _G726 | {_A_LAW, _U_LAW, _MS_ADPCM, _GSM}
_BYTE: Final = 8


class Blocks(Struct, frozen=True):
    """So many ``samples`` of each channel take ``size`` bytes."""

    size: int
    samples: int


class WaveFormat(Struct, frozen=True):
    """A ``fmt `` chunk: the number of its format, channels, hertz, block, bits of a sample."""

    tag: int
    channels: int
    sample_rate: int
    align: int
    bits: int

    @property
    def blocks(self) -> Blocks | None:
        """How the sound is laid out; ``None`` where that is not known, or makes no sense."""
        rule = _RULES.get(self.tag)
        blocks = rule(self) if rule and self.channels and self.sample_rate else None
        return blocks if blocks and blocks.size > 0 and blocks.samples > 0 else None

    @property
    def is_never_zero(self) -> bool:
        """Whether no sound, and no silence, gives a run of zero bytes that is longer than a block.

        They are silence in wider PCM, and nothing tells them from a hole there.
        """
        return self.tag in _NEVER_ZERO or (self.tag == _PCM and self.bits == _BYTE)


def read_form(text: bytes) -> WaveFormat:
    """Read a ``fmt `` chunk; what it is too short for is 0."""
    tag = _le(text[:2])
    if tag == _EXTENSIBLE:
        tag = _le(text[24:26])
    return WaveFormat(tag, _le(text[2:4]), _le(text[4:8]), _le(text[12:14]), _le(text[14:16]))


def _le(text: bytes) -> int:
    return int.from_bytes(text, "little")


def _plain(form: WaveFormat) -> Blocks:
    """Lay out samples that stand there as they are; some stand in more bytes than they need."""
    least = form.channels * (form.bits + 7 >> 3)
    return Blocks(max(form.align, least) if form.bits else form.align, 1)


def _companded(form: WaveFormat) -> Blocks:
    return Blocks(form.channels, 1)


def _adpcm(head: int, first: int) -> Callable[[WaveFormat], Blocks]:
    """Lay out blocks of 4 bits a sample behind a head, for each channel, that holds ``first``."""

    def rule(form: WaveFormat) -> Blocks:
        codes = form.align - head * form.channels
        return Blocks(form.align, max(0, codes * 2 // form.channels + first) if codes > 0 else 0)

    return rule


def _by_bits(form: WaveFormat) -> Blocks:
    return Blocks(form.bits * form.channels, _BYTE)


_RULES: Final[dict[int, Callable[[WaveFormat], Blocks]]] = {
    _PCM: _plain,
    _FLOAT: _plain,
    _A_LAW: _companded,
    _U_LAW: _companded,
    _MS_ADPCM: _adpcm(head=7, first=2),
    _IMA_ADPCM: _adpcm(head=4, first=1),
    _GSM: lambda _: Blocks(65, 320),
    0x22: lambda _: Blocks(32, 240),  # TrueSpeech
    0x10: _by_bits,  # OKI ADPCM
    0x17: _by_bits,  # Dialogic OKI ADPCM
    0x20: _by_bits,  # Yamaha ADPCM
    **dict.fromkeys(_G726, _by_bits),
    **dict.fromkeys(_G722, lambda form: Blocks(form.channels, 2)),
}
