"""What a page is made of: an archive as it was found, checked and asked. Values only."""

from collections.abc import Sequence
from datetime import date, datetime

from msgspec import Struct

from archiver.catalog.questions.filtering.found_rows import FoundRow
from archiver.check.audit_report import AuditReport
from archiver.completeness.certificate import Certificate
from archiver.domain.outcomes import Tolerance
from archiver.manifest.archive import ArchiveFile
from archiver.report.day_states import DayFacts
from archiver.report.marks import Checks, Marker


class ShownRows(Struct, frozen=True):
    """Which recordings a page is about: all, where ``words`` are empty.

    ``untold`` may belong to them: nothing tells what was asked of them. ``unknown_ids`` are no
    recording's. Of ``days_not_whole`` the archive may not know every recording; those
    ``days_still_coming`` have a proven listing, made before all of them can have come. In an
    archive that ``is_unbegun`` no run has entered anything.
    """

    words: str = ""
    untold: int = 0
    unknown_ids: int = 0
    days_not_whole: Sequence[date] = ()
    days_still_coming: Sequence[date] = ()
    is_unbegun: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether all that was asked for is known to be on the page."""
        days = self.days_not_whole or self.days_still_coming
        return not (self.untold or self.unknown_ids or days or self.is_unbegun)


ALL = ShownRows()


class Subject(Struct, frozen=True):
    """An archive at ``address``, as its chain and its catalog tell it.

    A chain that is broken tells nothing: then there is no ``identity``, ``portal``, row or day.
    ``made`` is when (UTC) it was checked, with ``tool``; ``is_held_against`` says that the chain
    was held against a head that was kept elsewhere. ``days`` are the days of the calendar,
    ``certificates`` those of them that have one which counts, and
    ``open_findings`` are those of the whole archive, whichever recordings were selected; so are
    ``unfinished_erasures``, which were begun and are not at their end.
    """

    address: str
    audit: AuditReport
    checks: Checks
    made: datetime
    tool: str
    is_held_against: bool
    tolerance: Tolerance
    identity: ArchiveFile | None = None
    portal: str = ""
    rows: Sequence[FoundRow] = ()
    days: Sequence[DayFacts] = ()
    certificates: Sequence[Certificate] = ()
    open_findings: int = 0
    unfinished_erasures: int = 0
    selection: ShownRows = ALL

    @property
    def marker(self) -> Marker:
        """What gives each recording its mark."""
        return Marker(self.audit, self.checks, self.made, self.tool)
