"""One self-contained page of an archive: the use case, from request to result."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct, field
from msgspec.structs import replace

from archiver import __version__
from archiver.app.check.read_log_check import hold_to_chain
from archiver.app.check.verify import VerifyRequest, audited, other_run_of
from archiver.app.opening.archive.archives import open_existing
from archiver.app.opening.archive.on_hold import with_holds
from archiver.app.opening.archive.stores import open_store
from archiver.app.opening.context import Context
from archiver.app.opening.filtering import MayBeMissing, filters_of, may_be_missing, reports_of
from archiver.check.audit import Heard, unheard
from archiver.check.audit_report import AuditReport, FileCheck
from archiver.completeness.certified import current_certificates, read_certificates
from archiver.config.archive_address import folder_of
from archiver.domain.times.wall_clock import clock_lag
from archiver.errors import ExitCode
from archiver.filters.request import FilterRequest
from archiver.get.archive_reader import portal_now
from archiver.json_documents import Json
from archiver.manifest.records.files import ArchivedFile, Head
from archiver.open_archive import OpenArchive
from archiver.report.asked import in_words
from archiver.report.contents import contents
from archiver.report.day_facts import day_facts, days_shown
from archiver.report.page.html_page import html_page
from archiver.report.page.page_file import put_page, require_place
from archiver.report.subject import ShownRows, Subject

TOOL = f"archiver {__version__}"


class ReportRequest(Struct, frozen=True):
    """Which recordings, and what the page may show of them.

    The page is written to ``out``, in place of an earlier page. With ``verifies``, every file is
    read before (from a bucket whose server keeps SHA-256s, these are asked for); else names and
    sizes are compared. ``head`` was kept elsewhere. Phone numbers are masked unless the page
    ``shows_numbers``.
    """

    out: Path
    filters: FilterRequest = field(default_factory=FilterRequest)
    verifies: bool = False
    head: Head | None = None
    shows_numbers: bool = False

    def require(self) -> None:
        """Raise :class:`UsageError` for a filter that can't be read, and where no page may be."""
        self.filters.check(datetime.now(UTC).replace(tzinfo=None))
        require_place(self.out)


class ReportResult(Struct, frozen=True):
    """The page that was written: its place, size and SHA-256, and what it is of.

    ``open_findings`` and ``unfinished_erasures`` are those of the whole archive, ``doubtful_days``
    those on the page whose listing is not proven; ``missing`` is what may not be on the page.
    """

    path: Path
    bytes: int
    sha256: str
    recordings: int
    open_findings: int
    unfinished_erasures: int
    doubtful_days: int
    missing: MayBeMissing
    audit: AuditReport

    @property
    def code(self) -> ExitCode:
        """``CLEAN`` only where nothing needs a person, and all that was asked for is there."""
        is_fine = self.audit.is_clean and self.audit.head is not None
        is_fine = is_fine and not (self.open_findings or self.unfinished_erasures)
        is_fine = is_fine and not self.doubtful_days
        return ExitCode.CLEAN if is_fine and self.missing.is_nothing else ExitCode.FINDINGS

    @property
    def document(self) -> dict[str, Json]:
        """What ``--json`` prints (``manifests/report.schema.json``)."""
        head = self.audit.head
        return {
            "path": str(self.path),
            "bytes": self.bytes,
            "sha256": self.sha256,
            "recordings": self.recordings,
            "open_findings": self.open_findings,
            "unfinished_erasures": self.unfinished_erasures,
            "doubtful_days": self.doubtful_days,
            "whole": self.missing.is_nothing,
            "files_as_archived": self.audit.is_clean,
            "files": {
                "read": self.audit.reading.files,
                "told": self.audit.reading.told,
                "sized": self.audit.reading.sized,
            },
            "head": {"number": head.number, "sha256": head.sha256} if head else None,
        }


def report(request: ReportRequest, context: Context, heard: Heard = unheard) -> ReportResult:
    """Check the archive of these settings, and write a page of it; changes nothing in it.

    ``heard`` is told how far the check is. Raises :class:`UsageError` where there is no archive,
    or where no page may be put. Of a chain that is broken, the page says that and no more.
    """
    request.require()
    subject, missing = _checked(request, context, heard), MayBeMissing()
    if not subject.audit.chain:
        with open_existing(context) as archive:
            subject, missing = _told(subject, request, context, archive)
    return _write(request, subject, missing)


def _checked(request: ReportRequest, context: Context, heard: Heard) -> Subject:
    """Return the archive as its chain and its files are, with nothing of the catalog."""
    checks: dict[str, tuple[ArchivedFile, FileCheck]] = {}

    def note(file: ArchivedFile, check: FileCheck) -> None:
        checks[file.path] = (file, check)

    store = open_store(context)
    how = VerifyRequest(quick=not request.verifies)
    depth = how.depth(by_server=store.capabilities.tells_hashes)
    run = other_run_of(context)
    audit = audited(context, store, depth, request.head, other_run=run, heard=heard, noted=note)
    made, is_remote = datetime.now(UTC), store.capabilities.is_remote
    hold_to_chain(context, audit, made.date(), is_remote=is_remote)
    return Subject(
        address=context.archive(),
        audit=audit,
        checks=checks,
        made=made,
        tool=TOOL,
        is_held_against=request.head is not None,
        tolerance=context.settings.tolerance,
    )


def _told(
    subject: Subject, request: ReportRequest, context: Context, archive: OpenArchive
) -> tuple[Subject, MayBeMissing]:
    """Return the subject with what the catalog tells of it, and what may be missing.

    All of that is of one state; certificates are read after it, and none counts that is not there.
    """
    catalog, journal = archive.catalog, archive.journal
    now, _ = portal_now(catalog, context.settings.portal.utc_offset)
    filters = filters_of(request.filters, catalog, context)
    with catalog.in_one_state():
        missing = may_be_missing(catalog, filters, context)
        today = (now + clock_lag(catalog.runs.last_at())).date()
        rows = [*catalog.filtered.matching(filters)]
        reports = reports_of(catalog, context)
        days = days_shown(catalog, rows, filters.window, today)
        facts = day_facts(catalog, rows, reports, days, today)
        current = current_certificates(catalog, days)
        open_findings = catalog.findings.counted().count
        unfinished_erasures = len(catalog.erased.begun())
    certificates = read_certificates(archive.documents, current)
    told = replace(
        subject,
        identity=journal.archive(),
        portal=journal.portal().endpoint,
        rows=[*with_holds(rows, archive)],
        days=[replace(each, is_certified=each.day in certificates) for each in facts],
        certificates=tuple(certificates.values()),
        open_findings=open_findings,
        unfinished_erasures=unfinished_erasures,
        selection=_selection(request.filters, missing),
    )
    return told, missing


def _selection(asked: FilterRequest, missing: MayBeMissing) -> ShownRows:
    """Return what was asked for, in words without a number, and what may be missing of it."""
    return ShownRows(
        "" if asked.is_empty else in_words(asked),
        untold=missing.untold,
        unknown_ids=len(missing.unknown_ids),
        days_not_whole=missing.unlisted,
        days_still_coming=missing.still_coming,
        is_unbegun=missing.is_unbegun,
    )


def _write(request: ReportRequest, subject: Subject, missing: MayBeMissing) -> ReportResult:
    """Write the page, and tell what it is of."""
    document = contents(subject, request.out, shows_numbers=request.shows_numbers)
    page = html_page(document, plays=folder_of(subject.address) is not None)
    put_page(request.out, page)
    return ReportResult(
        path=request.out,
        bytes=len(page),
        sha256=hashlib.sha256(page).hexdigest(),
        recordings=len(subject.rows),
        open_findings=subject.open_findings,
        unfinished_erasures=subject.unfinished_erasures,
        doubtful_days=sum(day.is_doubtful for day in subject.days),
        missing=missing,
        audit=subject.audit,
    )
