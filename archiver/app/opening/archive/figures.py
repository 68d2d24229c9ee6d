"""The figures of the archive that the settings name, counted in its catalog, kept beside it."""

from contextlib import suppress
from datetime import date
from pathlib import Path

from archiver.app.opening.archive.on_hold import counted_holds
from archiver.domain.recordings import Report
from archiver.errors import ArchiverError
from archiver.open_archive import OpenArchive
from archiver.overview.archive_figures import ArchiveFigures
from archiver.overview.kept_figures import keep_figures, kept_figures

MOST_LISTED = 500
"""So many open findings are kept one by one."""
_EVER = date.max


def counted_figures(archive: OpenArchive) -> ArchiveFigures:
    """Return what the catalog says, which has followed the chain."""
    catalog = archive.catalog
    days, runs, holdings = catalog.days, catalog.runs, catalog.holdings
    findings, unproven = holdings.findings(), tuple(holdings.unproven())
    unfinished = days.unfinished(Report.those_of(with_calls=runs.has_calls()))
    are_few = sum(each.count for each in findings) <= MOST_LISTED
    return ArchiveFigures(
        head=catalog.followed(),
        utc_offset=runs.utc_offset(),
        with_calls=runs.has_calls(),
        last_run=runs.last(),
        last_due_run=runs.last(of_due=True),
        since=days.since(),
        settled={each: tuple(sorted(days.settled([each], _EVER))) for each in Report},
        recordings=days.counts(date.min, date.max),
        backlog=runs.backlog(),
        waiting=holdings.waiting(),
        waiting_tried=holdings.waiting_tried(),
        findings=findings,
        listed=catalog.findings.matching(None, None) if are_few else None,
        unproven=unproven,
        unfinished=tuple(each for each in unfinished if each not in unproven),
        newest=holdings.newest(),
        held=holdings.held(),
        on_hold=counted_holds(archive),
        unfinished_erasures=len(catalog.erased.begun()),
    )


def refresh_figures(archive: OpenArchive, folder: Path) -> None:
    """Keep the figures of the catalog in ``folder``, unless they are kept as it is now.

    Where that can't be done, whoever wants them asks the catalog again.
    """
    with suppress(ArchiverError, OSError), archive.catalog.unchanged() as seal:
        head = archive.catalog.followed()
        if head is not None and kept_figures(folder, archive.id, head) is None:
            keep_figures(folder, archive.id, seal, counted_figures(archive))
