"""Judging any audio file, wherever it comes from: the use case, from request to result."""

from pathlib import Path

from msgspec import Struct

from archiver.audio.measure import measure
from archiver.audio.verdict import judge
from archiver.domain.audio_facts import Facts
from archiver.domain.outcomes import Judgement, Tolerance
from archiver.errors import ExitCode

USUAL = Tolerance()


class ProbeRequest(Struct, frozen=True):
    """A file, and the length that the portal reported of it, if that is known.

    ``reported_ms`` is in milliseconds; ``tolerance`` says how far the lengths may differ.
    """

    file: Path
    reported_ms: int | None = None
    tolerance: Tolerance = USUAL


class Probed(Struct, frozen=True):
    """What a file really is, and what that amounts to."""

    file: Path
    facts: Facts
    judgement: Judgement

    @property
    def code(self) -> ExitCode:
        """``CLEAN`` only where it is surely good: whole, and no part of a longer one."""
        return ExitCode.CLEAN if self.judgement.is_sure else ExitCode.FINDINGS


def probe(request: ProbeRequest) -> Probed:
    """Measure what is really in a file and judge it; without a reported length, by itself alone.

    Raises ``OSError`` where it can't be read.
    """
    facts = measure(request.file)
    judgement = judge(facts, request.reported_ms, request.tolerance, length_proven=False)
    return Probed(request.file, facts, judgement)
