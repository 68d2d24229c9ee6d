"""MP4, M4A, 3GP and QuickTime: measured by the samples that are there, in one piece or fragments.

Boxes say where the file should end (ISO/IEC 14496-12 4.2), tables and fragments which samples there
should be. Nothing protects the samples themselves, so a page of zeroes among them is looked for.
"""

from collections.abc import Iterator
from typing import Final

from msgspec import Struct, field

from archiver.audio.kinds.mp4.boxes import MOST_BOXES, Box, boxes, find
from archiver.audio.kinds.mp4.fragments import Fragment, defaults, pieces
from archiver.audio.kinds.mp4.track import Media, Track, tracks
from archiver.audio.measured import (
    AudioSpan,
    Oddity,
    behind,
    no_audio,
    short,
    told,
    unmeasured,
    unsized,
)
from archiver.audio.mpeg.spots import Spots
from archiver.audio.zeroes import run_of_zeroes
from archiver.domain.audio_facts import Facts, Flaw

_SLACK: Final = 8
"""A fragment may begin a second divided by this away from where the one before ended."""


class BoxLayout(Struct):
    """The boxes that a file is made of, as far as they matter; ``behind`` is where they end.

    ``sequence`` holds media and fragments in their order.
    """

    behind: int
    count: int = 0
    moov: Box | None = None
    sequence: list[Box] = field(default_factory=list)

    def media(self, size: int) -> Media:
        """Return where media lie in a file of ``size`` bytes."""
        return [(box.at, min(box.end, size)) for box in self.sequence if box.name == b"mdat"]


class Fragments(Struct):
    """The fragments of some tracks, and what is missing of them, in bytes and in time."""

    tracks: dict[int, Track]
    missing: int = 0
    jumps: Spots = field(default_factory=Spots)

    def add(self, at: int, held: list[Fragment], received: int) -> None:
        """Add a fragment ``at`` that offset, of whose media so many bytes are there."""
        wanted = sum(piece.size for piece in held)
        self.missing += max(0, wanted - received)
        for piece in held:
            track = self.tracks.get(piece.track)
            if track is None or not track.is_sound:
                continue
            begins = track.clock if piece.begins is None else piece.begins
            if abs(begins - track.clock) > track.timescale // _SLACK:
                ms = (begins - track.clock) * 1000 // max(track.timescale, 1)
                self.jumps.note(at, max(0, ms))
            track.clock = begins + piece.ticks
            track.missing += piece.empty
            track.ticks += piece.ticks * min(received, wanted) // max(wanted, 1)


def measure(part: AudioSpan) -> Facts:
    """Measure the MP4 file in ``part``."""
    layout = _read(part)
    if layout.count == MOST_BOXES:
        return unmeasured("m4a", part, f"an MP4 of more than {MOST_BOXES} boxes")
    media = layout.media(part.size)
    every = list(tracks(part.read, layout.moov, media)) if layout.moov else []
    sound = [track for track in every if track.is_sound]
    if layout.moov and not sound and layout.behind <= part.size:
        return no_audio(part.size, "an MP4 without a track of sound")
    fragments = _fragments(part, layout, {track.number: track for track in every})
    longest = max(sound, key=lambda track: track.ms, default=None)
    duration_ms = longest.ms if longest else 0
    oddities = list(_oddities(part, layout, sound, fragments, duration_ms))
    if every and not any(track.is_linear or not track.is_sound for track in every):
        for begin, end in media:
            oddities += run_of_zeroes(part.read, begin, end)
    return told(
        "m4a",
        part,
        oddities,
        duration_ms=duration_ms,
        sample_rate=longest.sample_rate if longest else None,
        channels=longest.channels if longest else None,
    )


def _read(part: AudioSpan) -> BoxLayout:
    layout = BoxLayout(behind=part.start)
    for box in boxes(part.read, part.start, part.end):
        layout.count += 1
        layout.behind = box.end
        if box.name == b"moov":
            layout.moov = layout.moov or box
        elif box.name in {b"mdat", b"moof"}:
            layout.sequence.append(box)
    return layout


def _fragments(part: AudioSpan, layout: BoxLayout, every: dict[int, Track]) -> Fragments:
    """Go through the fragments; the media of each lie behind it, up to the next."""
    fragments = Fragments(every)
    known = defaults(part.read, layout.moov) if layout.moov else {}
    moof: Box | None = None
    received = 0
    for box in (*layout.sequence, None):
        if box and box.name == b"mdat":
            received += max(0, min(box.end, part.size) - box.at)
            continue
        if moof:
            fragments.add(moof.at, list(pieces(part.read, moof, known)), received)
        moof, received = box, 0
    return fragments


def _oddities(
    part: AudioSpan, layout: BoxLayout, sound: list[Track], fragments: Fragments, duration_ms: int
) -> Iterator[Oddity]:
    if layout.behind > part.size:
        yield short(layout.behind, part.size)
    elif layout.moov is None:
        yield Flaw.CUT_CONTAINER, "it has no box that tells what is in it"
    if missing := sum(track.missing for track in sound):
        yield Flaw.CUT_CONTAINER, f"{missing} of the samples that it tells of are not there"
    if fragments.missing:
        yield (
            Flaw.CUT_CONTAINER,
            f"{fragments.missing} bytes that its fragments tell of are missing",
        )
    if fragments.jumps.count:
        places = fragments.jumps.places()
        yield Flaw.GAP, f"{fragments.jumps.size} ms are missing between fragments in {places}"
    has_fragments = any(box.name == b"moof" for box in layout.sequence)
    is_fragmented = has_fragments or bool(find(part.read, layout.moov, b"mvex"))
    if is_fragmented:
        yield unsized("it was written in fragments")
    audio = sum(end - begin for begin, end in layout.media(part.size))
    rest = part.end - layout.behind
    yield from behind(rest, audio, duration_ms, complete=not is_fragmented)
