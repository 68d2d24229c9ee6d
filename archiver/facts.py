"""Facts: what an audio file really is, measured and not believed."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


class Flaw(StrEnum):
    """Something wrong inside the file, found by walking its frames."""

    CUT_LAST_FRAME = "cut_last_frame"
    """The last frame is shorter than its header says."""
    GAP = "gap"
    """Bytes between frames that are neither audio nor a tag (zeroes, junk, a splice)."""
    HEADER_FRAMES = "header_frames"
    """The Xing/Info/VBRI header counts other frames than there are."""
    HEADER_BYTES = "header_bytes"
    """The Xing/Info/VBRI header counts other bytes than there are."""
    MIXED = "mixed"
    """The stream changes its version, layer, rate or channels on the way."""
    BAD_FRAME = "bad_frame"
    """A frame's inside contradicts itself: side information, reservoir or CRC."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What one file is. Durations in milliseconds, sizes in bytes, rates in hertz.

    ``codec`` is ``mp3``, ``mp2``, ``mp1``, ``wav``, ``ogg``, ``m4a`` …, or ``None`` when it is no
    audio at all; ``extension`` is the one to keep it under (``mp3``, ``wav``, … or ``bin``).
    ``header_ms`` is what a Xing/Info/VBRI header claims, if there is one.
    ``lost_frames`` is the header's frame count less those found, when positive.
    """

    codec: str | None
    extension: str
    bytes: int
    duration_ms: int
    frames: int
    header_ms: int | None
    sample_rate: int | None
    channels: int | None
    judged_by: Literal["frames", "container", "nothing"]
    flaws: tuple[Flaw, ...] = ()
    details: tuple[str, ...] = ()
