"""``archiver list``: what the portal lists for a window, and whether that is proven."""

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from archiver.cli.options import (
    account_option,
    config_option,
    rate_option,
    verbose_option,
    window_options,
    window_request,
)
from archiver.domain.quantities import counted
from archiver.domain.window import EARLIEST
from archiver.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from archiver.cli.download.tables import Sheet
    from archiver.domain.recordings import Report, Row
    from archiver.portal.proving.findings import Listing
    from archiver.portal.proving.walk import RowKey


class Count(NamedTuple):
    """What a listing came to: how many rows, and how many of them can't be read."""

    rows: int
    proven: bool
    odd: int = 0

    @property
    def code(self) -> ExitCode:
        """How the command ends."""
        return ExitCode.CLEAN if self.proven and not self.odd else ExitCode.FINDINGS


@click.command(name="list")
@window_options
@click.option("--calls", is_flag=True, help="List the Call Logs Report instead of recordings.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, every field.")
@click.option("--csv", "as_csv", is_flag=True, help="CSV with every field, for a spreadsheet.")
@rate_option
@account_option
@config_option
@verbose_option
def command(*, calls: bool, as_json: bool, as_csv: bool, **options: Any) -> ExitCode:  # noqa: ANN401  # as click gives them
    """Show what the portal lists for a window (today, unless one is named); downloads nothing.

    Rows come oldest first, as they are listed, each once, on stdout; the window as it was
    understood, the count and what could not be proven on stderr. Ends with 3 when the listing is
    not proven to be complete, or a row can't be read.
    """
    from archiver.app.opening.portals import connect
    from archiver.cli import loading
    from archiver.cli.screen import vigil
    from archiver.cli.screen.console import emit
    from archiver.domain.recordings import Report
    from archiver.listing.slices import clip_to_cutoff, list_slices
    from archiver.portal.proving.filter_trial import honours
    from archiver.portal.proving.walk import Honoured
    from archiver.portal.session import open_report

    if as_json and as_csv:
        raise UsageError("--json and --csv are two forms.", advice="Give one of them.")
    context = loading.load(options)
    report = Report.CALLS if calls else Report.RECORDINGS
    asked = window_request(options)
    if not asked.is_named:
        asked = replace(asked, day="today")
    with connect(context) as connections:
        zone, opening = open_report(connections.client, report, context.settings.portal.utc_offset)
        window = clip_to_cutoff(asked.by(zone), opening)
        emit(f"Window: {window} (portal time, UTC{zone.offset}, {zone.offset.source})")
        behaviour = opening.behaviour()
        listings = list_slices(connections.client, report, window, behaviour)
        with vigil.over(
            f"listing {report.value}", lambda: counted(connections.client.requests, "request")
        ):
            count = show(listings, _sheet(report, as_json=as_json, as_csv=as_csv))
    if behaviour.filter_support is not Honoured.TIMES:
        emit(f"Of the filter, this portal honours {honours(behaviour)}.")
    proof = "proven" if count.proven else "NOT proven"
    emit(f"{counted(count.rows, report.value[:-1])}; the listing is {proof}.")
    return count.code


def _sheet(report: "Report", *, as_json: bool, as_csv: bool) -> "Sheet":
    from archiver.cli.download.tables import Csv, JsonLines, Table

    if as_json:
        return JsonLines()
    return Csv(report) if as_csv else Table(report)


def show(listings: "Iterable[Listing]", sheet: "Sheet") -> Count:
    """Show every row once, and say which slices could not be proven."""
    from archiver.cli.screen.console import emit, printable
    from archiver.portal.proving.odd_rows import reason_of
    from archiver.portal.proving.walk import keyed

    shown: set[RowKey] = set()
    proven, odd = True, 0
    for listing in listings:
        rows = keyed(listing.listed)
        new = [rows[key] for key in rows.keys() - shown]
        if new:
            sheet.add(sorted((each.row for each in new), key=_age))
        for each in (each for each in new if each.row.odd):
            emit(f"{printable(each.row.id)}: {reason_of(each)}.")
            odd += 1
        shown |= rows.keys()
        if not listing.proven:
            emit(f"NOT PROVEN {listing.window}: {listing.note}.")
            proven = False
    sheet.end()
    return Count(len(shown), proven, odd)


def _age(row: "Row") -> tuple[datetime, str]:
    return row.at or EARLIEST, row.id
