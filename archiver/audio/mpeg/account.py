"""What a finished walk amounts to: facts, with a sentence for everything odd. Pure."""

from collections.abc import Iterator

from archiver.audio.measured import Oddity, at_an_end
from archiver.audio.mpeg import vbr_header as headers
from archiver.audio.mpeg.frame_header import MAX_FRAME_BYTES, StreamFormat
from archiver.audio.mpeg.frame_walk import FrameWalk
from archiver.audio.mpeg.tags import NAMES
from archiver.domain.audio_facts import Facts, Flaw


def facts_of(walk: FrameWalk, size: int, start: int) -> Facts | None:
    """Sum up a walk that began at offset ``start`` of a file of ``size`` bytes.

    Returns ``None`` when it met no frame.
    """
    kind = walk.kind
    if kind is None:
        return None
    header = headers.read(walk.first, kind)
    frames = max(0, walk.frames - (1 if header else 0))
    complete = header is not None and header.frames == frames
    oddities = list(_oddities(walk, start, complete=complete))
    trimmed = kind.samples if header else 0
    if header and complete:
        trimmed += header.trimmed
    elif header:
        found = walk.end - walk.begin + walk.rest
        if flaw := headers.disagreement(header, frames, found, slack=MAX_FRAME_BYTES):
            oddities.append((flaw, _told(flaw, header, frames, found)))
    return Facts(
        codec=kind.codec,
        extension=kind.codec,
        bytes=size,
        duration_ms=walk.duration_ms(less_samples=trimmed),
        frames=frames,
        header_ms=_claimed_ms(header, kind),
        sample_rate=kind.sample_rate,
        channels=kind.channels,
        judged_by="frames",
        flaws=tuple(flaw for flaw, _ in oddities),
        details=tuple(detail for _, detail in oddities),
    )


def _claimed_ms(header: headers.VbrHeader | None, kind: StreamFormat) -> int | None:
    if header is None or header.frames is None:
        return None
    return round(header.frames * kind.samples * 1000 / kind.sample_rate)


def _oddities(walk: FrameWalk, start: int, *, complete: bool) -> Iterator[Oddity]:
    odd = walk.irregular
    yield from _at_the_ends(walk, complete=complete)
    if odd.gaps.count:
        yield (
            Flaw.GAP,
            f"{odd.gaps.size} bytes that are no audio in {odd.gaps.places(start)}"
            + _looks(odd.gaps.looks),
        )
    if odd.inner_tags.count:
        looks = _looks(odd.inner_tags.looks)
        yield Flaw.INNER_TAG, f"a tag in {odd.inner_tags.places(start)}{looks}"
    if odd.changes.count:
        yield Flaw.MIXED, f"the kind of audio changes in {odd.changes.places(start)}"
    if odd.headers.count:
        yield Flaw.INNER_HEADER, f"another file's header in {odd.headers.places(start)}"
    if odd.bad_reservoir.count:
        places = odd.bad_reservoir.places(start)
        yield Flaw.BAD_FRAME, f"frames that don't fit the ones before them in {places}"
    # An encoder that gets its CRC wrong gets all of them wrong: then it says nothing.
    if 0 < odd.bad_crc.count < walk.frames / 2:
        yield Flaw.BAD_FRAME, f"frames whose CRC is wrong in {odd.bad_crc.places(start)}"


def _at_the_ends(walk: FrameWalk, *, complete: bool) -> Iterator[Oddity]:
    """Tell what stands in front of the first frame and behind the last."""
    leading = walk.irregular.leading
    front, rest = leading.size, 0 if walk.is_cut else walk.rest
    audio, duration_ms = walk.end - walk.begin, walk.duration_ms()
    for size, flaw, where, looks in (
        (front, Flaw.LEADING, "in front of the first frame", _looks(leading.looks)),
        (rest, Flaw.TRAILING, "behind the last frame", ""),
    ):
        if size:
            # Both ends together must not have been a second of audio.
            little = at_an_end(front + rest, audio, duration_ms, otherwise=flaw)
            told = f"{size} bytes {where} are neither audio nor a tag{looks}"
            yield Flaw.SURPLUS if complete else little, told
    if walk.is_cut:
        yield Flaw.CUT_LAST_FRAME, f"the last frame ends after {walk.rest} bytes"


def _looks(looks: bytes) -> str:
    if looks and not any(looks):
        return " (zeroes)"
    return next((f" (an {name.decode()} tag)" for name in NAMES if looks.startswith(name)), "")


def _told(flaw: Flaw, header: headers.VbrHeader, frames: int, size: int) -> str:
    """Say what the header counts and what there is."""
    if flaw is Flaw.HEADER_BYTES:
        return f"its {header.name} header counts {header.bytes} bytes, {size} are there"
    if header.frames is None:
        return f"its {header.name} header counts no frames and is not believed"
    there = f"its {header.name} header counts {header.frames} frames, {frames} are there"
    return there + (" and it is not believed" if flaw is Flaw.HEADER_LIES else "")
