"""``archiver list``: what the portal lists for a window, and whether that is proven."""

from typing import Any

import click

from archiver.app.download.list_ import ListedSlice, ListRequest, ListResult, list_recordings
from archiver.cli import loading
from archiver.cli.download.tables import Csv, JsonLines, Sheet, Table
from archiver.cli.examples import examples
from archiver.cli.options import (
    rate_option,
    settings_options,
    verbose_option,
    window_options,
    window_request,
)
from archiver.cli.screen.console import emit
from archiver.cli.screen.progress import offset_text
from archiver.domain.plain_text import printable
from archiver.domain.quantities import counted
from archiver.domain.recordings import Report
from archiver.errors import ExitCode, UsageError
from archiver.portal.proving.portal_behaviour import Honoured
from archiver.pull import events

_HONOURED = {Honoured.DAYS: "dates only", Honoured.NOTHING: "nothing: it ignores the filter"}


@click.command(
    name="list",
    epilog=examples(
        ("list --day yesterday", "what was recorded yesterday"),
        ("list --since 7d --csv > week.csv", "a week, for a spreadsheet"),
        ("list --calls --day today --json | jq .status", "today's calls, every field"),
    ),
)
@window_options
@click.option("--calls", is_flag=True, help="List the Call Logs Report instead of recordings.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, every field.")
@click.option("--csv", "as_csv", is_flag=True, help="CSV with every field, for a spreadsheet.")
@rate_option
@settings_options
@verbose_option
def command(*, calls: bool, as_json: bool, as_csv: bool, **options: Any) -> ExitCode:  # noqa: ANN401  # as click gives them
    """Show what the portal lists for a window (today, unless one is named); downloads nothing.

    Rows come oldest first, as they are listed, each once, on stdout; the window as it was
    understood, the count and what could not be proven on stderr. Ends with 3 when the listing is
    not proven to be complete, or a row can't be read.
    """
    if as_json and as_csv:
        raise UsageError("--json and --csv are two forms.", advice="Give one of them.")
    report = Report.CALLS if calls else Report.RECORDINGS
    request = ListRequest(window_request(options), report)
    sheet = _sheet(report, as_json=as_json, as_csv=as_csv)

    def take(part: ListedSlice) -> None:
        if part.rows:
            sheet.add(part.rows)
        _tell_of(part)

    result = list_recordings(request, loading.load(options), take, _tell_window)
    sheet.end()
    _tell(result, report)
    return result.code


def _sheet(report: Report, *, as_json: bool, as_csv: bool) -> Sheet:
    if as_json:
        return JsonLines()
    return Csv(report) if as_csv else Table(report)


def _tell_window(event: events.Event) -> None:
    if isinstance(event, events.Began):
        zone = offset_text(event.utc_offset_minutes)
        emit(f"Window: {event.window} (portal time, {zone}, {event.offset_source})")


def _tell_of(part: ListedSlice) -> None:
    """Say what of a slice can't be read, and why it could not be proven."""
    for each in part.odd:
        emit(f"{printable(each.id)}: {each.reason}.")
    if not part.proven:
        emit(f"NOT PROVEN {part.window}: {part.note}.")


def _tell(result: ListResult, report: Report) -> None:
    if result.honoured in _HONOURED:
        emit(f"Of the filter, this portal honours {_HONOURED[result.honoured]}.")
    proof = "proven" if result.proven else "NOT proven"
    emit(f"{counted(result.rows, report.value[:-1])}; the listing is {proof}.")
