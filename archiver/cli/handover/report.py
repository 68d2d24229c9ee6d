"""``archiver report``: one self-contained page of an archive."""

from functools import partial
from pathlib import Path
from typing import Any

import click

from archiver.app.handover.report import ReportRequest, ReportResult, report
from archiver.app.opening.context import Context
from archiver.cli import accounts, loading
from archiver.cli.accounts import AccountEnd
from archiver.cli.check.verify import reading_shown
from archiver.cli.check.verify_words import told_head
from archiver.cli.examples import examples
from archiver.cli.filter_options import filter_options, filter_request
from archiver.cli.handover.missing_words import tell_missing
from archiver.cli.options import (
    archive_option,
    head_option,
    json_option,
    named_file,
    settings_options,
    verbose_option,
)
from archiver.cli.screen.console import emit
from archiver.domain.plain_text import printable
from archiver.domain.quantities import counted, human_bytes
from archiver.errors import ExitCode, UsageError
from archiver.manifest.records.files import Head
from archiver.removal.unfinished import told_unfinished


@click.command(
    "report",
    epilog=examples(
        ("report -a ./archive", "one page beside the archive: report.html"),
        ("report -a ./archive --verify -o audit.html", "read every file first, and mark each"),
        ("report -a ./archive --agent asha --since 30d -o asha.html", "what find would find"),
    ),
)
@filter_options
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path),
    default=Path("report.html"),
    callback=named_file,
    show_default=True,
    metavar="FILE",
    help="The page; it takes the place of an earlier page, and of nothing else.",
)
@click.option(
    "--verify",
    "verifies",
    is_flag=True,
    help="Read every file first, as archiver verify does; else names and sizes are compared.",
)
@head_option
@click.option(
    "--numbers",
    "shows_numbers",
    is_flag=True,
    help="Show phone numbers; else all digits but the last three are masked.",
)
@json_option
@archive_option
@settings_options
@verbose_option
def command(*, head: Head | None, as_json: bool, **given: Any) -> ExitCode:  # noqa: ANN401  # as click gives them
    """Write one page of the archive: days, findings, recordings to play, and how to check them.

    The page is one HTML file that loads nothing. It reads the chain of manifests, and says of each
    recording what was checked of its file and when: "verified" only with --verify, of bytes that
    were read. It plays recordings from a folder that lies where it lay when the page was made;
    from a bucket it names the command instead.

    Ids and filters choose recordings as in archiver find; without any, the page is of them all.
    Changes nothing in the archive. Ends with 3 when a finding is open, a file is not as archived,
    an erasure is begun and not finished, or something that was asked for may not be on the page.
    """
    request = ReportRequest(
        given["out"],
        filter_request(given),
        given["verifies"],
        head,
        shows_numbers=given["shows_numbers"],
    )
    request.require()
    contexts = loading.load_each(given)
    if len(contexts) > 1:
        raise UsageError("A page is of one archive.", advice="Choose it with --account.")
    ended = accounts.work_through(contexts, partial(_report, request=request, as_json=as_json))
    return ended.printed(as_json=as_json)


def _report(context: Context, *, request: ReportRequest, as_json: bool) -> AccountEnd:
    with reading_shown() as heard:
        result = report(request, context, heard)
    if not as_json:
        _tell(result)
    return AccountEnd(result.code, result.document)


def _tell(result: ReportResult) -> None:
    """Tell what was written, and what of it needs a person."""
    of = counted(result.recordings, "recording")
    path = printable(str(result.path))
    emit(f"{path}: {of}, {human_bytes(result.bytes)}, SHA-256 {result.sha256}")
    if not result.audit.is_clean:
        emit("The archive is NOT as it was written: the page names what. See: archiver verify")
    elif result.audit.reading.sized:
        emit("Files were compared by name and size alone; --verify reads them.")
    if result.open_findings:
        emit(f"{counted(result.open_findings, 'finding is', 'findings are')} open.")
    if result.unfinished_erasures:
        emit(told_unfinished(result.unfinished_erasures))
    if result.doubtful_days:
        days = counted(result.doubtful_days, "day's listing is", "days' listings are")
        emit(f"{days} not proven: the page names them.")
    tell_missing(result.missing)
    emit(f"Head: {told_head(result.audit)}")
