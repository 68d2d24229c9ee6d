"""MPEG audio: walk the frames of a part of a file, and sum up what was met."""

from typing import Final

from archiver.audio.measured import AudioSpan
from archiver.audio.mpeg.account import facts_of
from archiver.audio.mpeg.frame_walk import FrameWalk
from archiver.domain.audio_facts import Facts

_CHUNK: Final = 1 << 18


def measure(part: AudioSpan) -> Facts | None:
    """Measure the MPEG frames in ``part``; ``None`` where there are none."""
    walk = FrameWalk()
    for at in range(part.start, part.end, _CHUNK):
        walk.feed(part.read(at, min(_CHUNK, part.end - at)))
    walk.finish()
    return facts_of(walk, part.size, part.start)
