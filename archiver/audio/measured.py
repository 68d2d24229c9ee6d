"""What every walk is given, and the facts that it hands over."""

from collections.abc import Iterable, Iterator
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from archiver.audio.mpeg.tags import Read
from archiver.domain.audio_facts import Facts, Flaw

_PADDING_MS: Final = 1_000
_BLOCK: Final = 1 << 18

Oddity = tuple[Flaw, str]
"""A flaw, and the sentence that tells of it."""


class AudioSpan(Struct, frozen=True):
    """The part of a file that is walked: from ``start`` to ``end``, behind which tags may stand.

    ``size`` is the whole file's. All are offsets in bytes that ``read`` counts from as well.
    """

    read: Read
    start: int
    end: int
    size: int


def forward(part: AudioSpan) -> Read:
    """Return a ``read`` for going through a part from front to back: it asks for large blocks.

    It ends where the part does.
    """
    base, block = part.start, b""

    def read(offset: int, count: int) -> bytes:
        nonlocal base, block
        count = min(count, part.end - offset)
        if count <= 0:
            return b""
        if not base <= offset <= offset + count <= base + len(block):
            base, block = offset, part.read(offset, min(max(count, _BLOCK), part.end - offset))
        return block[offset - base : offset - base + count]

    return read


def told(  # noqa: PLR0913 - one argument for each fact
    kind: str,
    part: AudioSpan,
    oddities: Iterable[Oddity],
    *,
    duration_ms: int,
    sample_rate: int | None,
    channels: int | None,
    frames: int = 0,
    header_ms: int | None = None,
) -> Facts:
    """Return the facts of a file of ``kind``, which is its extension as well.

    No sound takes less than a byte a second: what claims to last longer than that does not.
    """
    flaws = list(oddities)
    if duration_ms > part.size * 1000:
        claim = f"it claims {duration_ms // 1000} s, which {part.size} bytes cannot hold"
        flaws.append((Flaw.CUT_CONTAINER, claim))
    return Facts(
        codec=kind,
        extension=kind,
        bytes=part.size,
        duration_ms=duration_ms,
        frames=frames,
        header_ms=header_ms,
        sample_rate=sample_rate,
        channels=channels,
        judged_by="frames" if frames else "container",
        flaws=tuple(flaw for flaw, _ in flaws),
        details=tuple(detail for _, detail in flaws),
    )


def unmeasured(kind: str, part: AudioSpan, why: str) -> Facts:
    """Return the facts of audio whose kind is known and whose length is not."""
    oddities = [(Flaw.UNMEASURED, why)]
    return told(kind, part, oddities, duration_ms=0, sample_rate=None, channels=None)


def cut_short(kind: str, part: AudioSpan, claimed: int) -> Facts:
    """Return the facts of a file that ends, at least ``claimed`` bytes long, before its sound."""
    oddities = [short(claimed, part.size)]
    return told(kind, part, oddities, duration_ms=0, sample_rate=None, channels=None)


def with_oddities(facts: Facts, *oddities: Oddity) -> Facts:
    """Return the same facts with more flaws."""
    flaws, details = zip(*oddities, strict=True) if oddities else ((), ())
    return replace(facts, flaws=(*facts.flaws, *flaws), details=(*facts.details, *details))


def no_audio(size: int, why: str) -> Facts:
    """Return the facts of what is no audio at all."""
    return Facts(None, "bin", size, 0, 0, None, None, None, "nothing", details=(why,))


def short(claimed: int, size: int) -> Oddity:
    """Return the flaw of a file whose structure goes on behind its end."""
    return Flaw.CUT_CONTAINER, f"its structure needs {claimed} bytes, {size} are there"


def unsized(what: str) -> Oddity:
    """Return the flaw of a file that was written before anybody knew how long it would be."""
    return Flaw.UNSIZED, f"{what}, and does not say how long it is"


def at_an_end(foreign: int, audio: int, duration_ms: int, *, otherwise: Flaw) -> Flaw:
    """Return which flaw ``foreign`` bytes in front of or behind ``audio`` bytes are."""
    return Flaw.PADDING if 0 < foreign * duration_ms < audio * _PADDING_MS else otherwise


def behind(
    rest: int, audio: int, duration_ms: int, *, complete: bool, may_be_sound: bool = False
) -> Iterator[Oddity]:
    """Yield the flaw of ``rest`` bytes behind the audio, if there are any.

    ``complete`` says that all is there that the file counts. That doesn't excuse a second or more
    of what may be sound: a header that was written early and never mended counts too little.
    """
    if rest > 0:
        flaw = at_an_end(rest, audio, duration_ms, otherwise=Flaw.TRAILING)
        if complete and not (may_be_sound and flaw is Flaw.TRAILING):
            flaw = Flaw.SURPLUS
        are = "bytes behind the audio are" if rest > 1 else "byte behind the audio is"
        yield flaw, f"{rest} {are} no part of it"
