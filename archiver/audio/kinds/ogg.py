"""Ogg (RFC 3533): from page to page, each held to its CRC, its number and its granule position.

A page adds what its granule position says beyond the one before, and never more than its packets
can stand for: so what is missing is not counted, and a jump is a hole even where pages were
numbered anew. Streams may follow each other (chained); of those side by side the longest counts.

A page is one if its CRC says so. What lies between two is a hole; it is searched for the next page
as far as :data:`MOST_FALSE` beginnings that turn out to be none.
"""

import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

from msgspec import Struct, field

from archiver.audio.kinds import crc
from archiver.audio.kinds.ogg_codecs import Codec, codec_of
from archiver.audio.measured import AudioSpan, Oddity, behind, forward, short, told, unmeasured
from archiver.audio.mpeg.spots import Spots
from archiver.audio.mpeg.tags import Read
from archiver.domain.audio_facts import Facts, Flaw

MOST_FALSE: Final = 1_000
"""More marks of a page that is none, and the rest is not looked at."""
_MOST_STREAMS: Final = 16
_MARK: Final = b"OggS"
_FIELDS: Final = struct.Struct("<4xxBqIIIB")
_HEADER: Final = _FIELDS.size
_BLOCK: Final = 1 << 16
_CONTINUED, _FIRST, _LAST = 1, 2, 4
_MODULO: Final = 1 << 32
_NO_PACKET_ENDS: Final = -1
_SLACK: Final = 8
"""A granule position may run ahead of its packets by a second divided by this."""


class OggPage(NamedTuple):
    """One page, as RFC 3533 section 6 lays it out; ``lacing`` says how ``body`` is cut."""

    at: int
    end: int
    flags: int
    granule: int
    serial: int
    number: int
    lacing: bytes
    body: bytes


class OggStream(Struct):
    """One logical stream on its way: ``samples`` of sound so far, ``held`` since the last granule.

    ``head`` are the first bytes of a packet that goes on, on the next page.
    """

    codec: Codec | None
    number: int = 0
    granule: int = 0
    samples: int = 0
    held: int = 0
    head: bytes = b""
    ended: bool = False

    def take_packets(self, codec: Codec, page: OggPage) -> None:
        """Count what the packets that end on a page can stand for."""
        held, body, at = codec.held, page.body, 0
        head, begins = self.head, not page.flags & _CONTINUED
        for size in page.lacing:
            if begins:
                head = body[at : at + min(size, 2)]
            at += size
            begins = size < 255  # noqa: PLR2004 - a segment of 255 bytes goes on in the next
            if begins:
                self.held += held(head)
                head = b""
        self.head = head

    def take_granule(self, codec: Codec, granule: int, *, is_last: bool) -> tuple[int, bool]:
        """Add what a granule position tells; return how many samples are missing, and if it holds.

        The last one may cut the end of the sound off (RFC 7845 4.4).
        """
        beyond = granule - self.granule
        missing = beyond - self.held
        self.samples += min(beyond, self.held) if beyond > 0 or is_last else 0
        self.granule, self.held = granule, 0
        has_jumped = missing > codec.sample_rate // _SLACK
        return (missing if has_jumped else 0), beyond >= 0 or is_last

    @property
    def ms(self) -> float:
        """How long it is, in milliseconds."""
        if self.codec is None:
            return 0
        return max(0, self.samples - self.codec.pre_skip) * 1000 / self.codec.sample_rate


class OggWalk(Struct):
    """A walk through all pages, and what it met.

    ``streams`` are those that run at the moment, side by side, and ``begins`` says that only their
    first pages have been met. ``ms`` sums up those before. ``end`` is behind the last page,
    ``false`` counts marks that begin none, and ``unended`` groups of streams without a last page.
    """

    part: AudioSpan
    streams: dict[int, OggStream] = field(default_factory=dict)
    first: Codec | None = None
    ms: float = 0
    end: int = 0
    false: int = 0
    unended: int = 0
    too_many: bool = False
    begins: bool = True
    holes: Spots = field(default_factory=Spots)
    missing: Spots = field(default_factory=Spots)
    jumps: Spots = field(default_factory=Spots)
    backward: Spots = field(default_factory=Spots)

    def go(self) -> None:
        """Walk; then the attributes say what there is."""
        self.end = self.part.start
        for page in self._pages():
            if page.at > self.end:
                self.holes.note(self.end, page.at - self.end)
            self.end = page.end
            self._take(page)
        self._close()

    def _pages(self) -> Iterator[OggPage]:
        read, at = forward(self.part), self.part.start
        while at < self.part.end and self.false < MOST_FALSE:
            if page := _page(read, at):
                yield page
                at = page.end
                continue
            block = read(at, _BLOCK)
            self.false += block.startswith(_MARK)
            found = block.find(_MARK, 1)
            # What a block ends with may be the beginning of a mark.
            at += found if found > 0 else max(1, len(block) - len(_MARK) + 1)

    def _take(self, page: OggPage) -> None:
        if page.flags & _FIRST:
            self._begin(page)
            return
        self.begins = False
        stream = self.streams.get(page.serial)
        if stream is None:
            self.missing.note(page.at)
            return
        if page.number != stream.number:
            self.missing.note(page.at, (page.number - stream.number) % _MODULO)
            stream.head = b""
        stream.number = (page.number + 1) % _MODULO
        is_last = bool(page.flags & _LAST)
        stream.ended = stream.ended or is_last
        if stream.codec is None:
            return
        stream.take_packets(stream.codec, page)
        if page.granule != _NO_PACKET_ENDS:
            missing, holds = stream.take_granule(stream.codec, page.granule, is_last=is_last)
            if missing:
                self.jumps.note(page.at, missing * 1000 // stream.codec.sample_rate)
            if not holds:
                self.backward.note(page.at)

    def _begin(self, page: OggPage) -> None:
        if not self.begins:
            self._close()
            self.begins = True
        if len(self.streams) >= _MOST_STREAMS:
            self.too_many = True
            return
        codec = codec_of(page.body)
        number = (page.number + 1) % _MODULO
        self.streams[page.serial] = OggStream(codec, number, ended=bool(page.flags & _LAST))
        self.first = self.first or codec

    def _close(self) -> None:
        """Add up the streams that ran side by side, for others follow or none."""
        self.ms += max((stream.ms for stream in self.streams.values()), default=0)
        self.unended += not all(stream.ended for stream in self.streams.values())
        self.streams = {}


def measure(part: AudioSpan) -> Facts:
    """Measure the Ogg file in ``part``."""
    walk = OggWalk(part)
    walk.go()
    if walk.too_many:
        return unmeasured("ogg", part, f"more than {_MOST_STREAMS} Ogg streams side by side")
    if walk.first is None and not walk.missing.count and walk.end > part.start:
        return unmeasured("ogg", part, "Ogg without Vorbis, Opus, Speex or FLAC in it")
    return told(
        "ogg",
        part,
        _oddities(walk),
        duration_ms=round(walk.ms),
        sample_rate=walk.first.sample_rate if walk.first else None,
        channels=walk.first.channels if walk.first else None,
    )


def _page(read: Read, at: int) -> OggPage | None:
    """Return the page at ``at``, if there is one and its CRC holds."""
    head = read(at, _HEADER + 255)
    if not head.startswith(_MARK + b"\0") or len(head) < _HEADER:
        return None
    size = _length(head)
    page = read(at, size)
    flags, granule, serial, number, stored, segments = _FIELDS.unpack_from(page)
    if len(page) < size or crc.ogg(page[:22] + bytes(4) + page[26:]) != stored:
        return None
    body_at = _HEADER + segments
    lacing, body = page[_HEADER:body_at], page[body_at:]
    return OggPage(at, at + size, flags, granule, serial, number, lacing, body)


def _length(head: bytes) -> int:
    """Return how many bytes a page takes that begins so, as far as that is told."""
    segments = head[26] if len(head) >= _HEADER else 0
    return _HEADER + segments + sum(head[_HEADER : _HEADER + segments])


def _oddities(walk: OggWalk) -> Iterator[Oddity]:
    if walk.holes.count:
        yield Flaw.GAP, f"{walk.holes.size} bytes that are no whole page in {walk.holes.places()}"
    if walk.missing.count:
        yield Flaw.GAP, f"pages are missing in {walk.missing.places()}"
    if walk.jumps.count:
        yield Flaw.GAP, f"{walk.jumps.size} ms are missing in {walk.jumps.places()}"
    if walk.backward.count:
        yield Flaw.BAD_FRAME, f"the time goes backward in {walk.backward.places()}"
    yield from _at_the_end(walk)


def _at_the_end(walk: OggWalk) -> Iterator[Oddity]:
    """Tell what stands behind the last page: nothing, in a whole file."""
    part, at = walk.part, walk.end
    rest = part.end - at
    head = part.read(at, min(rest, _HEADER + 255))
    claimed = at + _length(head)
    if head and head.startswith(_MARK[: len(head)]):
        broken = Flaw.GAP, f"the last {rest} bytes are no whole page"
        yield short(claimed, part.size) if claimed > part.end else broken
        return
    if walk.unended:
        yield Flaw.CUT_LAST_FRAME, "a stream's last page is missing"
    complete = not walk.unended and not walk.missing.count
    yield from behind(rest, at - part.start, round(walk.ms), complete=complete)
