"""The walk: from frame to frame through a stream of bytes, counting what is really there.

Pure: bytes are fed in, in order and in any pieces, and only a few frames are ever kept. It locks
on to a place where three headers of one kind follow each other at the distances they name (or the
stream ends where they say), then follows the frames until one doesn't begin where the last ended,
and looks for the next place. What lies between is a gap, unless it is a tag.

In layer III a frame may use bytes that earlier frames left over (the bit reservoir). A frame that
asks for more than was left, or needs more than it has, shows a splice that hit the frame edges.

>>> walk = FrameWalk()
>>> walk.feed(bytes.fromhex("ffe318c4") + bytes(68))
>>> walk.finish()
>>> walk.frames, walk.duration_ms()
(1, 72)
"""

from collections import Counter
from typing import Final

from msgspec import Struct, field

from archiver.audio.mpeg import tags
from archiver.audio.mpeg.alike import MANY, AlikeFrames
from archiver.audio.mpeg.frame_header import (
    CANDIDATE,
    HEADER_BYTES,
    MAX_FRAME_BYTES,
    Frame,
    SideInfo,
    StreamFormat,
    crc_holds,
    parse,
)
from archiver.audio.mpeg.spots import Spots
from archiver.audio.mpeg.vbr_header import MARKS, VBRI, VBRI_AT

_LOOKAHEAD: Final = 3 * MAX_FRAME_BYTES + HEADER_BYTES
_FOLLOWERS: Final = 2
_ANYTHING: Final = 1 << 16
"""What earlier frames may have left over when they aren't known."""


class Irregularities(Struct, frozen=True):
    """Where a walk met what a whole stream doesn't have.

    ``leading`` is what stands in front of the first frame, ``gaps`` and ``inner_tags`` what lies
    between two. At ``changes`` the kind of audio changes, and ``headers`` are another file's.
    """

    leading: Spots = field(default_factory=Spots)
    gaps: Spots = field(default_factory=Spots)
    inner_tags: Spots = field(default_factory=Spots)
    changes: Spots = field(default_factory=Spots)
    headers: Spots = field(default_factory=Spots)
    bad_reservoir: Spots = field(default_factory=Spots)
    bad_crc: Spots = field(default_factory=Spots)


class _FrameRun(Struct):
    """Frames of one kind in a row.

    ``layouts`` has each header that was met, with its frame's size and where the side information
    begins; ``free`` is how many bytes the last frame left over.
    """

    kind: StreamFormat
    layouts: dict[bytes, tuple[int, int]] = field(default_factory=dict)
    free: int = _ANYTHING

    def layout(self, word: bytes) -> tuple[int, int] | None:
        """Return the layout for a header of this kind, ``None`` for any other bytes."""
        frame = parse(word)
        if frame is None or frame.kind != self.kind:
            return None
        layout = self.layouts[word] = frame.size, frame.side_at
        return layout


class FrameWalk:
    """One walk; :meth:`feed` it all the bytes, then :meth:`finish`, then read the attributes.

    Offsets are counted from the first byte fed. ``first`` is the first frame's bytes and ``begin``
    its offset, ``end`` the offset behind the last whole frame, ``rest`` what follows it.
    """

    def __init__(self) -> None:
        self.kind: StreamFormat | None = None
        self.first = b""
        self.begin = self.end = self.frames = self.rest = 0
        self.is_cut = False
        self.samples: Counter[int] = Counter()
        self.irregular = Irregularities()
        self._run: _FrameRun | None = None
        self._data = b""
        self._base = self._at = 0
        self._looks = b""

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes of the stream."""
        self._data = self._data[self._at :] + chunk
        self._base += self._at
        self._at = 0
        self._advance(final=False)

    def finish(self) -> None:
        """Say that there are no more bytes."""
        self._advance(final=True)
        if self.kind is None:
            self._begin_cut()
        behind = self._data[self._at :]
        self.rest = self._base + len(self._data) - self.end
        starts_frame = (self._run and self._run.layout(behind[:HEADER_BYTES])) or (
            len(behind) < HEADER_BYTES and self.first.startswith(behind[:2])
        )
        self.is_cut = self.rest == len(behind) > 0 and bool(starts_frame)

    def duration_ms(self, less_samples: int = 0) -> int:
        """Return the length in milliseconds; ``less_samples`` of the first rate are left out."""
        if self.kind is None:
            return 0
        samples = self.samples.copy()
        samples[self.kind.sample_rate] -= less_samples
        return max(0, round(sum(count * 1000 / rate for rate, count in samples.items())))

    def _advance(self, *, final: bool) -> None:
        while True:
            if self._run and self._run.layouts:
                self._follow(self._run)
            if not final and len(self._data) - self._at < _LOOKAHEAD:
                return
            if not self._lock(final=final):
                return

    def _follow(self, run: _FrameRun) -> None:
        """Go on through a run, and count what it brings."""
        frames, at = self.frames, self._at
        if run.kind.layer == 3:  # noqa: PLR2004 - only layer III has a reservoir
            self._follow_reservoir(run)
        else:
            self._follow_sizes(run)
        self.samples[run.kind.sample_rate] += (self.frames - frames) * run.kind.samples
        if self._at > at:
            self.end = self._base + self._at

    def _follow_sizes(self, run: _FrameRun) -> None:
        """Go from header to header (layers I and II) until one is missing or not yet here."""
        data, at, frames = self._data, self._at, self.frames
        size, known, new = len(data), run.layouts.get, run.layout
        while layout := known(word := data[at : at + 4]) or new(word):
            if at + layout[0] > size:
                break
            at += layout[0]
            frames += 1
        self._at, self.frames = at, frames

    def _follow_reservoir(self, run: _FrameRun) -> None:
        """Do the same for layer III, and check that each frame finds the bytes it counts on."""
        is_on = True
        while is_on:
            is_on = self._follow_alike(run) or self._follow_some(run)

    def _follow_alike(self, run: _FrameRun) -> bool:
        """Go through frames that have one header, if there are enough of them and all is well."""
        layout = run.layouts.get(self._data[self._at : self._at + HEADER_BYTES])
        if layout is None or layout[1] != HEADER_BYTES or layout[0] < VBRI_AT + len(VBRI):
            return False  # a checksum is looked at frame by frame, and so are frames that small
        frames, side = AlikeFrames.at(self._data, self._at, layout[0]), run.kind.side
        if frames.count < MANY or _may_have_headers(frames, side):
            return False
        free = frames.left_over(side, free=run.free)
        if free is None:
            return False
        run.free = free
        self._at, self.frames = self._at + frames.count * frames.size, self.frames + frames.count
        return True

    def _follow_some(self, run: _FrameRun) -> bool:
        """Go through :data:`MANY` frames one by one; return whether there were as many.

        A loop that has to be quick: its state is in local names.
        """
        data, at, frames, free = self._data, self._at, self.frames, run.free
        size, known, new, number = len(data), run.layouts.get, run.layout, int.from_bytes
        begin, parts, length = run.kind.side.begin, run.kind.side.parts, run.kind.side.bytes
        last = frames + MANY
        while frames < last and (layout := known(word := data[at : at + 4]) or new(word)):
            frame, side = layout
            if at + frame > size:
                break
            main = side + length
            info = number(data[at + side : at + main], "big")
            used = 0
            for part in parts:
                used += info >> part & 0xFFF
            back = info >> begin
            left = frame - main + back - (used + 7 >> 3)
            if back > free or left < 0:
                self.irregular.bad_reservoir.note(self._base + at)
            free = left
            if not used:
                self._look_for_header(at, main, frames)
            elif side > HEADER_BYTES and not crc_holds(data[at : at + main], length):
                self.irregular.bad_crc.note(self._base + at)
            at += frame
            frames += 1
        self._at, self.frames, run.free = at, frames, free
        return frames == last

    def _look_for_header(self, at: int, main: int, frames: int) -> None:
        """Note a header frame that is not the stream's first: something was joined here."""
        data = self._data
        is_header = data[at + main : at + main + 4] in MARKS or (
            data[at + VBRI_AT : at + VBRI_AT + 4] == VBRI
        )
        if frames and is_header:
            self.irregular.headers.note(self._base + at)

    def _lock(self, *, final: bool) -> bool:
        """Find the next place to go on from, and note what was skipped to reach it."""
        stop = len(self._data) if final else len(self._data) - _LOOKAHEAD
        if self._base + self._at == self.end:
            self._looks = self._data[self._at : self._at + tags.LOOKS]
        for match in CANDIDATE.finditer(self._data, self._at):
            at = match.start()
            if at >= stop:
                break
            if frame := self._chained(at):
                self._begin(at, frame)
                return True
        if not final:
            self._at = stop
            if self._run:
                self._run.layouts.clear()
        return False

    def _begin_cut(self) -> None:
        """Take a stream for one that was cut in or right behind its first frame."""
        frame = parse(self._data[:HEADER_BYTES])
        if frame and not self._base and len(self._data) <= frame.size + HEADER_BYTES:
            self._begin(0, frame)
            self._advance(final=True)

    def _begin(self, at: int, frame: Frame) -> None:
        kind, offset = frame.kind, self._base + at
        if offset > self.end:
            self._skipped(offset - self.end)
        if self.kind is None:
            self.first = self._data[at : at + frame.size]
            self.begin = offset
            self.kind = kind
        elif self._run and kind != self._run.kind:
            self.irregular.changes.note(offset)
        self._run = _FrameRun(kind)
        self._run.layout(self._data[at : at + HEADER_BYTES])
        self._at = at

    def _skipped(self, size: int) -> None:
        """Note what lies between the last frame and the one to go on from: a tag is no hole."""
        if self.kind is None:
            spots = self.irregular.leading
        elif tags.are_whole(self._looks, size):
            spots = self.irregular.inner_tags
        else:
            spots = self.irregular.gaps
        spots.note(self.end, size, self._looks)

    def _chained(self, at: int) -> Frame | None:
        """Return the frame at ``at`` when those behind it bear it out."""
        first: Frame | None = None
        for followed in range(_FOLLOWERS + 1):
            frame = parse(self._data[at : at + HEADER_BYTES])
            if frame is None or (first and frame.kind != first.kind):
                return None
            first = first or frame
            at += frame.size
            if at >= len(self._data):
                return first if followed or at == len(self._data) else None
        return first


def _may_have_headers(frames: AlikeFrames, side: SideInfo) -> bool:
    """Whether the mark of a header frame stands where it would in one of these."""
    marks = frames.words(HEADER_BYTES + side.bytes)
    return any(mark in marks for mark in MARKS) or VBRI in frames.words(VBRI_AT)
