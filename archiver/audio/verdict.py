"""The verdict: what facts and a reported length amount to. Pure, and the same for ever.

>>> whole = Facts("mp3", "mp3", 4000, 93_000, 1291, None, 8000, 1, "frames")
>>> judge(whole, 93_400, Tolerance()).verdict
<Verdict.VERIFIED: 'verified'>
>>> judge(whole, None, Tolerance()).verdict
<Verdict.DURATION_UNKNOWN: 'duration_unknown'>

The tolerance only says whether lengths agree. A hole or a cut stays one under any tolerance, and a
wider one never turns a good verdict into a bad one. Signs that a file was put together, or that
something got in front of it or behind it, are remarks where the reported length agrees: it alone
says that nothing is missing. Where it doesn't, it is what is wrong; where there is none, they are.

A part of a recording that ends on the edge of a frame looks whole. So good audio is of concern
while nothing but itself says how long it is: no reported length, no header or container that counts
what is in it, and no media server that told where the bytes end.

>>> [*judge(whole, None, Tolerance(), length_proven=False).concerns]
[<Concern.LENGTH_UNCONFIRMED: 'length_unconfirmed'>]
"""

from collections.abc import Iterator

from archiver.domain.audio_facts import Facts, Flaw
from archiver.domain.outcomes import Concern, Judgement, Tolerance, Verdict

ROUNDING_MS = 1_000
"""A report in whole seconds may say so much more than there is."""
_DAMAGES = {Flaw.GAP, Flaw.BAD_FRAME}
_JOINS = {Flaw.MIXED, Flaw.INNER_HEADER, Flaw.INNER_TAG, Flaw.HEADER_FEWER, Flaw.PADDING}
"""No damage where a length is reported: none of this stands where a second of audio was."""
_FOREIGN = {Flaw.LEADING, Flaw.TRAILING}
"""No damage only where that length misses nothing: this may stand where audio was."""
_CUTS = {Flaw.HEADER_FRAMES, Flaw.HEADER_BYTES, Flaw.CUT_CONTAINER}
_UNCONFIRMED = "nothing tells how long it is: a part of it would look the same"
_BLAMED = _DAMAGES | _JOINS | _FOREIGN | _CUTS | {Flaw.CUT_LAST_FRAME, Flaw.UNMEASURED}


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
    verdict = _verdict(facts, reported_ms, tolerance)
    told = tuple(zip(facts.flaws, facts.details, strict=True))
    if verdict.is_good:
        good = Judgement(verdict, remarks=tuple(detail for _, detail in told))
        for concern, reason in _concerns(facts, verdict, unread, length_proven=length_proven):
            good = good.with_concern(concern, reason)
        return good
    blamed = tuple(detail for flaw, detail in told if flaw in _BLAMED)
    return Judgement(
        verdict,
        reasons=(*blamed, *_silence(facts), *_difference(facts, reported_ms)),
        remarks=tuple(detail for flaw, detail in told if flaw not in _BLAMED),
    )


def _verdict(facts: Facts, reported_ms: int | None, tolerance: Tolerance) -> Verdict:
    flaws = set(facts.flaws)
    agrees = reported_ms is not None and tolerance.allows(reported_ms, facts.duration_ms)
    misses_nothing = agrees and facts.duration_ms > (reported_ms or 0) - ROUNDING_MS
    unvouched = _JOINS if reported_ms is None else set()
    if flaws & (_DAMAGES | unvouched | (set() if misses_nothing else _FOREIGN)):
        return Verdict.DAMAGED
    if flaws & _CUTS or (Flaw.CUT_LAST_FRAME in flaws and not agrees):
        return Verdict.TRUNCATED
    if Flaw.UNMEASURED in flaws:
        return Verdict.UNMEASURED
    if not facts.duration_ms:
        return Verdict.TRUNCATED
    if reported_ms is None:
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


def _silence(facts: Facts) -> tuple[str, ...]:
    is_silent = not facts.duration_ms and Flaw.UNMEASURED not in facts.flaws
    return ("it holds no sound",) if is_silent else ()


def _difference(facts: Facts, reported_ms: int | None) -> tuple[str, ...]:
    measured_ms, is_measured = facts.duration_ms, Flaw.UNMEASURED not in facts.flaws
    if reported_ms is None or not is_measured or reported_ms == measured_ms:
        return ()
    way = "shorter" if measured_ms < reported_ms else "longer"
    measured, reported = f"{measured_ms / 1000:.3f} s", f"{reported_ms / 1000:.3f} s"
    apart = f"{abs(measured_ms - reported_ms) / 1000:.3f} s"
    return (f"measured {measured}, reported {reported}: {apart} {way}",)
