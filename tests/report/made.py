"""Archives to make pages of: values as a catalog and an audit would give them."""

import hashlib
import uuid
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from archiver.catalog.call_words import NO_WORDS
from archiver.catalog.questions.filtering.found_rows import FoundRow
from archiver.check.audit_report import AuditReport, CheckedBy, FileCheck
from archiver.domain.layout import Shelf, audio_key
from archiver.domain.outcomes import Outcome, Tolerance, Verdict
from archiver.domain.recordings import RecordingId
from archiver.manifest.archive import ArchiveFile
from archiver.manifest.records.files import ArchivedFile, Head
from archiver.manifest.state import RecordingState
from archiver.report.day_states import DayFacts
from archiver.report.marks import Checks
from archiver.report.subject import ALL, ShownRows, Subject
from tests.archives import CALLED, CALLER, PORTAL

MADE = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
FIRST = datetime(2024, 2, 1, 8)  # noqa: DTZ001 - the portal's own clock has no zone
HEAD = Head(12, hashlib.sha256(b"head").hexdigest())
TOOL = "archiver 0.0.0"
AGENTS = ("Asha Rao", "Ben Carter", "Chitra Iyer", "", "Dana Levi")
REASON = "measured 7.001 s, reported 53.000 s: 45.999 s shorter"
HOSTILE = (
    "<script>document.title='owned'</script>",
    "<img src=x onerror=\"document.title='owned'\">",
    "</script></template><svg onload=alert(1)>",
    "javascript:alert(1)",
    "'\"><b>bold</b>&lt;&amp;",
    "\x1b]0;owned\x07\x1b[2J",
    '=HYPERLINK("http://127.0.0.1/")',
    "\u202edesrever\u202c",
    "line\nbreak\u2028and\x00zero",
    "{{constructor}} ${alert(1)} %s",
    "a" * 300,
)
"""Names as somebody might choose them to be more than a name."""


def recording(  # noqa: PLR0913 - what a test may want to be different
    number: int,
    *,
    at: datetime | None = FIRST,
    outcome: Outcome = Outcome.ARCHIVED,
    verdict: Verdict | None = Verdict.VERIFIED,
    reported_ms: int | None = 60_000,
    measured_ms: int | None = 60_500,
    agent: str | None = "Asha Rao",
    caller: str = CALLER,
    called: str = CALLED,
    id_: str = "",
) -> FoundRow:
    """Return a recording as a filter finds it."""
    name = RecordingId(id_ or str(uuid.UUID(int=number + (1 << 120))))
    sha256 = hashlib.sha256(str(number).encode()).hexdigest()
    is_held = outcome is Outcome.ARCHIVED
    shelf = Shelf.RECORDINGS if is_held else Shelf.QUARANTINE
    audio = None
    if outcome in {Outcome.ARCHIVED, Outcome.QUARANTINED}:
        audio = ArchivedFile(audio_key(shelf, name, at, sha256, "mp3"), 4_000 + number, sha256)
    state = RecordingState(
        id=name,
        at=at,
        outcome=outcome,
        verdict=verdict,
        audio=audio,
        sidecar=None,
        attempts=1,
        reasons=() if is_held else (REASON,),
        held=is_held,
    )
    return FoundRow(
        state=state,
        verdict=verdict,
        caller=caller,
        called=called,
        agent=agent,
        reported_ms=reported_ms,
        measured_ms=measured_ms,
        manifest=HEAD.number,
        is_proven=True,
        head=HEAD,
        call=None,
        words=NO_WORDS,
    )


def recordings(count: int) -> list[FoundRow]:
    """Return so many over two years and more, one in 500 of them in quarantine."""
    return [_one(number, count) for number in range(count)]


def _one(number: int, count: int) -> FoundRow:
    at = FIRST + timedelta(days=1_000) * number // count
    reported = 2_000 + number * number % 1_900_000
    caller = f"+44 7700 900{number % 1000:03}"
    agent = AGENTS[number % len(AGENTS)]
    if number % 500 == 499:
        return recording(
            number,
            at=at,
            outcome=Outcome.QUARANTINED,
            verdict=Verdict.DURATION_MISMATCH,
            reported_ms=reported,
            measured_ms=reported // 7 + 600,
            agent=agent,
            caller=caller,
        )
    return recording(
        number, at=at, reported_ms=reported, measured_ms=reported + 10, agent=agent, caller=caller
    )


def hostile() -> list[FoundRow]:
    """Return recordings whose every served text is :data:`HOSTILE`."""
    return [
        recording(number, agent=text, caller=text, called=text, id_=f"{number} {text}")
        for number, text in enumerate(HOSTILE)
    ]


def checks_of(rows: Sequence[FoundRow], by: CheckedBy) -> Checks:
    """Return that every file of these is as archived, as that is known."""
    fine = FileCheck(is_as_archived=True, by=by)
    return {row.audio.path: (row.audio, fine) for row in rows if row.audio}


def audit_of(rows: Sequence[FoundRow], by: CheckedBy) -> AuditReport:
    """Return an audit that found nothing."""
    report = AuditReport(ok=2 * len(rows), head=HEAD)
    report.reading.files = 2 * len(rows) if by is CheckedBy.READ else 3
    report.reading.told = 2 * len(rows) if by is CheckedBy.SERVER else 0
    report.reading.sized = 2 * len(rows) if by is CheckedBy.SIZE else 0
    return report


def days_of(rows: Sequence[FoundRow], more: int = 0) -> list[DayFacts]:
    """Return the days of recordings, settled but for the last; and ``more`` that nobody listed."""
    counts = Counter(row.at.date() for row in rows if row.at)
    findings = Counter(row.at.date() for row in rows if row.at and row.state.is_open)
    first, last = min(counts, default=FIRST.date()), max(counts, default=FIRST.date())
    span = (last - first).days + 1
    return [
        _day(first + timedelta(days=number), span - number, counts, findings)
        for number in range(span + more)
    ]


def _day(day: date, left: int, counts: Counter[date], findings: Counter[date]) -> DayFacts:
    return DayFacts(
        day,
        listed=counts[day] if left > 0 else None,
        known=counts[day],
        open=findings[day],
        is_settled=left > 3,
        is_doubtful=False,
        is_certified=left > 31,
    )


def subject(  # noqa: PLR0913 - what a test may want to be different
    rows: Sequence[FoundRow],
    *,
    by: CheckedBy = CheckedBy.READ,
    address: str = "/srv/calls",
    audit: AuditReport | None = None,
    checks: Checks | None = None,
    selection: ShownRows = ALL,
    days: Sequence[DayFacts] | None = None,
) -> Subject:
    """Return an archive of these, checked so."""
    return Subject(
        address=address,
        identity=ArchiveFile.new(PORTAL),
        audit=audit or audit_of(rows, by),
        checks=checks_of(rows, by) if checks is None else checks,
        made=MADE,
        tool=TOOL,
        is_held_against=False,
        rows=rows,
        days=days_of(rows, more=2) if days is None else days,
        open_findings=sum(row.state.is_open for row in rows),
        tolerance=Tolerance(),
        selection=selection,
    )
