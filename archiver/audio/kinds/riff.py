"""WAV: RIFF, and RF64 for what is longer (EBU Tech 3306), measured by the bytes that are there.

The ``fmt `` chunk says how many samples a block of bytes stands for, ``data`` how many bytes there
should be, unless it was written before anybody knew; ``fact`` counts the samples of compressed
sound. What counts most of them is held against what is there. MPEG frames in ``data`` are walked.
"""

from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from archiver.audio.kinds.chunks import ChunkLayout, layout
from archiver.audio.kinds.wave_formats import MPEG, Blocks, WaveFormat, read_form
from archiver.audio.measured import (
    AudioSpan,
    Oddity,
    cut_short,
    no_audio,
    told,
    unmeasured,
    with_oddities,
)
from archiver.audio.mpeg import stream
from archiver.audio.zeroes import LEAST, run_of_zeroes
from archiver.domain.audio_facts import Facts, Flaw

_DS64_AT: Final = 12
_UNTOLD: Final = {0, 0xFFFFFFFF}


def measure(part: AudioSpan) -> Facts:
    """Measure the WAV file in ``part``."""
    ds64 = part.read(part.start + _DS64_AT, 24)
    long = _le(ds64[16:24]) if ds64.startswith(b"ds64") else None
    found = layout(part, "little", b"data", long)
    head = found.heads.get(b"fmt ")
    if head is None and max(found.behind, found.claimed) <= part.size:
        return no_audio(part.size, "a WAV that does not say what is in it")
    if head is None or not found.begin:
        return cut_short("wav", part, max(found.behind, part.size + 1))
    form = read_form(head)
    if form.tag in MPEG:
        return _mpeg(part, found)
    if blocks := form.blocks:
        return _measured(part, found, form, blocks)
    why = f"WAV of format {form.tag:#x}, which cannot be measured"
    return unmeasured("wav", part, why)


def _measured(part: AudioSpan, found: ChunkLayout, form: WaveFormat, blocks: Blocks) -> Facts:
    samples = (found.end - found.begin) // blocks.size * blocks.samples
    counted = _le(found.heads.get(b"fact", b"")[:4])
    # The last block of compressed sound may be filled up.
    exact = counted if samples - blocks.samples < counted <= samples else samples
    duration_ms = round(exact * 1000 / form.sample_rate)
    oddities = [*found.oddities(part, duration_ms), *_fact(found, counted, samples, blocks)]
    if form.is_never_zero:
        least = max(LEAST, 2 * form.align)
        oddities += run_of_zeroes(part.read, found.begin, found.end, least)
    return told(
        "wav",
        part,
        oddities,
        duration_ms=duration_ms,
        sample_rate=form.sample_rate,
        channels=form.channels,
    )


def _mpeg(part: AudioSpan, found: ChunkLayout) -> Facts:
    facts = stream.measure(replace(part, start=found.begin, end=found.end))
    if facts is None:
        nothing = Flaw.GAP, f"its {found.end - found.begin} bytes of sound are no MPEG frames"
        return told("wav", part, [nothing], duration_ms=0, sample_rate=None, channels=None)
    facts = replace(facts, codec="wav", extension="wav", judged_by="container")
    return with_oddities(facts, *found.oddities(part, facts.duration_ms))


def _fact(found: ChunkLayout, counted: int, samples: int, blocks: Blocks) -> Iterator[Oddity]:
    """Hold what ``fact`` counts against the samples, unless it is known that some are missing."""
    if counted in _UNTOLD or abs(counted - samples) <= blocks.samples:
        return
    claim = f"its fact chunk counts {counted} samples, {samples} are there"
    if found.told is None and counted > samples:
        yield Flaw.CUT_CONTAINER, claim
    elif found.told is None or found.is_whole:
        yield Flaw.HEADER_LIES, f"{claim}, and it is not believed"


def _le(text: bytes) -> int:
    return int.from_bytes(text, "little")
