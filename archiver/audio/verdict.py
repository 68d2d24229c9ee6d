"""The verdict: what facts and a reported length amount to. Pure, and the same for ever.

>>> whole = Facts("mp3", "mp3", 4000, 93_000, 1291, None, 8000, 1, "frames")
>>> judge(whole, 93_400, Tolerance()).verdict
<Verdict.VERIFIED: 'verified'>
>>> judge(whole, None, Tolerance()).verdict
<Verdict.DURATION_UNKNOWN: 'duration_unknown'>

The tolerance only says whether lengths agree. A flaw of the audio itself stays one under any
tolerance, and a wider one never turns a good verdict into a bad one.

A part of a recording that ends on the edge of a frame looks whole. So good audio is of concern
while nothing but itself says how long it is: no reported length, no header or container that counts
what is in it, and no media server that told where the bytes end.

>>> [*judge(whole, None, Tolerance(), length_proven=False).concerns]
[<Concern.LENGTH_UNCONFIRMED: 'length_unconfirmed'>]
"""

from collections.abc import Iterator

from archiver.facts import Facts, Flaw
from archiver.outcomes import Concern, Judgement, Tolerance, Verdict

_DAMAGES = {
    Flaw.GAP,
    Flaw.TRAILING,
    Flaw.MIXED,
    Flaw.INNER_HEADER,
    Flaw.BAD_FRAME,
    Flaw.HEADER_FEWER,
}
_CUTS = {Flaw.HEADER_FRAMES, Flaw.HEADER_BYTES, Flaw.CUT_CONTAINER}
_UNCONFIRMED = "nothing tells how long it is: a part of it would look the same"
_BLAMED = _DAMAGES | _CUTS | {Flaw.CUT_LAST_FRAME}


def judge(
    facts: Facts,
    reported_ms: int | None,
    tolerance: Tolerance,
    *,
    unread: str | None = None,
    length_proven: bool | None = None,
) -> Judgement:
    """Hold ``facts`` against the reported length (milliseconds, ``None`` when there is none).

    ``unread`` says that a length is reported and not understood. ``length_proven`` is whether the
    media server told where the file ends, and it did; ``None`` where nobody knows any more, and
    then that is no concern.
    """
    if facts.codec is None:
        return Judgement(Verdict.NOT_AUDIO, facts.details or ("no audio was found in it",))
    agrees = reported_ms is not None and tolerance.allows(reported_ms, facts.duration_ms)
    verdict = _verdict(facts, is_reported=reported_ms is not None, agrees=agrees)
    told = tuple(zip(facts.flaws, facts.details, strict=True))
    if verdict.is_good:
        good = Judgement(verdict, remarks=tuple(detail for _, detail in told))
        for concern, reason in _concerns(facts, verdict, unread, length_proven=length_proven):
            good = good.with_concern(concern, reason)
        return good
    silence = () if facts.duration_ms else ("it holds no sound",)
    blamed = tuple(detail for flaw, detail in told if flaw in _BLAMED)
    return Judgement(
        verdict,
        reasons=(*blamed, *silence, *_difference(facts.duration_ms, reported_ms)),
        remarks=tuple(detail for flaw, detail in told if flaw not in _BLAMED),
    )


def _verdict(facts: Facts, *, is_reported: bool, agrees: bool) -> Verdict:
    flaws = set(facts.flaws)
    if flaws & _DAMAGES:
        return Verdict.DAMAGED
    if flaws & _CUTS or not facts.duration_ms or (Flaw.CUT_LAST_FRAME in flaws and not agrees):
        return Verdict.TRUNCATED
    if not is_reported:
        return Verdict.DURATION_UNKNOWN
    return Verdict.VERIFIED if agrees else Verdict.DURATION_MISMATCH


def _concerns(
    facts: Facts, verdict: Verdict, unread: str | None, *, length_proven: bool | None
) -> Iterator[tuple[Concern, str]]:
    """Yield what is left to doubt of good audio, the gravest first, and why."""
    if verdict is Verdict.VERIFIED:
        return
    if length_proven is False and not facts.tells_length:
        yield Concern.LENGTH_UNCONFIRMED, _UNCONFIRMED
    if unread is not None:
        yield Concern.DURATION_UNREAD, unread


def _difference(measured_ms: int, reported_ms: int | None) -> tuple[str, ...]:
    if reported_ms is None or reported_ms == measured_ms:
        return ()
    way = "shorter" if measured_ms < reported_ms else "longer"
    measured, reported = f"{measured_ms / 1000:.3f} s", f"{reported_ms / 1000:.3f} s"
    apart = f"{abs(measured_ms - reported_ms) / 1000:.3f} s"
    return (f"measured {measured}, reported {reported}: {apart} {way}",)
