"""Facts: what an audio file really is, measured and not believed."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


class Flaw(StrEnum):
    """Something odd or wrong inside the file; what it means is the verdict's business."""

    CUT_LAST_FRAME = "cut_last_frame"
    """The last frame is shorter than its header says, or the end-of-stream mark is missing."""
    CUT_CONTAINER = "cut_container"
    """A WAV, Ogg or MP4 file, or a tag in front, is shorter than its own structure says."""
    GAP = "gap"
    """Bytes before or between frames that are neither audio nor a tag (zeroes, junk, a splice)."""
    TRAILING = "trailing"
    """Bytes behind the last frame that are neither audio nor a tag."""
    SURPLUS = "surplus"
    """The same, but every frame that the file's own header counts is there."""
    HEADER_FRAMES = "header_frames"
    """The Xing/Info/VBRI header counts more frames than there are."""
    HEADER_BYTES = "header_bytes"
    """The Xing/Info/VBRI header counts more bytes than there are."""
    HEADER_FEWER = "header_fewer"
    """The Xing/Info/VBRI header counts fewer frames and bytes than there are."""
    HEADER_LIES = "header_lies"
    """The Xing/Info/VBRI header contradicts itself or says nothing: it is not believed."""
    INNER_HEADER = "inner_header"
    """A Xing/Info/VBRI header stands in the middle of the stream."""
    UNSIZED = "unsized"
    """A container was written as a stream: it does not say how long it is."""
    MIXED = "mixed"
    """The stream changes its version, layer, rate or channels on the way."""
    BAD_FRAME = "bad_frame"
    """A frame's inside contradicts itself or its neighbours: bit reservoir or CRC."""
    SECOND_OPINION = "second_opinion"
    """mutagen reads the first frames differently."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What one file is. Durations in milliseconds, sizes in bytes, rates in hertz.

    ``codec`` is ``mp3``, ``mp2``, ``mp1``, ``wav``, ``ogg``, ``m4a`` …, or ``None`` when it is no
    audio at all; ``extension`` is the one to keep it under (``mp3``, ``wav``, … or ``bin``).
    ``frames`` counts frames of audio, so not a header frame; ``header_ms`` is what a
    Xing/Info/VBRI header claims, if there is one. ``details`` holds a sentence for each flaw, in
    the same order; for what is no audio, why not.
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

    @property
    def tells_length(self) -> bool:
        """Whether the file itself says how much there must be in it, and is believed.

        A flawless container does, and so does a Xing, Info or VBRI header that counts its frames.
        Where what it says is not there, another flaw tells.
        """
        flaws = set(self.flaws)
        if self.judged_by == "container":
            return Flaw.UNSIZED not in flaws
        return self.header_ms is not None and Flaw.HEADER_LIES not in flaws
