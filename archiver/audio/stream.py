"""MPEG audio: walk the frames of a part of a file, and sum up what was met."""

from typing import Final

from archiver.audio.account import facts_of
from archiver.audio.measured import Part
from archiver.audio.walk import Walk
from archiver.facts import Facts

_CHUNK: Final = 1 << 18


def measure(part: Part) -> Facts | None:
    """Measure the MPEG frames in ``part``; ``None`` where there are none."""
    walk = Walk()
    for at in range(part.start, part.end, _CHUNK):
        walk.feed(part.read(at, min(_CHUNK, part.end - at)))
    walk.finish()
    return facts_of(walk, part.size, part.start)
