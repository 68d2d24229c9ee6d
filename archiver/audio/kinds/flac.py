"""FLAC (RFC 9639): from frame to frame, each held to its header's CRC-8, its number and its CRC-16.

Only decoding tells where a frame ends, so it ends where the next begins: at a header that fits the
stream and has the next number, or up to which the CRC-16 holds. After damage a header of any number
goes; the numbers tell what is missing. STREAMINFO counts all samples, unless it was written before
anybody knew them, as by an encoder that writes into a pipe.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from msgspec import Struct, field

from archiver.audio.kinds import crc
from archiver.audio.kinds.flac_header import (
    INFO_BYTES,
    LONGEST_HEADER,
    FlacFrameHeader,
    Info,
    parse,
    read_info,
)
from archiver.audio.measured import AudioSpan, Oddity, behind, short, told, unmeasured
from archiver.audio.mpeg.spots import Spots
from archiver.domain.audio_facts import Facts, Flaw

MOST_BROKEN: Final = 1_000
"""More gaps than this, and the rest is not looked at."""
_MOST_BLOCKS: Final = 1_000
_LAST_BLOCK: Final = 0x80
_SYNC: Final = re.compile(rb"\xff[\xf8\xf9]")
_WINDOW: Final = 1 << 18
_MOST_GUESSES: Final = 4
_ZEROES: Final = bytes(16)
_PADS: Final = (b"\0", b"\r\n\t ", b"\xff")


class FlacWalk(Struct):
    """A walk over the frames from ``at`` on, which it moves behind the last one.

    ``gaps`` holds broken frames and foreign bytes, ``missing`` how much numbers leave out.
    """

    part: AudioSpan
    info: Info
    at: int
    frames: int = 0
    samples: int = 0
    is_cut: bool = False
    by_samples: bool | None = None
    gaps: Spots = field(default_factory=Spots)
    missing: Spots = field(default_factory=Spots)
    _begin: int = 0
    _data: bytes = b""
    _expected: int = 0

    def go(self) -> None:
        """Walk; then the attributes say what there is."""
        while self.at < self.part.end and self.gaps.count < MOST_BROKEN:
            self._have(self.at)
            header = self._header(self.at - self._begin)
            if header:
                self._number(header)
            size = self._size(header) if header else 0
            if header and size:
                self.frames += 1
                self.samples += header.samples
                self.at += size
            elif not self._seek():
                behind = self._data[self.at - self._begin :][:2]
                self.is_cut = bool(header or _SYNC.match(behind) or behind == b"\xff")
                return

    def _have(self, at: int) -> None:
        """Let the window hold all that a frame at ``at`` can take, and the header behind it."""
        need = self.info.longest_frame + LONGEST_HEADER
        reach = self._begin + len(self._data)
        if (reach - at < need and reach < self.part.end) or at < self._begin:
            kept = self._data[at - self._begin :] if self._begin <= at < reach else b""
            begin = at + len(kept)
            more = self.part.read(begin, min(max(need, _WINDOW), self.part.end - begin))
            self._begin, self._data = at, kept + more

    def _header(self, index: int) -> FlacFrameHeader | None:
        header = parse(self._data[index : index + LONGEST_HEADER], self.info)
        fits = header and self.by_samples in {None, header.by_samples}
        return header if fits else None

    def _headers(self, index: int, stop: int) -> Iterator[tuple[int, FlacFrameHeader]]:
        for match in _SYNC.finditer(self._data, index, stop):
            if header := self._header(match.start()):
                yield match.start(), header

    def _number(self, header: FlacFrameHeader) -> None:
        """Note what is missing in front of the frame at hand."""
        self.by_samples = header.by_samples
        if header.number != self._expected:
            self.missing.note(self.at, max(0, header.number - self._expected))
        self._expected = header.next

    def _size(self, header: FlacFrameHeader) -> int:
        """Return how many bytes the frame at hand takes; 0 if it is broken."""
        at = self.at - self._begin
        reach = at + self.info.longest_frame
        following = self._headers(at + header.size, reach + LONGEST_HEADER)
        for guesses, (index, guess) in enumerate(following, 1):
            frame = self._data[at:index]
            if crc.flac_frame_holds(frame):
                # The CRC-16 of a frame holds with any zeroes behind it as well.
                return _end_of(frame, header.size) if frame.endswith(_ZEROES) else len(frame)
            if guess.number == header.next or guesses == _MOST_GUESSES:
                return 0
        return _end_of(self._data[at:reach], header.size)

    def _seek(self) -> bool:
        """Go on at the next header, however far it is; ``False`` where there is none."""
        at = self.at + 1
        while at < self.part.end:
            self._have(at)
            for index, _ in self._headers(at - self._begin, len(self._data)):
                found = self._begin + index
                self.gaps.note(self.at, found - self.at)
                self.at = found
                return True
            # What the window ends with may be the beginning of a header.
            at = max(at, self._begin + len(self._data) - LONGEST_HEADER) + 1
        self._have(self.at)
        return False


def measure(part: AudioSpan) -> Facts:
    """Measure the FLAC file in ``part``."""
    head = part.read(part.start + 4, 4 + INFO_BYTES)
    info = read_info(head[4:] if head[:1] and not head[0] & ~_LAST_BLOCK else b"")
    begin = _behind_blocks(part)
    if begin > part.end:
        return _told(part, info, [short(begin, part.size)])
    if not info.sample_rate or not info.longest_block:
        return unmeasured("flac", part, "FLAC whose STREAMINFO says nothing")
    walk = FlacWalk(part, info, begin)
    walk.go()
    return _told(part, info, _oddities(walk, begin), walk)


def _told(
    part: AudioSpan, info: Info, oddities: Iterable[Oddity], walk: FlacWalk | None = None
) -> Facts:
    samples, rate = walk.samples if walk else 0, info.sample_rate
    return told(
        "flac",
        part,
        oddities,
        duration_ms=round(samples * 1000 / rate) if rate else 0,
        sample_rate=rate or None,
        channels=info.channels,
        frames=walk.frames if walk else 0,
        header_ms=round(info.samples * 1000 / rate) if rate and info.samples else None,
    )


def _behind_blocks(part: AudioSpan) -> int:
    """Return where the metadata blocks end (RFC 9639 8.1)."""
    at = part.start + 4
    for _ in range(_MOST_BLOCKS):
        head = part.read(at, 4)
        at += 4 + int.from_bytes(head[1:4])
        if not head or head[0] & _LAST_BLOCK:
            break
    return at


def _oddities(walk: FlacWalk, begin: int) -> Iterator[Oddity]:
    if walk.gaps.count:
        places = walk.gaps.places()
        yield Flaw.GAP, f"{walk.gaps.size} bytes that are no whole frame in {places}"
    if walk.missing.count:
        what = "samples" if walk.by_samples else "frames"
        yield Flaw.GAP, f"{walk.missing.size} {what} are missing in {walk.missing.places()}"
    counted, found = walk.info.samples, walk.samples
    if counted:
        told_of = f"its STREAMINFO counts {counted} samples, {found} are there"
        if found < counted:
            yield Flaw.CUT_CONTAINER, told_of
        elif found > counted:
            yield Flaw.HEADER_FEWER, told_of
    rest = walk.part.end - walk.at
    if walk.is_cut:
        yield Flaw.CUT_LAST_FRAME, f"the last frame ends after {rest} bytes"
    else:
        duration_ms = round(found * 1000 / walk.info.sample_rate)
        yield from behind(rest, walk.at - begin, duration_ms, complete=found == counted)


def _end_of(frame: bytes, least: int) -> int:
    """Return how long a frame is that is followed by nothing, or by padding; 0 if it is broken."""
    for pad in _PADS:
        stripped = max(least, len(frame.rstrip(pad)))
        for size in range(stripped, min(stripped + 2, len(frame)) + 1):
            if crc.flac_frame_holds(frame[:size]):
                return size
    return 0
