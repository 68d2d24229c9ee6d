"""Measuring a file: which kind it is, and whose walk measures it; any bytes whatever give facts.

A file begins with the mark of a container, with bare frames, or with MPEG audio, whose first frames
mutagen reads as well for a second opinion.

>>> measure_open(io.BytesIO(bytes.fromhex("ffe318c4") + bytes(68))).duration_ms
72
"""

import io
from pathlib import Path
from typing import BinaryIO

from msgspec.structs import replace

from archiver.audio import container
from archiver.audio.kinds import raw_frames
from archiver.audio.measured import AudioSpan, no_audio, unmeasured, with_oddities
from archiver.audio.mpeg import stream, tags
from archiver.audio.mpeg.frame_header import HEADER_BYTES, is_free_format
from archiver.audio.mpeg.second_opinion import second_opinion
from archiver.domain.audio_facts import EDITION, Facts, Flaw


def measure(path: Path) -> Facts:
    """Measure one file; any bytes whatever give facts. Raises ``OSError`` when it can't be read."""
    with path.open("rb") as file:
        return measure_open(file)


def measure_open(file: BinaryIO) -> Facts:
    """Do the same for a file that is open, whatever its position."""
    size = file.seek(0, io.SEEK_END)

    def read(offset: int, count: int) -> bytes:
        file.seek(offset)
        return file.read(count)

    start, end = tags.audio_span(read, size)
    part = AudioSpan(read, start, end, size)
    return replace(_measured(part, file), edition=EDITION)


def _measured(part: AudioSpan, file: BinaryIO) -> Facts:
    head = part.read(part.start, container.NAMING_BYTES)
    if kind := container.kind_of(head):
        return container.measure(kind, part)
    if facts := raw_frames.measure(part):
        return facts
    if facts := stream.measure(part):
        return with_oddities(facts, *second_opinion(file, part.start, facts))
    if missing := tags.missing(part.read, part.start, part.size):
        told = f"its tag needs {part.size + missing} bytes, {part.size} are there"
        nothing = replace(
            no_audio(part.size, told), codec="mp3", extension="mp3", judged_by="frames"
        )
        return replace(nothing, flaws=(Flaw.CUT_CONTAINER,))
    if is_free_format(head[:HEADER_BYTES]):
        return unmeasured("mp3", part, "MPEG audio of free format, which cannot be measured")
    return no_audio(part.size, "no audio was found in it" if part.size else "the file is empty")
