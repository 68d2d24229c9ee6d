"""AIFF and AIFF-C: IFF chunks with samples that stand there as they are, or companded.

Sources: Apple's "Audio Interchange File Format" 1.3 (1989) and "AIFF-C" (draft of 1991). ``COMM``
counts the samples, ``SSND`` holds them behind 8 bytes of its own.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from archiver.audio.kinds.chunks import ChunkLayout, layout
from archiver.audio.measured import AudioSpan, Oddity, cut_short, no_audio, told, unmeasured
from archiver.domain.audio_facts import Facts, Flaw

_SSND_HEAD: Final = 8
_BITS: Final = {b"ulaw": 8, b"alaw": 8, b"fl32": 32, b"fl64": 64}
_PLAIN: Final = frozenset({b"", b"none", b"twos", b"sowt", b"raw ", b"in24", b"in32", *_BITS})
_EXPONENT_OF_1: Final = 16_383
_MANTISSA_BITS: Final = 64


class CommChunk(NamedTuple):
    """What ``COMM`` says: channels, samples of each, bits of one, hertz, and the codec's name."""

    channels: int
    samples: int
    bits: int
    sample_rate: int
    codec: bytes


def measure(part: AudioSpan) -> Facts:
    """Measure the AIFF file in ``part``."""
    found = layout(part, "big", b"SSND")
    head = found.heads.get(b"COMM")
    if head is None and max(found.behind, found.claimed) <= part.size:
        return no_audio(part.size, "an AIFF that does not say what is in it")
    if head is None or not found.begin:
        return cut_short("aiff", part, max(found.behind, part.size + 1))
    form = _form(head)
    size = form.channels * (_BITS.get(form.codec, form.bits) + 7 >> 3)
    if form.codec not in _PLAIN or not size or not form.sample_rate:
        return unmeasured("aiff", part, "AIFF of a kind that cannot be measured")
    offset = int.from_bytes(part.read(found.begin, 4))
    samples = max(0, found.end - found.begin - _SSND_HEAD - offset) // size
    duration_ms = round(samples * 1000 / form.sample_rate)
    return told(
        "aiff",
        part,
        (*found.oddities(part, duration_ms), *_count(found, form, samples)),
        duration_ms=duration_ms,
        sample_rate=form.sample_rate,
        channels=form.channels,
    )


def _form(text: bytes) -> CommChunk:
    """Read ``COMM``; the rate is a number of 80 bits, whose fraction is left out."""
    shift = _MANTISSA_BITS - 1 - (int.from_bytes(text[8:10]) - _EXPONENT_OF_1)
    rate = int.from_bytes(text[10:18]) >> shift if 0 <= shift < _MANTISSA_BITS else 0
    return CommChunk(
        channels=int.from_bytes(text[:2]),
        samples=int.from_bytes(text[2:6]),
        bits=int.from_bytes(text[6:8]),
        sample_rate=rate,
        codec=text[18:22].lower(),
    )


def _count(found: ChunkLayout, form: CommChunk, samples: int) -> Iterator[Oddity]:
    """Hold what ``COMM`` counts against the samples, where their own chunk agrees."""
    if found.is_whole and form.samples != samples:
        claim = f"its COMM chunk counts {form.samples} samples, {samples} are there"
        yield Flaw.HEADER_LIES, f"{claim}, and it is not believed"
