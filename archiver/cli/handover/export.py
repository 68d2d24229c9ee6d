"""``archiver export``: hand recordings over to somebody who has no archiver."""

from typing import Any

import click

from archiver.app.exporting.export_request import LISTS, ExportRequest
from archiver.app.handover.export import ExportResult, export
from archiver.cli import loading
from archiver.cli.examples import examples
from archiver.cli.filter_options import filter_options, filter_request
from archiver.cli.options import archive_options, by_option, named_file, read_option
from archiver.cli.screen.console import emit, print_document
from archiver.domain.export_form import ExportForm
from archiver.domain.quantities import counted, human_bytes, size
from archiver.domain.times.window import EARLIEST, LATEST, Window, in_words
from archiver.errors import ExitCode, UsageError
from archiver.handover.csv_lists import LEFT_OUT
from archiver.handover.handed_over import WHOLE_DAY
from archiver.handover.wrapping import wrapping_of
from archiver.manifest.codec import plain

SHOWN = 20
_WORDS = {
    "may_match": "may match",
    "no_audio": "without audio",
    "unknown": "not known to the archive",
}
"""What is left out, where its word alone does not tell."""


@click.command(
    "export",
    epilog=examples(
        ("export --day 2026-11-22 -o handover --zip", "a day, as one zip file"),
        ("export --since 2026-11-01 --until 2026-11-30 -o november --bag", "a month, as a bag"),
        ("export --since 2026-01-01 -o all.zip --zip --part-size 1G", "split, 1 GB a part"),
        ("export --number 0123 --since 30d -o caller --by ann", "all of a caller's, by ann"),
        ("export 3f10cb7c-e61a-11f1-a97c-91b72265b1f5 -o one --columns sec", "with a list more"),
    ),
)
@filter_options
@click.option(
    "-o", "--out", required=True, callback=named_file, metavar="PATH", help="What to make."
)
@click.option("--zip", "as_zip", is_flag=True, help="Make one zip file (ZIP64, uncompressed).")
@click.option("--bag", "as_bag", is_flag=True, help="Make a BagIt 1.0 bag.")
@click.option(
    "--part-size",
    metavar="SIZE",
    help="Split it in parts of that size at most, each complete by itself: 800M, 1G.",
)
@click.option(
    "--columns",
    type=click.Choice(["sec"]),
    multiple=True,
    help="Add sec.csv: the fields of the SEC's data delivery standards for audio.",
)
@click.option(
    "--load-file", is_flag=True, help="Add load_file.dat, a Concordance load file for review tools."
)
@by_option("Who hands over")
@archive_options
def command(*, as_json: bool, **given: Any) -> ExitCode:  # noqa: ANN401  # as click gives them
    """Hand recordings over: a folder, a zip file or a bag, with what proves them.

    The filters are those of find; without any, all that is held is handed over. Every file is held
    against the hash that the chain has for it while it is copied. In it are the audio and its
    sidecars, recordings.csv, the manifests that prove them, a letter to the receiver, a script that
    checks all of it with stock tools, and drafts of the certificates that courts ask for. What is
    in quarantine, gone or damaged is named in left_out.csv.

    An export that was cut off goes on with the same command, and ends with the same bytes. Who
    handed over what stands in the chain, if the archive can be written. It ends with 3 where
    something that was asked for is not in it and nobody has accepted that.
    """
    result = export(_request(given), loading.load(given))
    if as_json:
        print_document(document(result), result.code)
    else:
        _tell(result, _form(given))
    return result.code


def _request(given: dict[str, Any]) -> ExportRequest:
    lists = (*given["columns"], *(["load-file"] if given["load_file"] else []))
    return ExportRequest(
        given["out"],
        filter_request(given),
        _form(given),
        tuple(name for name in LISTS if name in lists),
        read_option(given, "part_size", size),
        given["by"],
    )


def _form(given: dict[str, Any]) -> ExportForm:
    if given["as_zip"] and given["as_bag"]:
        raise UsageError("--zip and --bag are two things.", advice="Make one after the other.")
    if given["as_zip"]:
        return ExportForm.ZIP
    return ExportForm.BAG if given["as_bag"] else ExportForm.FOLDER


def document(result: ExportResult) -> dict[str, Any]:
    """Return what ``--json`` prints (``manifests/export.schema.json``)."""
    return {
        "export": result.export,
        "by": result.by,
        "recordings": result.recordings,
        "left_out": dict(result.left_out),
        "without_sidecar": result.without_sidecar,
        "open": result.open,
        "parts": [
            {
                "path": str(each.place),
                "recordings": each.recordings,
                "bytes": each.bytes,
                "sha256": each.sha256,
            }
            for each in result.parts
        ],
        "window": _window(result.window),
        "head": plain(result.head),
        "entered": plain(result.entered),
        "not_entered": result.not_entered or None,
    }


def _window(window: Window | None) -> dict[str, str | None] | None:
    """Return a window as JSON has it; an end that is open is ``null``."""
    if window is None:
        return None
    return {
        "from": window.first.isoformat() if window.first > EARLIEST else None,
        "to": window.last.isoformat() if window.last < LATEST else None,
    }


def _tell(result: ExportResult, form: ExportForm) -> None:
    for each in result.parts[:SHOWN]:
        recordings = counted(each.recordings, "recording")
        emit(f"{each.place}  {recordings}, {human_bytes(each.bytes)}")
        emit(f"  SHA-256 of its {wrapping_of(form).seal}: {each.sha256}")
    if len(result.parts) > SHOWN:
        emit(f"and {len(result.parts) - SHOWN} more parts: see --json")
    left_out = {what: count for what, count in result.left_out.items() if what != WHOLE_DAY}
    if left_out:
        every = sorted(left_out.items())
        counts = ", ".join(f"{count} {_WORDS.get(what, what)}" for what, count in every)
        emit(f"Left out: {counts}. {LEFT_OUT.name} names each.", "finding")
    if days := result.left_out.get(WHOLE_DAY):
        told = counted(days, "day")
        emit(f"Not certain: {told} may lack recordings. {LEFT_OUT.name} names each.", "finding")
    if result.without_sidecar:
        recordings = counted(result.without_sidecar, "recording")
        emit(f"Without sidecar: {recordings}. {LEFT_OUT.name} names each.", "finding")
    emit(f"Asked for: recordings {in_words(result.window)}.")
    emit(f"Handed over by {result.by}, up to head {result.head}.")
    if result.entered is None:
        emit(f"The export is not entered in the chain. {result.not_entered}", "noticed")
    else:
        emit(f"Entered in the chain. Head: {result.entered}")
    emit("Tell the receiver the hashes and the head by another channel than the files.")
