"""Bare frames that follow each other without a container: ADTS AAC, AMR and GSM 06.10.

What begins a frame says how long it is (ISO/IEC 13818-7 6.2 for ADTS, RFC 4867 5.3 for AMR) or it
always takes as long (GSM as toast writes it, a nibble of 0xD in front). The walk goes from one to
the next, and where one is missing looks for a place where a few follow each other again. Nothing
counts all of them: that some are missing at the end is seen by the reported length alone.
"""

import re
from collections.abc import Callable, Iterator
from typing import Final

from msgspec import Struct, field

from archiver.audio.measured import AudioSpan, Oddity, behind, forward, told
from archiver.audio.mpeg.spots import Spots
from archiver.audio.mpeg.tags import Read
from archiver.audio.zeroes import run_of_zeroes
from archiver.domain.audio_facts import Facts, Flaw

MOST_SEARCHED: Final = 1 << 18
"""How many bytes in all are searched for frames to go on from."""
MOST_FRAMES: Final = 5_000_000
"""More than a day of them; a frame may take a single byte."""
HEAD: Final = 7
"""So many bytes tell how long a frame is."""
_FOLLOWERS: Final = 4
_GSM_BYTES: Final = 33
_ADTS_RATES: Final = (
    *(96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050),
    *(16_000, 12_000, 11_025, 8_000, 7_350, 0, 0, 0),
)
_ADTS_CHANNELS: Final = (2, 1, 2, 3, 4, 5, 6, 8)
"""The first says so itself, further on: two is a guess."""
_AMR: Final = {
    b"#!AMR\n": (12, 13, 15, 17, 19, 20, 26, 31, 5, -1, -1, -1, -1, -1, -1, 0),
    b"#!AMR-WB\n": (17, 23, 32, 36, 40, 46, 50, 58, 60, 5, -1, -1, -1, -1, 0, 0),
}
"""Bytes behind the first of a frame, for each of its types; -1 for one that is none."""
_AMR_MARK: Final = re.compile(rb"[" + bytes(n for n in range(0x80) if not n & 3) + rb"]")
_FRAMES_A_SECOND: Final = 50


class FrameKind(Struct, frozen=True):
    """One kind of frames: ``size`` tells how long the one takes that begins so, 0 if it is none.

    Each stands for ``samples`` at ``sample_rate``. ``mark`` finds where one may begin; ``begin``
    bytes stand in front of the first.
    """

    name: str
    mark: re.Pattern[bytes]
    size: Callable[[bytes], int]
    samples: int
    sample_rate: int
    channels: int
    begin: int = 0


class RawFramesWalk(Struct):
    """A walk over the frames from ``at`` on, which it moves behind the last one."""

    kind: FrameKind
    read: Read
    at: int
    end: int
    frames: int = 0
    is_cut: bool = False
    gaps: Spots = field(default_factory=Spots)
    _left: int = MOST_SEARCHED

    def go(self) -> None:
        """Walk; then the attributes say what there is."""
        size_of, read = self.kind.size, self.read
        while self.at < self.end and self.frames < MOST_FRAMES:
            size = size_of(read(self.at, HEAD))
            if size and self.at + size <= self.end:
                self.at += size
                self.frames += 1
            elif not self._seek():
                self.is_cut = size > 0
                return

    def _seek(self) -> bool:
        """Go on where frames follow each other again; ``False`` where they don't."""
        block = self.read(self.at, min(self._left, self.end - self.at))
        for match in self.kind.mark.finditer(block, 1):
            at = self.at + match.start()
            if _chain(self.kind, self.read, at, self.end, _FOLLOWERS) == _FOLLOWERS:
                self.gaps.note(self.at, at - self.at)
                self._left -= at - self.at
                self.at = at
                return True
        return False


def measure(part: AudioSpan) -> Facts | None:
    """Measure a file of bare frames; ``None`` where it begins with none that are known."""
    read = forward(part)
    kind = _kind_of(read, part)
    if kind is None:
        return None
    walk = RawFramesWalk(kind, read, part.start + kind.begin, part.end)
    walk.go()
    duration_ms = round(walk.frames * kind.samples * 1000 / kind.sample_rate)
    return told(
        kind.name,
        part,
        _oddities(part, walk, duration_ms),
        duration_ms=duration_ms,
        sample_rate=kind.sample_rate,
        channels=kind.channels,
        frames=walk.frames,
    )


def _kind_of(read: Read, part: AudioSpan) -> FrameKind | None:
    head = read(part.start, 16)
    for mark, sizes in _AMR.items():
        if head.startswith(mark):
            return _amr(mark, sizes)
    for kind, least in ((_adts(head), 3), (_GSM, 8)):
        if kind and _chain(kind, read, part.start, part.end, least) == least:
            return kind
    return None


def _chain(kind: FrameKind, read: Read, at: int, end: int, most: int) -> int:
    """Count the frames that follow each other from there on, up to so many."""
    for count in range(most):
        size = kind.size(read(at, HEAD))
        at += size
        if not size or at > end:
            return count
    return most


def _adts(head: bytes) -> FrameKind | None:
    """Return the kind of ADTS frames that begins so: the first 28 bits are those of all."""
    if len(head) < HEAD or head[0] != 0xFF or head[1] & 0xF6 != 0xF0:  # noqa: PLR2004 - sync, layer 0
        return None
    rate = _ADTS_RATES[head[2] >> 2 & 15]
    channels = _ADTS_CHANNELS[(head[2] & 1) << 2 | head[3] >> 6]
    same = head[:3], head[3] & 0xF0, head[6] & 3

    def size(word: bytes) -> int:
        if len(word) < HEAD or (word[:3], word[3] & 0xF0, word[6] & 3) != same:
            return 0
        length = (word[3] & 3) << 11 | word[4] << 3 | word[5] >> 5
        return length if length > HEAD else 0

    return (
        FrameKind(
            "aac", re.compile(re.escape(head[:2])), size, 1024 * (same[2] + 1), rate, channels
        )
        if rate
        else None
    )


def _amr(mark: bytes, sizes: tuple[int, ...]) -> FrameKind:
    def size(word: bytes) -> int:
        is_none = not word or word[0] & 0x83
        return 0 if is_none else 1 + sizes[word[0] >> 3 & 15]

    rate = 16_000 if b"WB" in mark else 8_000
    return FrameKind("amr", _AMR_MARK, size, rate // _FRAMES_A_SECOND, rate, 1, begin=len(mark))


def _gsm(word: bytes) -> int:
    return _GSM_BYTES if word and word[0] >> 4 == 0xD else 0  # noqa: PLR2004 - GSM's mark


_GSM: Final = FrameKind("gsm", re.compile(rb"[\xd0-\xdf]"), _gsm, 160, 8_000, 1)


def _oddities(part: AudioSpan, walk: RawFramesWalk, duration_ms: int) -> Iterator[Oddity]:
    if walk.gaps.count:
        yield Flaw.GAP, f"{walk.gaps.size} bytes that are no frames in {walk.gaps.places()}"
    yield from run_of_zeroes(part.read, part.start, walk.at)
    rest = part.end - walk.at
    if walk.is_cut:
        yield Flaw.CUT_LAST_FRAME, f"the last frame ends after {rest} bytes"
    else:
        yield from behind(rest, walk.at - part.start, duration_ms, complete=False)
