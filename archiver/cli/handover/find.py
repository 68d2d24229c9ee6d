"""``archiver find``: recordings of an archive, by whatever is known of them."""

from collections.abc import Mapping
from typing import Any

import click

from archiver.app.handover.find import FindRequest, find
from archiver.cli import loading
from archiver.cli.examples import examples
from archiver.cli.filter_options import filter_options, filter_request
from archiver.cli.handover.found_output import (
    Count,
    FoundCsv,
    FoundOutput,
    FoundTable,
    JsonArray,
    Paths,
)
from archiver.cli.handover.missing_words import tell_missing
from archiver.cli.options import archive_option, settings_options, verbose_option
from archiver.cli.screen.console import emit
from archiver.domain.quantities import counted
from archiver.errors import ExitCode, UsageError
from archiver.removal.unfinished import told_unfinished

_FORMS = ("as_json", "as_csv", "paths", "count")


@click.command(
    "find",
    epilog=examples(
        ("find --number 0123 --day yesterday -a ./archive", "by the last digits of a number"),
        ("find --number '*9001*' --agent asha --since 30d", "digits in the middle, and an agent"),
        (
            "find --outcome quarantined --json | jq -r '.[].id'",
            "what is in quarantine, for a script",
        ),
        (
            "find --status received --min-length 10m --csv > long.csv",
            "long calls, for a spreadsheet",
        ),
        ("find 3f10cb7c --paths -a ./archive", "where one recording lies, by the start of its id"),
    ),
)
@filter_options
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array, an object a recording.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV, for a spreadsheet.")
@click.option("--paths", is_flag=True, help="Print where the audio lies, and nothing else.")
@click.option("--count", is_flag=True, help="Print how many there are, and nothing else.")
@click.option("--rebuild", is_flag=True, help="Make the catalog anew from the archive first.")
@archive_option
@settings_options
@verbose_option
def command(*, rebuild: bool, **options: Any) -> ExitCode:  # noqa: ANN401  # as click gives them
    """Find recordings of an archive, oldest first; asks the archive alone and downloads nothing.

    By id (or its beginning), number, agent, time, length, verdict and outcome, and by what is said
    of the call beside a recording. Several values of one option mean any of them, several options
    all of them; without any, every recording is shown. Times are the portal's.

    Each row says where the recording lies, its verdict, and whether the listing of its day is
    proven to be complete. Ends with 3 where recordings may be missing: nothing tells whether one
    matches, an id is not known, a day that was named was not listed to its end, or no time was
    named and a day of the archive has no proven listing yet; and while an erasure is begun and not
    finished.
    """
    request = FindRequest(filter_request(options), rebuild=rebuild)
    request.require()
    context = loading.load(options)
    sheet = _sheet(options, context.archive())
    result = find(request, context, None if isinstance(sheet, Count) else sheet.add)
    sheet.end(result.count)
    if not isinstance(sheet, Count):
        emit(f"{counted(result.count, 'recording')} found. Head: {result.head or 'none'}")
    if result.unfinished_erasures:
        emit(told_unfinished(result.unfinished_erasures))
    tell_missing(result.missing)
    return max(result.code, sheet.code)


def _sheet(options: Mapping[str, Any], address: str) -> FoundOutput:
    """Return how the answer is shown; raises :class:`UsageError` for two ways at once."""
    chosen = [form for form in _FORMS if options[form]]
    if len(chosen) > 1:
        raise UsageError(
            "--json, --csv, --paths and --count are forms.", advice="Give one of them."
        )
    match chosen:
        case ["as_json"]:
            return JsonArray()
        case ["as_csv"]:
            return FoundCsv()
        case ["paths"]:
            return Paths(address)
        case ["count"]:
            return Count()
        case _:
            return FoundTable()
