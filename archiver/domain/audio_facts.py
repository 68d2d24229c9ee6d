"""Facts: what an audio file really is, measured and not believed."""

from enum import StrEnum
from typing import Final, Literal

from msgspec import Struct

from archiver.json_documents import Later

EDITION: Final = 2
"""Which rules measure now: what older ones refused is measured again from the archive's copy.

1 walked MPEG frames alone and took containers at their word; 2 walks every kind it knows.
"""


class Flaw(StrEnum):
    """Something odd or wrong inside the file; what it means is the verdict's business."""

    CUT_LAST_FRAME = "cut_last_frame"
    """The last frame is shorter than its header says, or the end-of-stream mark is missing."""
    CUT_CONTAINER = "cut_container"
    """A container, or a tag in front, is shorter than its own structure or counts say."""
    GAP = "gap"
    """A hole: bytes between frames that are no audio (zeroes, junk, a splice), or frames, pages
    or samples that are missing by their own numbers."""
    LEADING = "leading"
    """Bytes before the first frame that are neither audio nor a tag."""
    TRAILING = "trailing"
    """Bytes behind the last frame that are neither audio nor a tag."""
    PADDING = "padding"
    """The same at either end, but too few to have been a second of audio."""
    SURPLUS = "surplus"
    """The same, but all that the file's own header or structure counts is there."""
    INNER_TAG = "inner_tag"
    """Between two frames stands a whole tag: files were joined."""
    HEADER_FRAMES = "header_frames"
    """The Xing/Info/VBRI header counts more frames than there are."""
    HEADER_BYTES = "header_bytes"
    """The Xing/Info/VBRI header counts more bytes than there are."""
    HEADER_FEWER = "header_fewer"
    """The file's own header counts less audio than there is."""
    HEADER_LIES = "header_lies"
    """The file's own header contradicts itself, the rest, or says nothing: it is not believed."""
    INNER_HEADER = "inner_header"
    """A Xing/Info/VBRI header stands in the middle of the stream."""
    UNSIZED = "unsized"
    """A container was written as a stream: it does not say how long it is."""
    MIXED = "mixed"
    """The stream changes its version, layer, rate or channels on the way."""
    BAD_FRAME = "bad_frame"
    """A frame's inside contradicts itself or its neighbours: bit reservoir, CRC or number."""
    UNMEASURED = "unmeasured"
    """Audio of a kind that can be named but not measured: whether it is whole is not known."""
    SECOND_OPINION = "second_opinion"
    """mutagen reads the first frames differently."""


class Facts(Struct, frozen=True):
    """What one file is. Durations in milliseconds, sizes in bytes, rates in hertz.

    ``codec`` is ``mp3``, ``mp2``, ``mp1``, ``wav``, ``ogg``, ``m4a`` …, or ``None`` when it is no
    audio at all; ``extension`` is the one to keep it under (``mp3``, ``wav``, … or ``bin``).
    ``frames`` counts frames of audio, so not a header frame; ``header_ms`` is what a
    Xing/Info/VBRI header or STREAMINFO claims, if there is one. ``details`` holds a sentence for
    each flaw, in the same order; for what is no audio, why not. ``edition`` is that of the rules it
    was measured by.
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
    edition: Later[int] = 1

    @property
    def tells_length(self) -> bool:
        """Whether the file itself says how much there must be in it, and is believed.

        A header that counts its frames or samples does, and so does a container that was not
        written as a stream. Where what it says is not there, another flaw tells.
        """
        flaws = set(self.flaws)
        if self.header_ms is not None and Flaw.HEADER_LIES not in flaws:
            return True
        return self.judged_by == "container" and Flaw.UNSIZED not in flaws
